"""Who a learner is in Canvas and in Moodle, by the roster's columns and by what the two call their downloads."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from workbook.grader.results import Learner

from .marks import Row

# lovelaceada_LATE_1042_77310_avatar.zip: the first two whole numbers are the user and the attachment
CANVAS = re.compile(r".*?_(?P<user>\d+)_(?P<attachment>\d+)_(?P<file>.+)", re.DOTALL)
# Ada Lovelace_20315_assignsubmission_file/avatar.zip, or with _avatar.zip behind it in older downloads
MOODLE = re.compile(r"(?P<folder>[^/]*_(?P<user>\d+)_assignsubmission_file)(?:[_/].*)?", re.DOTALL)
DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class CanvasFile:
    """A file as Canvas named it in “Download submissions”."""

    name: str
    user: str


def canvas_file(file: str) -> CanvasFile | None:
    name = PurePosixPath(file).name
    found = CANVAS.fullmatch(name)
    return CanvasFile(name, found["user"]) if found and _is_text(name) and not MOODLE.match(name) else None


def moodle_folder(file: str) -> str | None:
    """Return the folder that Moodle made for this file's learner in “Download all submissions”, or None."""
    for part in PurePosixPath(file).parts:
        if (found := MOODLE.fullmatch(part)) and _is_text(part):
            return found["folder"]
    return None


def _is_text(name: str) -> bool:
    """Return whether every byte of the name was UTF-8, because no zip could hold it otherwise."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def canvas_user(row: Row) -> str:
    """Return the number that Canvas knows the learner by, or ""."""
    told = row.learner.lms.get("canvas", "").strip()
    if told.isdecimal():
        return told
    files = (canvas_file(mark.file) for mark in row.marks.values())
    return next((file.user for file in files if file), "")


def canvas_login(learner: Learner) -> str:
    """Return the login if the roster has one, otherwise the email address, which is the login in many schools."""
    told = learner.lms.get("canvas", "").strip()
    return learner.email if told.isdecimal() or not told else told


def moodle_participant(row: Row) -> str:
    """Return the number that Moodle knows the learner by in its assignments, or ""."""
    if found := DIGITS.search(row.learner.lms.get("moodle", "")):
        return found[0]
    folders = (moodle_folder(mark.file) for mark in row.marks.values())
    return next((folder.split("_")[-3] for folder in folders if folder), "")
