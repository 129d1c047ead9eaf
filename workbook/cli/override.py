"""`workbook class override`: a person's decision about one promise."""

from dataclasses import asdict
from pathlib import Path

from workbook.errors import UserError
from workbook.grader.results import OVERRIDE, Override
from workbook.grader.sanitize import one_line
from workbook.report.words import outcome_in_words

from .class_journal import exercise_with, existing_journal, read_class, row_of, show_report_next
from .context import Context
from .handed_in import exit_with_1
from .screens import shown_path


def override_promise(
    learner: str, promise: str, points: str | None, *, why: str, out: Path, exercise: str, undo: bool
) -> None:
    """Record what a person has decided about one promise of one learner, or take it back."""
    here = Context()
    again = f"workbook class override LEARNER PROMISE POINTS --why TEXT --out {shown_path(out)}"
    value = None if undo else _points(points, why, again)
    if undo and points is not None:
        raise UserError(
            "--undo takes a decision back, so it takes no points.", again.replace("POINTS --why TEXT", "--undo")
        )
    journal = existing_journal(out)
    with exit_with_1():
        marks = read_class(here.course, journal.path)
    row = row_of(marks, learner, journal.path, again)
    name = exercise_with(marks, promise, exercise, again).name
    worth = next(one for one in marks.exercises if one.name == name).points[promise]
    mark = row.marks[name]
    item = next((one for one in mark.items if one.promise == promise), None)
    if undo and (item is None or item.override is None):
        raise UserError(f"You haven't decided anything about {promise} for {learner}.", again)
    if value is not None and value > worth:
        raise UserError(f"{promise} is worth {worth:g} points, so {value:g} are too many.", again)
    journal.record(OVERRIDE, name, **asdict(Override(learner, name, promise, value, one_line(why, 1000))))
    graded = _nothing(mark.state)
    if item and mark.state == "graded":
        words = item.in_part if item.share else outcome_in_words(item.outcome)
        graded = f"It was graded: {words}."
    now = "counts as graded again" if undo else f"is worth {value:g} of {worth:g} now"
    here.terminal.line(f"{learner}, {name}: {promise} {now}. {graded}", "bold")
    show_report_next(here, journal.path)


def _nothing(state: str) -> str:
    return "Nothing was handed in." if state == "not handed in" else "It isn't graded."


def _points(points: str | None, why: str, again: str) -> float:
    if not why.strip():
        raise UserError("A decision needs a reason: --why TEXT.", again)
    try:
        value = float((points or "").replace(",", "."))
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise UserError(f"{points or 'That'} isn't a number of points, 0 or more.", again)
    return value
