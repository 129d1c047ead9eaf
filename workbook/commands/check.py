"""`workbook check` and `workbook watch`."""

import contextlib
import sys

from workbook import checkup, views
from workbook.checks import ColdRunner
from workbook.checks import check as run_check
from workbook.checkup import Checkup, Subject
from workbook.errors import UserError

from . import tell
from .here import Here


def check(name: str | None, *, shipped: bool, show_all: bool, launcher: str) -> None:
    here = Here()
    step = here.step(name)
    subject = Subject.of(here.course, step, shipped=shipped)
    found = run_check(ColdRunner(launcher), here.course.root, subject.tests)
    result = checkup.read(subject, found)
    note_solved(here, result)
    views.show_checkup(here.terminal, result, cards=None if show_all else views.CARDS_SHOWN)
    broken = len(result.stage.broken) if subject.is_copy else 0
    if found.passed or (subject.is_copy and not found.trouble):
        views.show_next(here.terminal, here.course, here.progress, step, broken=broken)
    sys.exit(0 if found.passed else 1)


def note_solved(here: Here, result: Checkup) -> list[str]:
    """Record the tasks that are green for the first time, and return them."""
    step = result.subject.step
    new = [name for name in result.solved if name not in here.progress.of(step).solved]
    for name in new:
        here.note("solved", step, task=name)
    return new


def watch(name: str | None, *, shipped: bool) -> None:
    from workbook.loop import Loop

    here = Here()
    subject = Subject.of(here.course, here.step(name), shipped=shipped)
    with contextlib.suppress(KeyboardInterrupt), Loop(here.course, subject) as loop:
        here.terminal.line(f"Watching {views.shown_path(subject.folder)}. Ctrl-C ends it.")
        loop.check()
        while True:
            try:
                event = loop.next()
            except UserError as error:  # no tests any more, for a moment perhaps: an editor replaces files
                tell(error)
                continue
            if isinstance(event, Checkup):
                note_solved(here, event)
                here.terminal.line()
                views.show_checkup(here.terminal, event)
                here.terminal.line(f"{event.whole.seconds:.2f} s", "dim")
