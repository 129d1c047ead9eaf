"""`workbook review`: earlier predictions come back, five minutes at a time."""

import time

from workbook.course.promises import read_promises
from workbook.learner.review import DuePrediction, due_predictions

from . import screens
from .asking import can_ask
from .context import Context
from .predicting import choices_for, how_sure, predicted_numbers, show_choices, told_difference

MINUTES = 5


def review_predictions() -> None:
    """Ask again what is due, until nothing is or five minutes are over."""
    here = Context()
    terminal = here.terminal
    due = due_predictions(here.course, here.progress.journal.entries())
    if not due:
        terminal.line("Nothing is due. What you predict in the stages comes back here, in a day or more.")
        return
    if not can_ask():
        terminal.line(f"{len(due)} to review. Run this on a terminal.")
        return
    began = time.monotonic()
    for place, one in enumerate(due):
        if time.monotonic() - began > MINUTES * 60:
            terminal.line(f"Five minutes are over. {len(due) - place} more wait for another time.", "bold")
            return
        _ask_again(here, one, place + 1, len(due))
    terminal.line("That was all that's due today.", "bold")


def _ask_again(here: Context, one: DuePrediction, place: int, of: int) -> None:
    """Ask for a prediction of one experiment, and judge it by what's known; no test runs."""
    terminal = here.terminal
    terminal.rule()
    terminal.line(f"{place} of {of}, from {one.step.title}: {one.experiment.title}", "bold")
    if one.was_certain_and_wrong:
        terminal.line("Last time you were certain, and it came otherwise.", "yellow")
    terminal.line()
    terminal.line(one.experiment.question)
    terminal.line()
    screens.show_edits(terminal, one.experiment.edits)
    terminal.line()
    choices = choices_for(one.experiment, read_promises(here.course.folder(one.step)))
    show_choices(terminal, choices)
    numbers = predicted_numbers(here, choices) or []
    sure = how_sure(here)
    red = sorted(n for n, promise in enumerate(choices, 1) if promise.name in one.experiment.red)
    right = sorted(numbers) == red
    terminal.line("That is so." if right else told_difference(numbers, red), "green" if right else "yellow")
    terminal.line()
    terminal.line(" ".join(one.experiment.why.split()))
    terminal.line()
    data = {"experiment": one.experiment.title, "prediction": sorted(numbers), "right": right, "sure": sure}
    here.note("reviewed", one.step, **data)
