"""`workbook watch`: check again at every save."""

import contextlib

from workbook.errors import UserError
from workbook.learner.step_check import StepResult, Subject
from workbook.learner.watch_loop import WatchLoop

from . import screens
from .check import note_solved
from .context import Context
from .terminal import report_error


def watch_step(name: str | None, *, shipped: bool) -> None:
    """Check the step at every save, until Ctrl-C."""
    here = Context()
    subject = Subject.of(here.course, here.step(name), shipped=shipped)
    with contextlib.suppress(KeyboardInterrupt), WatchLoop(here.course, subject) as loop:
        here.terminal.line(f"Watching {screens.shown_path(subject.folder)}. Ctrl-C ends it.")
        loop.check()
        while True:
            try:
                event = loop.next()
            except UserError as error:  # no tests any more, for a moment perhaps: an editor replaces files
                report_error(error)
                continue
            if isinstance(event, StepResult):
                note_solved(here, event)
                here.terminal.line()
                screens.show_result(here.terminal, event)
                here.terminal.line(f"{event.whole.seconds:.2f} s", "dim")
