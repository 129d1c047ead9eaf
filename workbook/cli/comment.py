"""`workbook class comment`: a person's words on learners' pages, without points."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from workbook.errors import UserError
from workbook.grader.results import COMMENT, Comment
from workbook.report import ClassMarks
from workbook.wording import number_of

from .class_journal import exercise_with, existing_journal, read_class, row_of, show_report_next
from .context import Context
from .handed_in import exit_with_1
from .screens import shown_path

LONGEST = 4000


def comment_on(text: str, learners: Sequence[str], *, promise: str, exercise: str, out: Path, undo: bool) -> None:
    """Record a comment for some learners, or for everyone who didn't keep a promise."""
    here = Context()
    again = f"workbook class comment TEXT --learner ID --out {shown_path(out)}"
    if not (learners or promise):
        said = "A comment is for learners (--learner ID), or for all who didn't keep a promise (--promise NAME)."
        raise UserError(said, again)
    if bool(text.strip()) is undo:
        raise UserError("--undo takes a comment back, so it takes no text." if undo else "The comment is empty.", again)
    journal = existing_journal(out)
    with exit_with_1():
        marks = read_class(here.course, journal.path)
    name = exercise_with(marks, promise, exercise, again).name if promise else _exercise(marks, exercise, again)
    for learner in learners:
        row_of(marks, learner, journal.path, again)
    for learner in learners or [""]:
        journal.record(COMMENT, name, **asdict(Comment(learner, name, promise, text.strip()[:LONGEST])))
    reached = len(learners) or sum(
        item.outcome == "broken" for row in marks.rows for item in row.marks[name].items if item.promise == promise
    )
    done = "is taken back from" if undo else "is on"
    here.terminal.line(f"The comment {done} {number_of(reached, 'page')}.", "bold")
    show_report_next(here, journal.path)


def _exercise(marks: ClassMarks, exercise: str, again: str) -> str:
    if exercise and exercise not in {one.name for one in marks.exercises}:
        graded = ", ".join(one.name for one in marks.exercises)
        raise UserError(f"{exercise} isn't graded here; there's {graded}.", again)
    return exercise
