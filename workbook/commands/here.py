"""What every command begins with: the terminal, the course around this folder, and the learner's progress."""

import sys
from functools import cached_property
from pathlib import Path

from workbook.course import Course, Step
from workbook.progress import Progress
from workbook.terminal import Terminal


class Here:
    def __init__(self) -> None:
        self.terminal = Terminal(plain="--plain" in sys.argv)
        self.course = Course.find(Path.cwd())

    @cached_property
    def progress(self) -> Progress:
        return Progress(self.course)

    def step(self, text: str | None) -> Step:
        """The step meant by `text`; without it, the one that the learner is in."""
        return self.course.step(text) if text else self.progress.current

    def note(self, kind: str, step: Step, **data: object) -> None:
        """Record progress; where that is impossible, say so and go on."""
        from workbook.errors import UserError

        try:
            self.progress.record(kind, step, **data)
        except UserError as error:
            self.terminal.line(f"Your progress is not kept: {error.message}", "yellow")
