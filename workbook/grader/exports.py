"""Gradebooks as a learning platform exports them, kept cell by cell, so that marks go back in the same shape.

Canvas, gradebook, “Export”: a heading, lines on posting and points possible, then a line for each student. Moodle,
“Download grading worksheet”: a heading in the language of the person who downloads it, then a line for each student.
What matters to the two importers is said where the files are written: report/canvas.py and report/moodle.py.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from .results import Learner
from .roster import read_cells

Kind = Literal["canvas", "moodle"]
SECTION = 8  # Canvas's columns about a student end with “Section”, at most so many places from the left
# No expression repeats without a bound: in some columns learners write as much as they like.
NUMBER = re.compile(r"(?P<word>\D{0,100})(?P<number>\d{1,18})")
AMOUNT = re.compile(r"\d{1,18}(?:[.,]\d{1,18})?")
DATE = re.compile(r"\d{4}.{0,60}\d[:.h]\d\d")
LONGEST_DATE = 60
# What Moodle calls the columns that are filled in, if position and content don't decide: English, then its largest
# languages. Any other language is recognised by the place of a column and what's in it.
GRADE = ("grade", "bewertung", "note", "calificación", "calificacion", "nota", "valutazione", "cijfer", "ocena", "成绩")
COMMENTS = (
    "feedback comments",
    "feedback als kommentar",
    "commentaires de feedback",
    "comentarios de retroalimentación",
)


@dataclass(frozen=True)
class Export:
    """One export. `rows` are its learners' lines, by their ids on the roster; `before` the lines above them."""

    kind: Kind
    header: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()
    rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return what the journal keeps of it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the export that the journal keeps."""
        rows = {learner: tuple(cells) for learner, cells in data["rows"].items()}
        return cls(data["kind"], tuple(data["header"]), tuple(map(tuple, data["before"])), rows)

    def column(self, place: int) -> list[str]:
        """Return the cells of a column, without its heading."""
        return [cells[place] if place < len(cells) else "" for cells in self.rows.values()]


def read_export(file: Path, learners: Sequence[Learner]) -> Export | None:
    """Return the file as an export, or None if it's another kind of roster. Raises `UserError`."""
    header, *lines = [tuple(cells) for cells in read_cells(file)] or [()]
    if places := _canvas_places(header):
        return _canvas(header, lines, places, learners)
    if header and lines and _is_worksheet(header, lines):
        return _moodle(header, lines, learners)
    return None


def _canvas_places(header: Sequence[str]) -> dict[str, int]:
    """Return where Canvas's columns about a student are; empty if it's no export of Canvas's."""
    names = [" ".join(cell.split()) for cell in header]
    if not ({"Student"} <= set(names) or {"LastName", "FirstName"} <= set(names)) or "ID" not in names:
        return {}
    if "Section" not in names[:SECTION]:
        return {}
    known = ("Student", "LastName", "FirstName", "ID", "SIS User ID", "SIS Login ID", "Section")
    return {name: names.index(name) for name in known if name in names}


def _canvas(
    header: tuple[str, ...], lines: Sequence[tuple[str, ...]], places: Mapping[str, int], learners: Sequence[Learner]
) -> Export:
    by_number = {one.lms["canvas"]: one for one in learners if one.lms.get("canvas")}
    by_id = {one.id: one for one in learners}
    before, rows = [], {}
    for cells in lines:
        number, sis, login = (_cell(cells, places.get(name)) for name in ("ID", "SIS User ID", "SIS Login ID"))
        if one := by_number.get(number) or by_id.get(sis) or by_id.get(login) or by_id.get(number):
            rows[one.id] = cells
        elif not number and not rows:
            before.append(cells)
    return Export("canvas", header, tuple(before), rows)


def _is_worksheet(header: Sequence[str], lines: Sequence[Sequence[str]]) -> bool:
    """Return whether the first column holds a word and a number each, always the same word: “Participant 4711”."""
    first = [NUMBER.fullmatch(cells[0]) for cells in lines if any(cells)]
    words = {found["word"].strip() if found else None for found in first}
    return len(header) > 4 and len(words) == 1 and None not in words and words != {""}


def _moodle(header: tuple[str, ...], lines: Sequence[tuple[str, ...]], learners: Sequence[Learner]) -> Export:
    by_number = {one.lms["moodle"]: one for one in learners if one.lms.get("moodle")}
    rows = {}
    for cells in lines:
        found = NUMBER.fullmatch(cells[0]) if cells else None
        if found and (one := by_number.get(found["number"])):
            rows[one.id] = cells
    return Export("moodle", header, (), rows)


def canvas_columns(header: Sequence[str]) -> int:
    """Return how many of Canvas's columns are about the student: those up to “Section”."""
    return next(place for place, name in enumerate(header) if " ".join(name.split()) == "Section") + 1


def moodle_columns(export: Export) -> tuple[int | None, int | None, int | None]:
    """Return where a worksheet's grade, maximum and comments are, whatever its language; None for what it lacks.

    The maximum is the same number on every line, right behind the grade, which is a number or nothing. Columns before
    these two may look like that too, because a site can show numbers of a person. Comments are the last column, where
    that isn't the date of the last change.
    """
    names = [" ".join(name.split()).casefold() for name in export.header]
    columns = [export.column(place) for place in range(len(names))]
    grade = next((n for n, name in enumerate(names) if name in GRADE), None)
    pairs = [n for n in range(2, len(names)) if _is_maximum(columns[n]) and _are_grades(columns[n - 1])]
    if grade is None or (pairs and grade + 1 not in pairs):
        grade = pairs[-1] - 1 if pairs else grade
    most = grade + 1 if grade is not None and grade + 1 in pairs else None
    comments = next((n for n, name in enumerate(names) if name in COMMENTS), None)
    if (
        comments is None
        and names
        and not any(_is_date(cell) for cell in columns[-1])
        and len(names) - 1 not in {grade, most}
    ):
        comments = len(names) - 1
    return grade, most, comments


def _is_maximum(cells: Sequence[str]) -> bool:
    return len(set(cells)) == 1 and bool(AMOUNT.fullmatch(cells[0]))


def _are_grades(cells: Sequence[str]) -> bool:
    return all(not cell.strip() or AMOUNT.fullmatch(cell.strip()) for cell in cells)


def _is_date(cell: str) -> bool:
    return cell == "-" or (len(cell) < LONGEST_DATE and bool(DATE.search(cell)))


def _cell(cells: Sequence[str], place: int | None) -> str:
    return cells[place].strip() if place is not None and place < len(cells) else ""


def amount(text: str) -> float | None:
    """Return a number as Canvas or Moodle writes it, `100`, `100.00` or `100,00`; None for anything else."""
    return float(text.replace(",", ".")) if AMOUNT.fullmatch(text.strip()) else None
