"""Grading one submission: its tests, run once, and once more if anything is red."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbook.course.exercise import Exercise
from workbook.course.model import Course
from workbook.errors import UserError
from workbook.submissions.reading import BadSubmission, Empty
from workbook.submissions.snapshot import Snapshot
from workbook.testrun import Check, Run, Runner, warm_runner

from .causes import why_not_started
from .evidence import NOT_REACHED, Sheet
from .fingerprints import key_of_tests
from .isolation import Isolation, SandboxDied
from .results import Cause, Result, ResultKey, Verdict
from .room import is_tight
from .sanitize import bounded, one_line, visible

OUT_OF_CPU, OUT_OF_CPU_FLAG = -signal.SIGXCPU, "killed: processor time"
DIFFERENT_FLAG = "broken differently each time"
CUT_SHORT_FLAG = "cut short: what came back was too much for the tests"
OF_THE_MACHINE = ("RuntimeError: the sandbox", "RuntimeError: the warm helper", "NoSandbox: ")
OVERLOADED = 2  # programs that want to run, for each core
LISTED = 5  # of the files that were left out
DISAGREED = "Two runs of the same tests disagreed: once it was kept, once not. Somebody will look at it.\n\n"


@dataclass(frozen=True)
class Work:
    """One submission to be graded for one exercise, with all that this takes but the course itself."""

    learner: str
    exercise: str
    file: str
    attempt: int
    snapshot: Snapshot
    key: ResultKey
    limit: float  # seconds


class CannotGrade(Exception):
    """It can't be graded, and that's not the submission's fault; the message says what's wrong."""


class NeedsPython(CannotGrade):
    """It's written for a newer Python than this one."""


class Cancelled(Exception):
    """The grading was called off."""


class SubmissionGrader:
    """A place where one submission after another is graded, with its own warm runner: `runner`, or a new one."""

    def __init__(self, course: Course, isolation: Isolation, runner: Runner | None = None) -> None:
        self._course, self._isolation = course, isolation
        self._sheets: dict[str, tuple[Exercise, Sheet, str]] = {}
        self._runner: Runner | None = runner or warm_runner(apps=isolation.needs_apps)
        self._cpu, self._alone, self._clock = 0.0, False, Clock(0.0)
        self._cause: Cause = ""
        self._why = ""
        self.memory = 0  # bytes that the tests of the last one took at most
        self._run: Run | None = None
        self._cancelled = threading.Event()
        self._changing = threading.Lock()

    def grade_submission(self, work: Work) -> Result:
        """Grade the work; if the sandbox dies, try it once more. Raises `CannotGrade`, `Cancelled`."""
        exercise, sheet, tests = self._sheet(work.exercise)
        if tests != work.key.tests:
            raise CannotGrade("its course isn't in the state that the grading began with")
        with contextlib.suppress(SandboxDied):
            return self._try_once(work, exercise, sheet, alone=False)
        try:
            return self._try_once(work, exercise, sheet, alone=True)
        except SandboxDied as error:
            raise CannotGrade(f"{error}; it was tried twice") from error

    def _try_once(self, work: Work, exercise: Exercise, sheet: Sheet, *, alone: bool) -> Result:
        self._clock = Clock(work.limit)
        self._cpu, self._alone, self.memory = 0.0, alone, 0
        flags: list[str] = []
        trouble, self._cause, self._why = "", "", ""
        try:
            verdicts = self._verdicts(work, exercise, sheet, flags)
        except BadSubmission as error:
            verdicts, trouble = sheet.untouched(), visible(str(error))
            self._cause, self._why = ("empty" if isinstance(error, Empty) else "unreadable"), trouble
        except OSError as error:
            raise CannotGrade(f"this machine refused something: {error.strerror or error}") from error
        seconds = self._clock.seconds()
        if seconds > work.limit / 2 and ("out of time" in flags or not _is_overloaded()):
            flags.append("slow")
        result = Result(work.learner, work.exercise, work.file, work.attempt, work.key, verdicts, {}, {}, trouble)
        result = replace(result, seconds=round(seconds, 3), cpu_seconds=round(self._cpu, 3))
        return replace(
            result,
            flags=tuple(flags),
            tier=self._isolation.tier,
            cause=self._cause,
            why=self._why,
            left_out=_named_few(work.snapshot.left_out),
        )

    def cancel(self) -> None:
        """Call off what is under way here, from any thread."""
        with self._changing:
            self._cancelled.set()
            if self._run:
                self._run.cancel()

    def close(self) -> None:
        if self._runner:
            self._runner.close()
        self._runner = None

    def _sheet(self, name: str) -> tuple[Exercise, Sheet, str]:
        if name not in self._sheets:
            try:
                exercise = self._course.exercise(self._course.step(name))
                self._sheets[name] = exercise, Sheet(exercise), key_of_tests(self._course.root, exercise)
            except (UserError, OSError) as error:
                raise CannotGrade(f"the course here doesn't have an exercise {name}") from error
        return self._sheets[name]

    def _verdicts(self, work: Work, exercise: Exercise, sheet: Sheet, flags: list[str]) -> tuple[Verdict, ...]:
        first, whole = self._run_on_fresh_copy(work, exercise, sheet, flags)
        if self._cause == "needs Python":
            raise NeedsPython(self._why)
        if not whole:
            flags.append("out of time")
        if not whole or all(verdict.outcome in {"kept", "not proven"} for verdict in first):
            return first
        self._alone = self._alone or is_tight()  # a neighbour may have taken what this one lacked
        second, _ = self._run_on_fresh_copy(work, exercise, sheet, flags)
        verdicts = tuple(_agreed(*pair) for pair in zip(first, second, strict=True))
        if any(verdict.outcome == "unstable" for verdict in verdicts):
            flags.append("unstable")
        if any(map(_differ, first, second)):  # it could play two parts in turn, each of which keeps half
            flags.append(DIFFERENT_FLAG)
        return verdicts

    def _run_on_fresh_copy(
        self, work: Work, exercise: Exercise, sheet: Sheet, flags: list[str]
    ) -> tuple[tuple[Verdict, ...], bool]:
        """Return the verdicts of one run on a fresh copy, and whether there was time for all of it."""
        options = ["--seed", str(work.key.drawn), *self._isolation.options]
        for again in (True, False):
            with work.snapshot.project() as project:
                found, in_time = self._run_in_turn(exercise, ["--submission", str(project), *options])
                self._cpu += found.cpu
                self._cause, self._why = why_not_started(found, project)
                self.memory = max(self.memory, found.memory)
                if OUT_OF_CPU in found.ended and OUT_OF_CPU_FLAG not in flags:
                    flags.append(OUT_OF_CPU_FLAG)
                if not in_time:
                    return sheet.verdicts(found, project), False
                if not (trouble := _trouble(found)):
                    return sheet.verdicts(found, project), True
                if not again and found.cut_short:  # alone too: it's what came back that the tests didn't survive
                    flags.append(CUT_SHORT_FLAG)
                    return sheet.verdicts(found, project), True
            if again:  # the runner itself may have been hit, or a neighbour may have taken all there was
                self.close()
                self._alone = True
        raise CannotGrade(f"the tests didn't come to an end: {bounded(visible(trouble), 500)}")

    def _run_in_turn(self, exercise: Exercise, options: Sequence[str]) -> tuple[Check, bool]:
        """Run the tests when it's their turn; returns what they found, and whether that was in time."""
        with self._isolation.turns.take(self._cancelled, alone=self._alone) as waited:
            self._clock.pause(waited)
            try:
                return self._run_to_its_end([*exercise.public_tests, *exercise.hidden_tests], options)
            except (RuntimeError, OSError) as error:  # no room for a process or a thread
                return Check([], trouble=str(error)), True

    def _run_to_its_end(self, tests: Sequence[Path], options: Sequence[str]) -> tuple[Check, bool]:
        self._runner = self._runner or warm_runner(apps=self._isolation.needs_apps)
        self._runner.env.update(env := self._isolation.env)
        run = self._runner.start(self._course.root, tests, options)
        late = threading.Event()

        def end() -> None:
            late.set()
            run.cancel()

        timer = threading.Timer(self._clock.left(), end)
        timer.daemon = True
        with self._changing:
            self._run = run
            if self._cancelled.is_set():
                run.cancel()
        try:
            timer.start()
        except RuntimeError:
            run.cancel()
            run.result()
            raise
        try:
            found = run.result()
        finally:
            timer.cancel()
            with self._changing:
                self._run = None
        if self._cancelled.is_set():
            raise Cancelled
        self._isolation.replace_if_dead(env)
        return found, not late.is_set()


