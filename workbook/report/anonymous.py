"""A class without its names: to show to others, or to look at evidence without knowing whose it is."""

import hashlib
from dataclasses import replace

from workbook.grader.results import Learner

from .marks import ClassMarks, Mark, Row


def anonymous(marks: ClassMarks, secret: str) -> ClassMarks:
    """Return the class with a code in place of each learner. The same secret gives the same codes, in every report.

    What names could be read from is left out: files, comments and reasons that a person wrote, lists of files.
    """
    rows = sorted((_without_name(row, secret) for row in marks.rows), key=lambda row: row.learner.id)
    exercises = [replace(one, export=None) for one in marks.exercises]
    return replace(marks, rows=rows, exercises=exercises, unmatched=[], superseded=[], failed=[])


def _without_name(row: Row, secret: str) -> Row:
    code = hashlib.blake2b(row.learner.id.encode("utf-8", "surrogatepass"), key=secret.encode()[:64], digest_size=4)
    name = f"anonymous-{code.hexdigest()}"
    marks = {exercise: _without_words(mark) for exercise, mark in row.marks.items()}
    return Row(Learner(name, name, on_roster=row.learner.on_roster), marks)


def _without_words(mark: Mark) -> Mark:
    items = tuple(
        replace(item, comment="", override=replace(item.override, learner="", why="") if item.override else None)
        for item in mark.items
    )
    return replace(
        mark,
        items=items,
        file="",
        comment="",
        why="The reason is in the report with names." if mark.why else "",
        moved=None,
    )
