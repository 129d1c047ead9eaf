"""CSV files: cells that no spreadsheet runs, in UTF-8."""

import csv
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from .visible import spreadsheet_cell


def write_table(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    verbatim: Collection[int] = (),
    marked: bool = True,
) -> None:
    """Write a table; the heading and the `verbatim` columns go out as they are, because a platform compares them.

    `marked` puts the mark in front by which a spreadsheet knows UTF-8. Canvas would take it for a part of a heading.
    """
    with path.open("w", encoding="utf-8-sig" if marked else "utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(header)
        for row in rows:
            out.writerow([cell if n in verbatim else _cell(cell) for n, cell in enumerate(row)])


def _cell(value: str) -> str:
    """Return the cell as text that isn't a formula; numbers stay numbers."""
    try:
        float(value)
    except ValueError:
        return spreadsheet_cell(value)
    return value
