"""`workbook progress`: take your progress into the page, and bring what you did in the page back."""

from pathlib import Path

from workbook.learner.progress_file import merge_progress, read_progress_file, write_progress_file
from workbook.wording import number_of

from .context import Context


def export_progress(file: Path) -> None:
    """Write the learner's progress into a file."""
    here = Context()
    told = write_progress_file(file, here.progress)
    parts = (len(told.tasks), "task"), (len(told.experiments), "prediction"), (len(told.reviews), "review")
    here.terminal.line(f"{file} has your progress: {_listed(*parts)}.")
    here.terminal.line("In the page, Review and progress imports it.", "dim")


def import_progress(file: Path) -> None:
    """Add what a file holds to the learner's progress."""
    here = Context()
    merged = merge_progress(here.progress, read_progress_file(file, here.course))
    parts = (merged.tasks, "task"), (merged.predictions, "prediction"), (merged.reviews, "review")
    new = _listed(*(part for part in parts if part[0]))
    here.terminal.line(f"New from {file}: {new}." if new else f"You have all of {file} already.")
    if merged.unknown:
        here.terminal.line(f"{merged.unknown} of its lines are about something that this course doesn't have.")


def _listed(*parts: tuple[int, str]) -> str:
    told = [number_of(number, noun) for number, noun in parts]
    return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)
