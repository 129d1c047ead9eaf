"""The learner's loop: a save, the tests, the verdict; a new save ends the run that is going."""

import contextlib
import queue
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from workbook.course.model import Course
from workbook.errors import UserError
from workbook.testrun import Run
from workbook.testrun.kept_warm import kept_warm

from . import step_check
from .file_watcher import FileWatcher
from .step_check import StepResult, Subject


@dataclass(frozen=True)
class Saved:
    """Files were saved; a check has begun."""

    files: list[Path]


@dataclass(frozen=True)
class KeyPress:
    """A key was pressed."""

    key: str


@dataclass(frozen=True)
class Notice:
    """Something to know about how saves are noticed."""

    text: str


@dataclass(frozen=True)
class SoFar:
    """A check takes its time: this many of its tests have ended, and this is what they have found."""

    result: StepResult
    done: int
    of: int


Event = Saved | KeyPress | Notice | SoFar | StepResult | UserError
STORM = 0.3  # seconds: a save that comes so soon after another one …
CALM = 0.15  # … is checked when no other has come for so long
SOON, OFTEN = 1.5, 0.5  # seconds until a check says how far it is, and until it says so again


class WatchLoop:
    """Checks a subject again and again with everything kept warm. Use it as a context manager.

    One that `reports` says how far a check is that takes its time.
    """

    def __init__(self, course: Course, subject: Subject, *, reports: bool = False) -> None:
        self.course, self.subject, self._reports = course, subject, reports
        self._events: queue.Queue[Event | tuple[int, StepResult | UserError]] = queue.Queue()
        self._changing = threading.Lock()
        self._run: Run | None = None
        self._number = 0  # of the check that counts
        self._begun = 0.0
        self._over = threading.Event()
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self.runner = stack.enter_context(kept_warm(browser=self.subject.uses_a_browser, rehearses=True))
            watcher = FileWatcher(
                self.subject.folder,
                lambda files: self._events.put(Saved(files)),
                lambda said: self._events.put(Notice(said)),
            )
            stack.enter_context(watcher)
            stack.callback(self._cancel)
            stack.callback(self._over.set)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def check(self) -> None:
        """Begin a check, without waiting for it to begin; one that is going is ended."""
        self._cancel()
        number, soon = self._number, time.monotonic() - self._begun < STORM
        self._begun = time.monotonic()

        def wait() -> None:
            if soon:
                time.sleep(CALM)
            try:
                with self._changing:
                    if number != self._number:
                        return
                    run = self._run = step_check.begin(self.course, self.subject, self.runner)
                if self._reports:
                    threading.Thread(target=self._report, args=(run,), daemon=True).start()
                found: StepResult | UserError = step_check.read_result(self.subject, run.result())
            except UserError as error:
                found = error
            except OSError as error:  # no space for what a run leaves, too many files
                found = UserError(f"The tests couldn't start: {error}.", "workbook doctor", code=1)
            self._events.put((number, found))

        threading.Thread(target=wait, daemon=True).start()

    def press(self, key: str) -> None:
        """Queue a key as an event."""
        self._events.put(KeyPress(key))

    def next(self) -> Event:
        """Return the next event, when it happens; after a save, a check is already on its way."""
        while True:
            try:
                event = self._events.get(timeout=0.5)  # on Windows a wait without end ignores Ctrl-C
            except queue.Empty:
                continue
            if isinstance(event, tuple):
                number, verdict = event
                if number == self._number:
                    self._run = None
                    return verdict
            elif isinstance(event, SoFar) and self._run is None:
                continue  # of a check that has ended since
            else:
                if isinstance(event, Saved):
                    self.check()
                return event

    def _report(self, run: Run) -> None:
        done, wait = 0, SOON
        while not self._over.wait(wait) and self._run is run:
            found, wait = run.so_far(), OFTEN
            before, (done, of) = done, found.tests_ended
            if done > before and self._run is run:
                self._events.put(SoFar(step_check.read_result(self.subject, found), done, of))

    def _cancel(self) -> None:
        with self._changing:
            self._number += 1
            if self._run:
                self._run.cancel()
                self._run = None
