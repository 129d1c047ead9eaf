"""`workbook watch`: check again at every save."""

import contextlib

from workbook.errors import UserError
from workbook.learner.step_check import StepResult, Subject
from workbook.learner.watch_loop import Notice, WatchLoop

from . import screens
from .check import judged, shows_original
from .context import Context
from .terminal import report_error


def watch_step(name: str | None, *, shipped: bool) -> None:
    """Check the step at every save, until Ctrl-C."""
    here = Context()
    step = here.step(name)
    subject = Subject.of(here.course, step, shipped=shipped)
    with contextlib.suppress(KeyboardInterrupt), WatchLoop(here.course, subject) as loop:
        here.terminal.line(f"Watching {screens.shown_path(subject.folder)}. Ctrl-C ends it.")
        loop.check()
        while True:
            event = loop.next()
            if isinstance(event, UserError):  # no tests any more, for a moment perhaps: an editor replaces files
                report_error(event)
            elif isinstance(event, Notice):
                here.terminal.line(event.text, "dim")
            elif isinstance(event, StepResult):
                here.terminal.line()
                more = f"uv run workbook check {step.name}{' --shipped' if shows_original(here, subject) else ''} --all"
                screens.show_result(here.terminal, judged(here, event), more=more)
                here.terminal.line(f"{event.whole.seconds:.2f} s", "dim")
