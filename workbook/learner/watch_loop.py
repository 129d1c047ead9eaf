"""The learner's loop: a save, the tests, the verdict; a new save ends the run that is going."""

import contextlib
import queue
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from workbook.course.model import Course
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


Event = Saved | KeyPress | StepResult


class WatchLoop:
    """Checks a subject again and again with everything kept warm. Use it as a context manager."""

    def __init__(self, course: Course, subject: Subject) -> None:
        self.course, self.subject = course, subject
        self._events: queue.Queue[Saved | KeyPress | tuple[Run, StepResult]] = queue.Queue()
        self._run: Run | None = None
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self.runner = stack.enter_context(kept_warm(browser=self.subject.uses_a_browser))
            stack.enter_context(FileWatcher(self.subject.folder, lambda files: self._events.put(Saved(files))))
            stack.callback(self._cancel)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def check(self) -> None:
        """Begin a check; one that is going is ended."""
        self._cancel()
        run = self._run = step_check.begin(self.course, self.subject, self.runner)

        def wait() -> None:
            self._events.put((run, step_check.read_result(self.subject, run.result())))

        threading.Thread(target=wait, daemon=True).start()

    def press(self, key: str) -> None:
        """Queue a key as an event."""
        self._events.put(KeyPress(key))

    def next(self) -> Event:
        """Return the next event, when it happens; after a save, a check is already running."""
        while True:
            try:
                event = self._events.get(timeout=0.5)  # on Windows a wait without end ignores Ctrl-C
            except queue.Empty:
                continue
            if isinstance(event, tuple):
                run, verdict = event
                if run is self._run:
                    self._run = None
                    return verdict
            else:
                if isinstance(event, Saved):
                    self.check()
                return event

    def _cancel(self) -> None:
        if self._run:
            self._run.cancel()
            self._run = None
