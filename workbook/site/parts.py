"""Parts: what's told once, in one file, and shown wherever another one needs it; and the root README's table.

`<!-- part NAME -->` and `<!-- end -->`, each on its own line, mark a part. A lesson fills it in with `same`, and a page
of docs/ shows it with `{{ part FILE NAME }}`.
"""

import re
from pathlib import Path

from workbook.course.model import Course

_PART = re.compile(r"^<!-- part (?P<name>[\w-]+) -->\n(?P<text>(?:(?!<!--).)*?)<!-- end -->$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"^<!--.*?-->\n", re.MULTILINE)
_TABLE = re.compile(r"(?<=^<!-- course -->\n).*?(?=^<!-- end -->$)", re.MULTILINE | re.DOTALL)


def part_of(root: Path, place: str, name: str) -> str:
    """Return the named part of a file of the course. Raises `LookupError`."""
    parts = {found["name"]: found["text"] for found in _PART.finditer((root / place).read_text(encoding="utf-8"))}
    if name not in parts:
        raise LookupError(f"{place} has no part {name}; there are {', '.join(parts) or 'none'}")
    return parts[name].removesuffix("\n")


def without_marks(text: str) -> str:
    """Return Markdown without the comments that fill a line, which would end a list in the page."""
    return _MARK.sub("", text)


def filled_front(course: Course) -> str:
    """Return the course's own README with its table of steps as workbook.toml has them. Raises `LookupError`."""
    text = (course.root / "README.md").read_text(encoding="utf-8")
    rows = [
        f"| [{step.name}]({course.place(step)}/README.md) | {step.outcome} | {step.minutes} |\n"
        for step in course.steps
    ]
    filled, count = _TABLE.subn(lambda _: "".join(["| | | minutes |\n|---|---|---|\n", *rows]), text)
    if not count:
        raise LookupError("README.md has no <!-- course -->")
    return filled