def _named_few(names: Sequence[str]) -> tuple[str, ...]:
    """Return names as text that can be kept: the first few, and how many more there are."""
    more = [f"and {len(names) - LISTED} more"] if len(names) > LISTED else []
    return (*(one_line(name) for name in names[:LISTED]), *more)


class Clock:
    """The time that one submission has; it doesn't count what it spends waiting for its turn."""

    def __init__(self, limit: float) -> None:
        self._started = time.monotonic()
        self._limit = limit

    def pause(self, seconds: float) -> None:
        self._started += seconds

    def seconds(self) -> float:
        return time.monotonic() - self._started

    def left(self) -> float:
        return max(0.0, self._limit - self.seconds())


def _is_overloaded() -> bool:
    """Return whether others keep this machine so busy that the time says nothing about a submission."""
    return os.getloadavg()[0] > OVERLOADED * (os.cpu_count() or 1)


def _trouble(found: Check) -> str:
    """Return why the tests say nothing about the submission; "" if they do."""
    if found.trouble:
        return found.trouble
    if not found.promises:
        return "there are none"
    # Launchers raise these when they, not the app, are at fault. A response's text would be in quotation marks here.
    cards = (card for promise in found.promises for card in promise.cards)
    got = (lines[0] for card in cards for label, lines in card["sections"] if label == "Got")
    return next((said for said in got if said.startswith(OF_THE_MACHINE)), "")


def _differ(first: Verdict, second: Verdict) -> bool:
    """Return whether both runs broke the promise, by different cases of it."""
    return first.outcome == second.outcome == "broken" and set(first.cases) != set(second.cases)


def _agreed(first: Verdict, second: Verdict) -> Verdict:
    """Return one verdict from two runs: `unstable` if they disagree, unless the second had no time for the promise."""
    if second.evidence == NOT_REACHED or first.outcome == second.outcome == "kept":
        return first
    if "kept" not in {first.outcome, second.outcome}:
        twice = tuple(case for case in first.cases if case in second.cases)
        if twice or not (first.cases and second.cases):
            return replace(first, cases=twice)  # a case that failed once only isn't broken
    red = second if first.outcome == "kept" else first  # either, if they broke different cases
    return replace(red, outcome="unstable", evidence=DISAGREED + red.evidence)
