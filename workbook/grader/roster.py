"""The roster: a table that says who is in the class, and what the learning platform calls them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbook.errors import UserError

from .headings import COLUMNS, STAFF, STATUS, TEST_STUDENTS, WHO, heading
from .results import Learner
from .sanitize import one_line
from .sheets import Row, read_rows

NUMBERED = re.compile(r"(?P<word>\D*)(?P<number>\d+)(?P<rest>\D*)")
ID = r"#?[\w./-]{0,40}\d[\w./-]{0,40}"
EMAIL = r"[^@\s]+@[^@\s]+"
SHORTENED = r"\d([.,]\d+)?E\+\d{1,3}"  # 2.02E+08, as spreadsheets show long numbers
LOGIN_OF_TEST_STUDENT = r"[0-9a-f]{40}"  # whatever Canvas calls them in its user's language
UNSEEN = " \t\r\n\v\f\xa0\u200b\u200e\u200f\u202f\u2060\ufeff"
MOST_TITLES = 10  # lines above the one that names the columns
FEWEST_NAMES = 0.8  # of a column's cells are plain letters, to call it names
FEWEST_EMAILS = 0.6  # of a column's cells, to call it the one with emails


def read_roster(file: Path) -> list[Learner]:
    """Return the learners in the file, in its order. Raises `UserError` that names the line."""
    lines = [(number, [_bare(cell) for cell in cells]) for number, cells in read_rows(file)]
    if not lines:
        raise UserError(f"{file} is empty.", "its first line names the columns: id,name,email")
    lines = lines[_place_of_heading(lines) :]
    if any(re.fullmatch(EMAIL, cell) for cell in lines[0][1]):
        wrong = f"{file}, line {lines[0][0]}: this is a learner's line, and the columns' names would be in its place."
        raise UserError(wrong, "put a line above it that names the columns: id,name,email")
    columns = _columns_of(lines)
    if not set(WHO) & set(columns.places):
        wrong = f"no column is called id, and none email: it has {', '.join(lines[0][1])[:200]}."
        raise UserError(f"{file}, line {lines[0][0]}: {wrong}", "its first line names the columns: id,name,email")
    learners: dict[str, tuple[int, Learner]] = {}
    for number, cells in lines[1:]:
        said = {name: _first_of(cells, places) for name, places in columns.places.items()}
        learner = _learner(said)
        if columns.is_nobody(said, learner, cells):
            continue
        if len(cells) > columns.count and any(cells[columns.count :]):
            raise UserError(
                f"{file}, line {number}: {len(cells)} cells, but the first line names {columns.count} columns.",
                "put names that hold the separator into quotation marks",
            )
        if not learner.id:
            raise UserError(
                f"{file}, line {number}: this learner doesn't have an id.", "give them one, or an email address"
            )
        if damaged := next((cell for name in WHO if re.fullmatch(SHORTENED, cell := said.get(name, ""))), ""):
            raise UserError(
                f"{file}, line {number}: {damaged} is what a spreadsheet has made of a long number.",
                "download the file again, and don't save it from a spreadsheet",
            )
        first, other = learners.get(learner.id, (0, learner))
        if other != learner:
            raise UserError(
                f"{file}, line {number}: the id {learner.id} is that of line {first} already.",
                "an id is for one person: correct one of the two lines, or remove it",
            )
        if first:  # the same person once more, in another section for example
            continue
        learners[learner.id] = number, learner
    if not learners:
        raise UserError(f"{file} has the columns' names, but no learners.", "add a line for each learner")
    _refuse_shared(file, list(learners.values()))
    return [learner for _, learner in learners.values()]


def read_cells(file: Path) -> list[list[str]]:
    """Return the rows of a CSV file, each cell as it is, in any encoding and delimiter. Raises `UserError`."""
    return [cells for _, cells in read_rows(file)]


@dataclass(frozen=True)
class _Columns:
    """Which column is what. `count`: how many there are; `is_canvas`: it's an export of Canvas's gradebook."""

    places: Mapping[str, Sequence[int]]
    count: int
    is_canvas: bool = False

    def is_nobody(self, said: Mapping[str, str], learner: Learner, cells: Sequence[str]) -> bool:
        """Return whether a row isn't a learner's: of Canvas's own lines, of its test student, of staff, or empty."""
        name = learner.name.casefold()
        if self.is_canvas and not any(said.get(column) for column in WHO):  # posting policies, points possible
            return True
        if self.is_canvas and re.fullmatch(LOGIN_OF_TEST_STUDENT, said.get("login", "")):
            return True
        if set(re.split(r"[,;/] *", said.get("role", "").casefold())) & STAFF:
            return True
        return name.startswith("points possible") or name in TEST_STUDENTS or not any(cells)


