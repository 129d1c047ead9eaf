"""`workbook check`: run a step's tests, and show a card for what is broken."""

import contextlib
import sys
from pathlib import Path

from workbook.course.model import Step
from workbook.errors import UserError
from workbook.learner import step_check
from workbook.learner.progress import is_begun, meaning
from workbook.learner.step_check import StepResult, Subject
from workbook.submissions.reading import BadSubmission, open_submission
from workbook.testrun import ColdRunner

from . import screens
from .context import Context
from .next_steps import show_next


def check_step(
    name: str | None, *, shipped: bool, show_all: bool, launcher: str, submission: Path | None = None
) -> None:
    """Check the step, or someone's submission of it; exit 1 if a promise is broken."""
    here = Context()
    step = here.step(name)
    if submission and shipped:
        raise UserError("Use --submission or --shipped, not both.", f"workbook check {step.name}")
    with contextlib.ExitStack() as stack:
        if submission:
            subject = _of_submission(here, step, submission, stack)
        else:
            subject = Subject.of(here.course, step, shipped=shipped)
        _check(here, subject, show_all=show_all, launcher=launcher)


def _of_submission(here: Context, step: Step, path: Path, stack: contextlib.ExitStack) -> Subject:
    if step.kind != "exercise":
        raise UserError(f"{step.name} isn't an exercise, so you don't hand it in.", f"workbook check {step.name}")
    try:
        return Subject.of_submission(here.course, step, stack.enter_context(open_submission(path)), path)
    except BadSubmission as error:
        raise UserError(str(error), f"workbook submit {step.name} makes a good one", code=1) from error


def _check(here: Context, subject: Subject, *, show_all: bool, launcher: str) -> None:
    step = subject.step
    run = step_check.begin(here.course, subject, ColdRunner(launcher))
    try:
        with here.terminal.moving(f"Checking {screens.shown_path(subject.handed_in or subject.folder)} …"):
            found = run.result()
    except BaseException:
        run.cancel()
        run.result()
        raise
    result = judged(here, step_check.read_result(subject, found))
    more = " ".join(
        ["uv run workbook check", step.name, *(["--shipped"] if shows_original(here, subject) else []), "--all"]
    )
    handed_in = subject.exercise and not subject.is_copy  # a learner's: what comes next isn't shown here
    screens.show_result(here.terminal, result, whole=show_all, more="" if handed_in else more)
    if not handed_in and (not result.is_red or (subject.is_copy and not found.trouble)):
        show_next(here.terminal, here.course, here.progress, step, result=result if subject.is_copy else None)
    sys.exit(1 if result.is_red else 0)


def shows_original(here: Context, subject: Subject) -> bool:
    """Return whether it takes `--shipped` to check the subject, because the learner has a copy of it."""
    return not subject.is_copy and not subject.handed_in and here.course.copy(subject.step).is_dir()


def judged(here: Context, result: StepResult) -> StepResult:
    """Return the result as the learner should see it, and record the tasks that are green for the first time."""
    if not result.subject.is_copy:
        return result
    note_solved(here, result)
    begun = is_begun(here.course, here.progress, result.subject.step)
    return result if begun else result.not_begun()


def judged_so_far(here: Context, result: StepResult) -> StepResult | None:
    """Return what a check that still runs has found broken, as the learner should see it; None if that's nothing."""
    if not is_begun(here.course, here.progress, result.subject.step):
        result = result.not_begun()
    return result.red_so_far()


def note_solved(here: Context, result: StepResult) -> list[str]:
    """Record the tasks that are green for the first time, and return them."""
    step = result.subject.step
    new = [name for name in result.solved if name not in here.progress.of(step).solved]
    for name in new:
        here.note("solved", step, task=name, code=meaning(result.subject.folder))
    return new
