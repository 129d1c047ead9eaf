"""What every command begins with: the terminal, the course around this folder, and the learner's progress."""

import sys
from functools import cached_property
from pathlib import Path

from workbook.course.model import Course, Step
from workbook.errors import UserError
from workbook.learner.progress import Progress

from .terminal import Terminal


class Context:
    def __init__(self) -> None:
        self.terminal = Terminal(plain="--plain" in sys.argv)
        self.course = Course.find(Path.cwd())

    @cached_property
    def progress(self) -> Progress:
        return Progress(self.course)

    def read_again(self) -> None:
        """Read the progress again when it's needed next: another session may have recorded some."""
        self.__dict__.pop("progress", None)

    def step(self, text: str | None) -> Step:
        """Return the step meant by `text`; without it, the one that the learner is in. Raises `UserError`."""
        step = self.course.step(text) if text else self._step_here() or self.progress.current
        if not self.course.folder(step).is_dir():
            missing = self.course.place(step)
            raise UserError(f"{missing} is missing, although workbook.toml names it.", f"git checkout {missing}")
        return step

    def _step_here(self) -> Step | None:
        """Return the step whose copy in work/, or whose folder in the course, you are in; the current first."""
        here = Path.cwd().resolve()
        steps = [self.progress.current, *self.course.steps]
        for step in steps:
            for folder in (self.course.copy(step), self.course.folder(step)):
                if here.is_relative_to(folder.resolve()) and here != self.course.root.resolve():
                    return step
        return None

    def note(self, kind: str, step: Step, **data: object) -> None:
        """Record progress; where that is impossible, say so and go on."""
        try:
            self.progress.record(kind, step, **data)
        except UserError as error:
            self.terminal.line(f"Your progress can't be saved: {error.message}", "yellow")