def _columns_of(lines: Sequence[Row]) -> _Columns:
    header = [heading(cell) for cell in lines[0][1]]
    rows = [cells for _, cells in lines[1:]]
    names = set(header)
    has_name = "student" in names or {"lastname", "firstname"} <= names
    is_canvas = has_name and "id" in names and bool({"section", "sis user id", "sis login id"} & names)
    if is_canvas:  # its ID is the number that it gives to a user
        header[header.index("id")] = "canvas id"
    elif "github username" in names and "identifier" in names:  # of GitHub Classroom, whose identifier is the course's
        header[header.index("identifier")] = "id"
    elif "canvas user id" in names and "user id" in names:  # of Canvas's groups: the school's id
        header[header.index("user id")] = "id"
    elif _is_worksheet(header, rows):
        header[0] = "moodle id"
    places = {
        column: [place for place, name in enumerate(header) if name in known]
        for column, known in COLUMNS.items()
        if set(known) & set(header)
    }
    if not is_canvas:
        first = {column: found[0] for column, found in places.items()}
        places |= {column: [place] for column, place in _by_content(first, header, rows).items() if column not in first}
    return _Columns(places, len(header), is_canvas)


def _place_of_heading(lines: Sequence[Row]) -> int:
    """Return which line names the columns: not the first if it's a title, and one of the next has names we know."""

    def known(cells: Sequence[str]) -> set[str]:
        names = set(map(heading, cells))
        return {column for column, theirs in COLUMNS.items() if names & set(theirs)}

    for place, (_, cells) in enumerate(lines[:MOST_TITLES]):
        found = known(cells)
        if place == 0 and found:
            return 0
        if len(found) > 1 and found & set(WHO):
            return place
    return 0


def _bare(cell: str) -> str:
    """Return a cell without what can't be seen around it, and without what keeps a spreadsheet from changing it."""
    found = cell.strip(UNSEEN)
    if told := re.fullmatch(r'="(.*)"', found, re.DOTALL):  # as ="007", which stays 007
        return told[1].strip(UNSEEN)
    return found[1:] if re.fullmatch(r"'\d+", found) else found


def _first_of(cells: Sequence[str], places: Sequence[int]) -> str:
    """Return the first cell of several columns of one kind that isn't empty: a school may fill in either."""
    return next((text for place in places if place < len(cells) and (text := one_line(cells[place]))), "")


