"""What Canvas and Moodle do with a file that's imported, written from the importers' public source.

Canvas: lib/gradebook_importer.rb of instructure/canvas-lms, and for feedback Assignment's
infer_comment_context_from_filename. Moodle: mod/assign/feedback/offline, mod/assign/feedback/file/importziplib.php and
lib/moodlelib.php of moodle/moodle. Only what decides about marks is here: headings, whose line or page it is, which
marks change.
"""

import csv
import io
import re
import zipfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta


class Refused(Exception):
    """The whole file is refused."""


@dataclass
class CanvasStudent:
    id: int
    name: str
    sis: str = ""
    login: str = ""


@dataclass
class CanvasCourse:
    """A course in Canvas: its students, its assignments as title and points, and the scores that are there."""

    students: list[CanvasStudent]
    assignments: dict[int, tuple[str, float]]
    scores: dict[tuple[int, int], str] = field(default_factory=dict)  # by student and assignment; "EX" is excused
    split_names: bool = False
    sis_columns: bool = True

    def import_file(self, data: bytes) -> "CanvasImport":
        """Read the file as Canvas does, take over what changes, and return it. Raises `Refused`."""
        text = data.decode("utf-8")  # with a byte order mark in it, if there's one
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=_divider(text)) if not _is_skipped(row)]
        columns = self._student_columns(rows[0])
        found = CanvasImport()
        places: list[tuple[int | None, str, int]] = []
        for place in range(columns, len(rows[0])):
            heading = rows[0][place]
            number = _assignment_number(heading, self.assignments)
            found.new_assignments += [heading] if number is None else []
            places.append((number, heading, place))
        for row in rows[1:]:
            posting = all(re.fullmatch(r"(?i)\s*(Muted|Manual Posting.*)?\s*", cell) for cell in row)
            if "Points Possible" in row[0] or posting:
                continue
            student = self._student(row)
            if student is None:
                found.new_students.append(row[0])
                continue
            for number, _, place in places:
                if number is not None:
                    self._take(found, student, number, row[place].strip() if place < len(row) else "")
        return found

    def _student_columns(self, header: list[str]) -> int:
        names = 4 if header[:2] == ["LastName", "FirstName"] else 3
        if names == 4 and not self.split_names:
            raise Refused("split names are not enabled")
        student = len(header) > 3 and "Student" in header[0] and "ID" in header[1]
        split = len(header) > 4 and "LastName" in header[0] and "FirstName" in header[1] and "ID" in header[2]
        if not (student or split):
            raise Refused("invalid header row")
        columns = names
        if re.search(r"SIS\s+Login\s+ID", header[names - 1]):
            columns += 1
        elif re.search(r"SIS\s+User\s+ID", header[names - 1]) and re.search(r"SIS\s+Login\s+ID", header[names]):
            columns += 3 if "Integration" in header[names + 1] else 2
            columns += "Root" in header[columns - 1]
        if "Section" not in header[columns - 1]:
            raise Refused("invalid header row")
        self._names = names
        return columns

    def _student(self, row: list[str]) -> CanvasStudent | None:
        number = row[2] if self._names == 4 else row[1]
        by_id = {one.id: one for one in self.students}
        if number and (one := by_id.get(int(number) if number.isdecimal() else 0)):
            return one
        for place, key in ((self._names - 1, "sis"), (self._names, "login")):
            value = row[place] if place < len(row) else ""
            for one in self.students:
                if value and getattr(one, key) == value:
                    return one
        name = f"{row[1]} {row[0]}".strip() if self._names == 4 else row[0]
        sortable = {", ".join(reversed(one.name.rsplit(" ", 1))): one for one in self.students}
        return {one.name: one for one in self.students}.get(name) or sortable.get(name)

    def _take(self, found: "CanvasImport", student: CanvasStudent, number: int, new: str) -> None:
        new, before = _decimal(new), self.scores.get((student.id, number), "")
        if new == before or (_no_score(new) and _no_score(before)):
            return
        if new and before and "EX" not in (new, before) and round(float(new), 2) == round(float(before), 2):
            return
        if _no_score(new):
            found.erased.append((student.id, number))
        elif before:
            found.overwritten.append((student.id, number))
        found.marks[student.id, number] = new
        self.scores[student.id, number] = new


@dataclass
class CanvasImport:
    """What an import would do: marks by student and assignment, and what no instructor wants."""

    marks: dict[tuple[int, int], str] = field(default_factory=dict)
    new_assignments: list[str] = field(default_factory=list)
    new_students: list[str] = field(default_factory=list)
    erased: list[tuple[int, int]] = field(default_factory=list)
    overwritten: list[tuple[int, int]] = field(default_factory=list)


def _divider(text: str) -> str:
    lines = text.splitlines()[:3]
    counts = {}
    for divider in ";,":
        many = {len(next(csv.reader([line], delimiter=divider), [])) for line in lines}
        counts[divider] = many.pop() if len(many) == 1 else 0
    return ";" if counts[";"] > counts[","] else ","


def _is_skipped(row: list[str]) -> bool:
    return not any(cell.strip() for cell in row)


def _assignment_number(heading: str, assignments: dict[int, tuple[str, float]]) -> int | None:
    found = re.fullmatch(r"(.*)\s\((\d+)\)", heading)
    if found and int(found[2]) in assignments:
        return int(found[2])
    return next((number for number, (title, _) in assignments.items() if title == heading), None)


