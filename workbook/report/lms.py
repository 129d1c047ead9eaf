"""Who a learner is in Canvas and in Moodle, by the roster's columns and by what the two call their downloads."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath

from workbook.grader.results import Learner

from .marks import ClassMarks

# lovelaceada_LATE_1042_77310_avatar.zip: the first two whole numbers are the user and the attachment
CANVAS = re.compile(r".*?_(?P<user>\d+)_(?P<attachment>\d+)_(?P<file>.+)", re.DOTALL)
# Ada Lovelace_20315_assignsubmission_file/avatar.zip; before Moodle 4.1 and without folders, with _ behind “file”
# anon_12345_77310_avatar.zip: of an anonymous assignment, where the first number can be letters as well
ANONYMOUS = re.compile(r"(?:LATE_)?anon_[A-Za-z0-9]+_")
MOODLE = re.compile(r"(?P<folder>[^/]*_(?P<user>\d{1,18})_assignsubmission_file)(?P<mark>_)?(?(mark).*|)", re.DOTALL)
DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class CanvasFile:
    """A file as Canvas named it in “Download submissions”."""

    name: str
    user: str


def canvas_file(file: str) -> CanvasFile | None:
    name = PurePosixPath(file).name
    found = None if ANONYMOUS.match(name) else CANVAS.fullmatch(name)
    return CanvasFile(name, found["user"]) if found and _is_text(name) and not MOODLE.match(name) else None


def moodle_folder(file: str) -> str | None:
    """Return the folder that Moodle made for this file's learner in “Download all submissions”, or None.

    It's the folder as it came, because versions of Moodle before 4.1 look for the _ at its end.
    """
    found = _moodle(file)
    return found["folder"] + (found["mark"] or "") if found else None


def _moodle(file: str) -> re.Match[str] | None:
    found = (MOODLE.fullmatch(part) for part in PurePosixPath(file).parts if _is_text(part))
    return next(filter(None, found), None)


def _is_text(name: str) -> bool:
    """Return whether every byte of the name was UTF-8, because no zip could hold it otherwise."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def canvas_users(marks: ClassMarks) -> dict[str, str]:
    """Return the numbers that Canvas knows learners by: their own, otherwise that of a file that's no one else's.

    A group's file has the number of one member, so it says nothing about the others.
    """
    shared = Counter((exercise, mark.file) for row in marks.rows for exercise, mark in row.marks.items())
    told = {row.learner.id: row.learner.lms.get("canvas", "").strip() for row in marks.rows}
    taken = {number for number in told.values() if number.isdecimal()}
    for row in marks.rows:
        if not told[row.learner.id].isdecimal():
            own = (mark.file for exercise, mark in row.marks.items() if shared[exercise, mark.file] == 1)
            users = (file.user for file in map(canvas_file, own) if file and not row.learner.group)
            told[row.learner.id] = next((user for user in users if user not in taken), "")
    return told


def canvas_login(learner: Learner) -> str:
    """Return the login if the roster has one, otherwise the email address, which is the login in many schools."""
    told = learner.lms.get("canvas", "").strip()
    return learner.email if told.isdecimal() or not told else told


def moodle_participants(marks: ClassMarks, exercise: str) -> dict[str, str]:
    """Return the numbers that Moodle knows learners by in an exercise's assignment, by learner.

    Each assignment has its own. So a file's counts first, unless it's a team's. The roster's number counts where none
    of these contradicts it, because then it's of this assignment.
    """
    shared = Counter(row.marks[exercise].file for row in marks.rows)
    told = {}
    for row in marks.rows:
        found = _moodle(file := row.marks[exercise].file)
        group = row.learner.group
        if found and shared[file] == 1 and not (group and found["folder"].startswith(f"{group}_")):
            told[row.learner.id] = found["user"]
    on_roster = {row.learner.id: number[0] for row in marks.rows if (number := _moodle_number(row.learner))}
    is_of_this = all(told.get(ident, number) == number for ident, number in on_roster.items())
    return (on_roster if is_of_this else {}) | told


def _moodle_number(learner: Learner) -> re.Match[str] | None:
    return DIGITS.search(learner.lms.get("moodle", ""))