def _is_worksheet(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Return whether it's a grading worksheet of Moodle's, in whatever language.

    Its first column holds the same word and a number each, and another one the same maximum or dash on every line.
    """
    found = [NUMBERED.fullmatch(cells[0]) if cells else None for cells in rows]
    words = {(match["word"] + match["rest"]).strip() if match else "" for match in found}
    if len(words) != 1 or not (word := words.pop()):
        return False
    if header[0] in COLUMNS["moodle"]:
        return True
    columns = [{cells[place] for cells in rows if place < len(cells)} for place in range(2, len(header))]
    same = [column.pop() for column in columns if len(column) == 1]
    is_a_word = len(word) > 3 or not word.isascii()  # 参加者 is one, s is none
    return len(header) > 4 and is_a_word and any(re.fullmatch(r"-|\d+([.,]\d+)?", cell) for cell in same)


def _by_content(places: dict[str, int], header: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """Return the columns, with those that only their cells and places identify, because their headings don't."""
    found = dict(places)
    taken = set(found.values())
    if "email" not in found:
        shares = {place: _share_of_emails(rows, place) for place in range(len(header)) if place not in taken}
        best = max(shares, key=lambda place: shares[place], default=None)
        if best is not None and shares[best] >= FEWEST_EMAILS:
            found["email"] = best
    if not {"id", "moodle"} & set(found) and 0 not in set(found.values()) and _are_ids(rows, header[0]):
        found["id"] = 0
    if {"name", "first", "last"} & set(found) or not {"moodle", "email"} & set(found):
        return found
    begin = 1 if found.get("moodle") == 0 else 0
    end = min([place for place in (found.get("email"), found.get("id")) if place is not None], default=begin + 1)
    beside = [place for place in range(begin, max(end, begin + 1)) if place not in set(found.values())]
    beside = [place for place in beside if place < len(header) and _are_names(rows, place)]
    if "moodle" in found and not {"email", "id"} & set(found):  # without names, Moodle's next column is the status
        beside = [place for place in beside if header[place] not in STATUS and _is_text(rows, place + 1)]
    if len(beside) == 1 or ("moodle" in found and beside):
        found["name"] = beside[0]
    elif len(beside) > 1:
        found["first"], found["last"] = beside[:2]
    return found


def _share_of_emails(rows: Sequence[Sequence[str]], place: int) -> float:
    cells = [cells[place] for cells in rows if place < len(cells) and cells[place]]
    return sum(bool(re.fullmatch(EMAIL, cell)) for cell in cells) / len(cells) if cells else 0.0


def _are_ids(rows: Sequence[Sequence[str]], name: str) -> bool:
    """Return whether the first column holds ids: a word with a digit each, no two alike, and not the lines' numbers.

    If its name is such a word too, the first line doesn't name columns: it's a learner's.
    """
    if re.fullmatch(ID, name):
        return False
    cells = [cells[0] for cells in rows if any(cells)]
    is_counted = len(cells) > 1 and cells == [str(number) for number in range(1, len(cells) + 1)]
    is_each_one = len(set(cells)) == len(cells) > 0
    return is_each_one and not is_counted and all(re.fullmatch(ID, cell) for cell in cells)


def _is_text(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Return whether a column holds words and no number, as a status does and a grade doesn't."""
    return any(place < len(cells) and re.search(r"[^\W\d_]", cells[place]) for cells in rows)


def _are_names(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Return whether a column may hold names: letters only in nearly all cells, and not the same few words in them."""
    cells = [cells[place] for cells in rows if place < len(cells) and cells[place]]
    plain = sum(not re.search(r"[\d@:]", cell) for cell in cells)
    return plain > FEWEST_NAMES * len(cells) and (len(cells) < 2 or len(set(cells)) > max(1, len(cells) // 3))


def _learner(said: Mapping[str, str]) -> Learner:
    name = said.get("name") or " ".join(part for part in (said.get("first"), said.get("last")) if part)
    moodle = NUMBERED.search(said.get("moodle", ""))
    login, email = _without_mark(said.get("login", "")), said.get("email", "")
    if "@" in login and not email:
        email = login
    ident = _without_mark(said.get("id", ""))
    email = email or (ident if "@" in ident and " " not in ident else "")
    numbers = {
        "canvas": said.get("canvas", ""),
        "moodle": moodle["number"] if moodle else said.get("moodle", ""),
        "github": said.get("github", ""),
        "login": login if login not in {email, ident} else "",
    }
    lms = {platform: number for platform, number in numbers.items() if number}
    id_ = ident or login or email or lms.get("github") or lms.get("canvas") or lms.get("moodle") or ""
    lms = {platform: number for platform, number in lms.items() if platform != "login" or number != id_}
    return Learner(id_, name or id_, email, lms, group=said.get("group", ""))


def _without_mark(text: str) -> str:
    """Return an id without the # that Brightspace puts in front, so that spreadsheets leave it alone."""
    return text.removeprefix("#")


def _refuse_shared(file: Path, learners: Iterable[tuple[int, Learner]]) -> None:
    seen: dict[tuple[str, str], int] = {}
    for number, learner in learners:
        for platform, theirs in learner.lms.items():
            if (first := seen.setdefault((platform, theirs), number)) != number:
                what = (
                    "login"
                    if platform == "login"
                    else f"{platform} number"
                    if theirs.isdecimal()
                    else f"{platform} name"
                )
                raise UserError(
                    f"{file}, line {number}: the {what} {theirs} is that of line {first} already.",
                    "such a number is for one person" if theirs.isdecimal() else "such a name is for one person",
                )
