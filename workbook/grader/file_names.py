"""What the names of files tell that a learning platform, or `workbook submit`, gave to a submission.

Canvas, “Download submissions”: lovelaceada_LATE_4711_90125_avatar-1.zip, that is the learner's name in lower case
without spaces, LATE or nothing, the user's number, the attachment's number (later ones are higher), and the file's own
name, to which a second attempt has added -1. Moodle, “Download all submissions”: a folder
“Ada Lovelace_1234567_assignsubmission_file_”, or that in front of the file's own name.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from .sanitize import one_line

STAMP = re.compile(r"-\d{4}-\d\d-\d\d-\d{6}\+*")  # of `workbook submit`: avatar-2026-11-22-174501.zip
RENAMED = re.compile(r"-(\d{1,3})$")
CANVAS = re.compile(r"(?P<name>[^_]*?)_(?P<late>LATE_)?(?P<id>\d+)_(?P<order>\d+)_(?P<rest>.+)", re.DOTALL)
MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_file_?(?P<rest>.*)", re.DOTALL)
COPY = re.compile(r" ?\(\d+\)$")  # what a browser adds to a second download


@dataclass(frozen=True)
class Named:
    """What a name tells: whose it is (`learner`, `name`), for which exercise, and how late among several attempts.

    Of Gradescope a file tells it, see gradescope.py, and `email` too.
    """

    lms: Literal["canvas", "moodle", "gradescope", ""]
    learner: str
    name: str
    exercise: str
    attempt: int
    order: int
    email: str = ""


def read_name(name: str, exercises: Collection[str]) -> Named:
    """Return what the name of a file or folder says; `exercises` are the names of all exercises in the course."""
    name = unicodedata.normalize("NFC", name)
    if match := MOODLE.fullmatch(name):
        exercise, _, attempt = _of_own_name(match["rest"], exercises)
        return Named("moodle", match["id"], one_line(match["name"]), exercise, attempt, 0)
    if match := CANVAS.fullmatch(name):
        exercise, _, attempt = _of_own_name(match["rest"], exercises)
        return Named("canvas", match["id"], one_line(match["name"]), exercise, attempt, int(match["order"][:18]))
    exercise, rest, attempt = _of_own_name(name, exercises)
    learner = one_line(rest or _stem(name)) or "unnamed"
    return Named("", learner, learner, exercise, attempt, 0)


def _of_own_name(name: str, exercises: Collection[str]) -> tuple[str, str, int]:
    """Return the exercise that a file's own name begins or ends with, the rest of the name, and the attempt."""
    stem = STAMP.sub("", _stem(name))
    renamed = RENAMED.search(stem)
    for exercise in sorted(exercises, key=len, reverse=True):
        if match := re.fullmatch(rf"({re.escape(exercise)})([-_ .]+(.*))?", stem, re.IGNORECASE | re.DOTALL):
            rest = match[3] or ""
        elif match := re.fullmatch(rf"(.+?)[-_ .]+{re.escape(exercise)}([-_ ]\d{{1,3}})?", stem, re.IGNORECASE):
            rest = match[1]
        else:
            continue
        return exercise, "" if rest.isdecimal() and len(rest) <= 3 else rest, 1 + int(renamed[1] if renamed else 0)
    return "", "", 1


def _stem(name: str) -> str:
    stem = re.sub(r"\.zip$", "", name, flags=re.IGNORECASE)
    return COPY.sub("", stem)


def fold_name(name: str) -> str:
    """Return a name in the form used for comparing: composed, case folded, with single spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def slugs(name: str) -> set[str]:
    """Return what Canvas may make of a name: its words joined, beginning at any of them, with and without accents."""
    whole = fold_name(name)
    bare = "".join(mark for mark in unicodedata.normalize("NFD", whole) if not unicodedata.combining(mark))
    found = set()
    for form in (whole, bare):
        words = re.findall(r"\w+", form.replace("_", " "))
        found |= {"".join(words[n:] + words[:n]) for n in range(len(words))}
    return found
