"""`workbook author verify`: the authors' proof that experiments, tasks, tours and exercises hold."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from workbook.authoring.proofs import Claim, Finding, Verification, project_claims, prove, stage_claims
from workbook.course.model import Step
from workbook.errors import UserError
from workbook.testrun import Runner
from workbook.testrun.kept_warm import kept_warm

from .context import Context


def verify_course(only: list[str]) -> None:
    """Prove the steps, all of them where none is named; exit 1 if something does not hold."""
    here = Context()
    chosen = {here.course.step(name).name for name in only}
    steps = [here.step(step.name) for step in here.course.steps if not chosen or step.name in chosen]
    for step in steps:
        if step.name in chosen and step.kind == "exercise" and not here.course.exercise(step).is_for_authors:
            said = f"{step.name} can't be proven here, because a learner edition doesn't have its hidden tests."
            raise UserError(said, "verify it in the full course")
    started = time.monotonic()
    claims, last = claims_of(here, steps)
    wrong = unseen = 0
    with kept_warm() as runner, _bar(here, len(claims) + len(last)) as advance:
        for finding in _prove_all(claims, last, runner):
            wrong += bool(finding.wrong)
            unseen += bool(finding.not_proven)
            advance(finding)
    here.terminal.line()
    count = len(claims) + len(last)
    here.terminal.line(f"{count - wrong - unseen} of {count} hold, in {time.monotonic() - started:.0f} s.")
    sys.exit(1 if wrong else 0)


def claims_of(here: Context, steps: Sequence[Step]) -> tuple[list[Claim], list[Claim]]:
    """Return the claims on the steps: those to prove side by side, and those that follow from these at the end."""
    claims: list[Claim] = []
    last: list[Claim] = []
    all_exercises = [exercise for exercise in here.course.exercises() if exercise.is_for_authors]
    for step in steps:
        root, folder = here.course.root, here.course.folder(step)
        if step.kind == "stage":
            claims += stage_claims(root, folder)
        elif step.kind == "project":
            claims += project_claims(root, folder)
        elif (exercise := here.course.exercise(step)).is_for_authors:
            verification = Verification(root, exercise, all_exercises)
            _print_clauses(here, exercise.name, verification.clauses())
            claims += verification.claims()
            last.append(verification.last_claim())
    return claims, last


def _print_clauses(here: Context, name: str, lines: Sequence[str]) -> None:
    """Print an exercise's table of clauses: what its README promises, and what proves each part of it."""
    if lines:
        here.terminal.line(f"{name}, its clauses")
        for line in lines:
            here.terminal.line(line, indent=2)
        here.terminal.line()


def _prove_all(claims: Sequence[Claim], last: Sequence[Claim], runner: Runner) -> Iterator[Finding]:
    yield from prove(claims, runner, lanes=os.cpu_count() or 1)
    yield from prove(last, runner)


@contextmanager
def _bar(here: Context, count: int) -> Iterator[Callable[[Finding], None]]:
    """Yield a function that shows a finding; on a terminal, only one that doesn't hold, above a progress bar."""
    terminal = here.terminal

    def show(finding: Finding) -> None:
        outcome = "broken" if finding.wrong else "not proven" if finding.not_proven else "kept"
        terminal.outcome(outcome, finding.subject)
        if finding.wrong:
            terminal.line(finding.wrong, "red", indent=7)
        elif finding.not_proven:
            terminal.line(finding.not_proven, indent=7)

    if terminal.plain:
        yield show
        return
    with terminal.progress(count) as step:

        def advance(finding: Finding) -> None:
            if not finding.holds:
                show(finding)
            step(finding.subject)

        yield advance
