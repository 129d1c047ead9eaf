"""`workbook check` and `workbook watch`."""

import contextlib
import sys
from pathlib import Path

from workbook.course.model import Step
from workbook.errors import UserError
from workbook.learner import step_check as checkup
from workbook.learner.step_check import Checkup, Subject
from workbook.submissions.reading import BadSubmission, opened
from workbook.testrun import ColdRunner
from workbook.testrun import check as run_check

from . import screens as views
from .context import Here
from .terminal import report_error


def check(name: str | None, *, shipped: bool, show_all: bool, launcher: str, submission: Path | None = None) -> None:
    here = Here()
    step = here.step(name)
    if submission and shipped:
        raise UserError("--submission and --shipped exclude each other.", f"workbook check {step.name}")
    with contextlib.ExitStack() as stack:
        if submission:
            subject = _of_submission(here, step, submission, stack)
        else:
            subject = Subject.of(here.course, step, shipped=shipped)
        _check(here, subject, show_all=show_all, launcher=launcher)


def _of_submission(here: Here, step: Step, path: Path, stack: contextlib.ExitStack) -> Subject:
    if step.kind != "exercise":
        raise UserError(f"{step.name} is no exercise, so there is nothing to hand in.", f"workbook check {step.name}")
    try:
        return Subject.of_submission(here.course, step, stack.enter_context(opened(path)), path)
    except BadSubmission as error:
        raise UserError(str(error), f"workbook submit {step.name} makes a good one", code=1) from error


def _check(here: Here, subject: Subject, *, show_all: bool, launcher: str) -> None:
    step = subject.step
    found = run_check(ColdRunner(launcher), here.course.root, subject.tests, subject.options)
    result = checkup.read(subject, found)
    if subject.is_copy:
        note_solved(here, result)
    views.show_checkup(here.terminal, result, cards=None if show_all else views.CARDS_SHOWN)
    broken = len(result.stage.broken) if subject.is_copy else 0
    handed_in = subject.exercise and not subject.is_copy  # somebody's: what is next is not told here
    if not handed_in and (found.passed or (subject.is_copy and not found.trouble)):
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
    from workbook.learner.watch_loop import Loop

    here = Here()
    subject = Subject.of(here.course, here.step(name), shipped=shipped)
    with contextlib.suppress(KeyboardInterrupt), Loop(here.course, subject) as loop:
        here.terminal.line(f"Watching {views.shown_path(subject.folder)}. Ctrl-C ends it.")
        loop.check()
        while True:
            try:
                event = loop.next()
            except UserError as error:  # no tests any more, for a moment perhaps: an editor replaces files
                report_error(error)
                continue
            if isinstance(event, Checkup):
                note_solved(here, event)
                here.terminal.line()
                views.show_checkup(here.terminal, event)
                here.terminal.line(f"{event.whole.seconds:.2f} s", "dim")
