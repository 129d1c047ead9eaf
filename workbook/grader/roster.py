"""The roster: a CSV file that says who is in the class, and what the learning platform calls them."""

import csv
import io
import re
from pathlib import Path

from workbook.errors import UserError

from .results import Learner
from .sanitize import one_line

# What columns are called in rosters of our own, and in exports of Canvas and Moodle.
COLUMNS = {
    "id": ("id", "learner", "learner id", "student id", "student number", "sis user id", "id number", "username"),
    "name": ("name", "full name", "student", "student name", "learner name", "display name"),
    "first": ("first name", "firstname", "given name", "forename"),
    "last": ("last name", "lastname", "surname", "family name"),
    "email": ("email", "e mail", "mail", "email address", "e mail address", "sis login id"),
    "canvas": ("canvas", "canvas id", "canvas user id"),
    "moodle": ("moodle", "moodle id", "identifier", "participant", "participant id"),
}
LARGEST = 20 * 1024 * 1024


def read_roster(file: Path) -> list[Learner]:
    """Return the learners in the file, in its order. Raises `UserError` that names the line."""
    lines = [(number, [cell.strip() for cell in cells]) for number, cells in _rows(_text(file), file)]
    if not lines:
        raise UserError(f"{file} is empty.", "its first line names the columns: id,name,email")
    header = [_heading(cell) for cell in lines[0][1]]
    if {"id", "sis user id"} <= set(header):  # Canvas' own export, whose ID is the number that it gives to a user
        header[header.index("id")] = "canvas id"
    places = {
        column: next(place for place, name in enumerate(header) if name in names)
        for column, names in COLUMNS.items()
        if set(names) & set(header)
    }
    if not {"id", "email", "canvas", "moodle"} & set(places):
        raise UserError(
            f"{file}, line 1: no column is called id, and none email: it has {', '.join(lines[0][1])[:200]}.",
            "its first line names the columns: id,name,email",
        )
    learners: dict[str, tuple[int, Learner]] = {}
    for number, cells in lines[1:]:
        said = {column: one_line(cells[place]) for column, place in places.items() if place < len(cells)}
        if _is_nobody(said, cells):
            continue
        if len(cells) > len(header) and any(cells[len(header) :]):
            raise UserError(
                f"{file}, line {number}: {len(cells)} cells, but the first line names {len(header)} columns.",
                "put names that hold the separator into quotation marks",
            )
        learner = _learner(said)
        if not learner.id:
            raise UserError(f"{file}, line {number}: this learner has no id.", "give them one, or an email address")
        if learner.id in learners:
            first = learners[learner.id][0]
            raise UserError(
                f"{file}, line {number}: the id {learner.id} is that of line {first} already.", "ids are for one person"
            )
        learners[learner.id] = number, learner
    if not learners:
        raise UserError(f"{file} names the columns, and nobody.", "add a line for each learner")
    _refuse_shared(file, list(learners.values()))
    return [learner for _, learner in learners.values()]


def read_cells(file: Path) -> list[list[str]]:
    """Return the rows of a CSV file, each cell as it is, in any encoding and delimiter. Raises `UserError`."""
    return [cells for _, cells in _rows(_text(file), file)]


def _is_nobody(said: dict[str, str], cells: list[str]) -> bool:
    """Return whether the row isn't a learner's: Canvas's points possible, its test student, or an empty row."""
    name = said.get("name", "").casefold()
    return name.startswith("points possible") or name in {"student, test", "test student"} or not any(cells)


def _learner(said: dict[str, str]) -> Learner:
    name = said.get("name") or " ".join(part for part in (said.get("first"), said.get("last")) if part)
    moodle = re.sub(r"^participant\s*", "", said.get("moodle", ""), flags=re.IGNORECASE)
    numbers = {"canvas": said.get("canvas", ""), "moodle": moodle}
    lms = {platform: number for platform, number in numbers.items() if number}
    id_ = said.get("id") or said.get("email") or lms.get("canvas") or lms.get("moodle") or ""
    return Learner(id_, name or id_, said.get("email", ""), lms)


def _refuse_shared(file: Path, learners: list[tuple[int, Learner]]) -> None:
    for platform in ("canvas", "moodle"):
        seen: dict[str, int] = {}
        for number, learner in learners:
            theirs = learner.lms.get(platform)
            if theirs and theirs in seen:
                raise UserError(
                    f"{file}, line {number}: the {platform} number {theirs} is that of line {seen[theirs]} already.",
                    "such a number is for one person",
                )
            if theirs:
                seen[theirs] = number


def _heading(cell: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", cell.casefold()).split())


def _text(file: Path) -> str:
    try:
        if not file.is_file():
            raise UserError(f"The roster {file} is {'no file' if file.exists() else 'not there'}.", "name a CSV file")
        data = file.read_bytes() if file.stat().st_size <= LARGEST else b"\0"
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.", "give yourself access to it") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):  # what a spreadsheet calls “Unicode text”
        return data.decode("utf-16", "replace")
    if b"\0" in data or data.startswith(b"PK"):
        raise UserError(f"{file} is no CSV file.", "save the spreadsheet as CSV (UTF-8)")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _rows(text: str, file: Path) -> list[tuple[int, list[str]]]:
    """Return each row with the number of its first line; a first line `sep=;` says what separates cells."""
    first, _, rest = text.partition("\n")
    skipped = 0
    if told := re.fullmatch(r"sep=(.)\r?", first, re.IGNORECASE):
        divider, text, skipped = told[1], rest, 1
    else:
        heading = next((line for line in text.splitlines() if line.strip()), "")
        divider = max(",;\t|", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=divider, strict=True)
    rows, before = [], 0
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((skipped + before + 1, cells))
            before = reader.line_num
    except csv.Error as error:
        raise UserError(
            f"{file}, line {skipped + before + 1}: {error}.", "save the spreadsheet as CSV again"
        ) from error
    return rows