def _decimal(cell: str) -> str:
    if not re.fullmatch(r"-?[0-9.,]+%?", cell):
        return cell
    *whole, last = re.split(r"[,.]", cell)
    return f"{''.join(whole)}.{last}" if whole else last


def _no_score(cell: str) -> bool:
    return not cell or cell == "-"


@dataclass
class MoodleGrade:
    grade: float
    modified: datetime
    comment: str = ""


@dataclass
class MoodleAssignment:
    """An assignment of Moodle's, as a person sees it in a language: its strings, participants, maximum and grades."""

    strings: dict[str, str]  # recordid, gradenoun, lastmodifiedgrade, comments, hiddenuser; decsep
    participants: set[int]
    maximum: float
    grades: dict[int, MoodleGrade] = field(default_factory=dict)
    has_comments: bool = True

    def import_worksheet(self, data: bytes, now: datetime, *, ignore_modified: bool = False) -> "MoodleImport":
        """Read the worksheet as Moodle does, take over what it doesn't skip, and return it. Raises `Refused`."""
        rows = list(csv.reader(io.StringIO(data.decode("utf-8").removeprefix("\ufeff"))))
        header = rows[0]
        if any(len(row) != len(header) for row in rows[1:]):
            raise Refused("a line has too few or too many fields")
        places = {name: header.index(said) if said in header else -1 for name, said in self.strings.items()}
        if min(places[name] for name in ("recordid", "gradenoun", "lastmodifiedgrade")) < 0:
            raise Refused("headings of another language, or missing")
        found = MoodleImport()
        for row in rows[1:]:
            self._take(found, row, places, now, ignore_modified=ignore_modified)
        return found

    def _take(
        self, found: "MoodleImport", row: list[str], places: dict[str, int], now: datetime, *, ignore_modified: bool
    ) -> None:
        number = row[places["recordid"]].encode()[len(self.strings["hiddenuser"].encode()) :].decode()
        if not number.strip().isdecimal() or int(number) not in self.participants:
            found.unknown.append(row[places["recordid"]])
            return
        participant = int(number)
        before = self.grades.get(participant)
        said = row[places["gradenoun"]].strip().replace(" ", "").replace(self.strings["decsep"], ".")
        grade = float(said) if said else None
        modified = _strtotime(row[places["lastmodifiedgrade"]])
        stale = before is not None and before.modified > modified + timedelta(seconds=60)
        if grade is None or grade < 0 or (before and before.grade == grade):
            pass
        elif stale and not ignore_modified:
            found.skipped[participant] = "changed in Moodle since"
        elif grade > self.maximum:
            found.skipped[participant] = "out of range"
        else:
            found.marks[participant] = grade
            self.grades[participant] = MoodleGrade(grade, now, before.comment if before else "")
        if self.has_comments and places["comments"] > 0 and (ignore_modified or not stale):
            kept = self.grades.setdefault(participant, MoodleGrade(-1, now))
            if row[places["comments"]] != kept.comment:
                kept.comment = row[places["comments"]]
                found.comments[participant] = kept.comment


@dataclass
class MoodleImport:
    """What an import did."""

    marks: dict[int, float] = field(default_factory=dict)
    comments: dict[int, str] = field(default_factory=dict)
    skipped: dict[int, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


def canvas_comments(data: bytes, attachments: dict[int, int]) -> dict[int, bytes]:
    """Return which user finds which file as a comment; `attachments`: whose each is, in this assignment's submissions.

    Of the parts of a name between underscores, the first two that are numbers are the user and the attachment.
    """
    found = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            base = name.rsplit("/", 1)[-1]
            numbers = [int(part) for part in base.split("_") if re.fullmatch(r"[0-9]+", part)][:2]
            is_text = base.split("_")[-1].startswith("link") or base.startswith("._")
            if len(numbers) == 2 and not is_text and attachments.get(numbers[1]) == numbers[0]:
                assert numbers[0] not in found
                found[numbers[0]] = archive.read(name)
    return found


def moodle_feedback(data: bytes, participants: set[int], *, before_4_1: bool) -> dict[int, tuple[str, bytes]]:
    """Return which participant finds which file, and what it's called there.

    A part of the path is a learner's if it's NAME_NUMBER_TYPE_PLUGIN, and before Moodle 4.1 if a _ follows.
    """
    found = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.namelist():
            parts = entry.split("/")
            while parts:
                info = parts.pop(0).split("_", 4)
                is_theirs = len(info) >= (5 if before_4_1 else 4) and info[1].isdecimal()
                if is_theirs and int(info[1]) in participants and info[2:4] == ["assignsubmission", "file"]:
                    assert int(info[1]) not in found
                    name = "/".join([info[4] if len(info) > 4 else "", *parts])
                    found[int(info[1])] = name, archive.read(entry)
                    break
    return found


def _strtotime(text: str) -> datetime:
    """Return the time of a date in English, as PHP reads it; anything else counts as 1970."""
    for pattern in ("%A, %d %B %Y, %I:%M %p", "%A, %d %B %Y, %H:%M", "%d/%m/%y, %H:%M"):
        try:
            return datetime.strptime(text, pattern)
        except ValueError:
            continue
    return datetime(1970, 1, 1)
