"""How far the learner has come, told from the journal."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from workbook.course.model import Course, Step
from workbook.journal import Journal


@dataclass
class StepProgress:
    """What the learner has done in one step; experiments by title, tasks by folder name, a tour's questions by text."""

    started: bool = False
    tried: dict[str, bool] = field(default_factory=dict)
    solved: set[str] = field(default_factory=set)
    hints: dict[str, int] = field(default_factory=dict)
    toured: dict[str, bool] = field(default_factory=dict)  # whether at the first try
    code: str = ""  # what the code was when a task was last solved: its fingerprint
    submitted: str = ""
    submitted_code: str = ""  # the fingerprint of what's in that zip
    finished: bool = False


class Progress:
    """The learner's way through a course. Reads the journal once and keeps up with what it records."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.journal = Journal(course.work / "journal.sqlite")
        self.steps = {step.name: StepProgress() for step in course.steps}
        self.current = course.steps[0]
        self.is_new = True
        for entry in self.journal.entries():
            self._apply(entry.kind, entry.step, entry.data)

    def of(self, step: Step) -> StepProgress:
        return self.steps[step.name]

    def record(self, kind: str, step: Step, **data: object) -> None:
        """Note that something happened.

        Kinds: started, current, predicted, solved, hint, toured, reset, submitted, finished.
        """
        self.record_at(datetime.now(UTC), kind, step, data)

    def record_at(self, at: datetime, kind: str, step: Step, data: dict[str, object]) -> None:
        """Note that something happened at that time, elsewhere perhaps."""
        self.journal.record_at(at, kind, step.name, data)
        self._apply(kind, step.name, data)

    def _apply(self, kind: str, name: str, data: dict[str, object]) -> None:
        step = self.course.known(name)
        if step is None:
            return  # a step that the course no longer has; its entries stay in the file
        self.is_new = False
        progress = self.steps[step.name]
        if kind in {"started", "current"}:
            self.current = step
            progress.started = progress.started or kind == "started"
        elif kind == "predicted":
            progress.tried[str(data.get("experiment"))] = bool(data.get("right"))
        elif kind == "solved":
            progress.solved.add(str(data.get("task")))
            progress.code = str(data.get("code", progress.code))  # what was done in the page left no code here
        elif kind == "hint" and isinstance(level := data.get("level"), int):
            task = str(data.get("task"))
            progress.hints[task] = max(progress.hints.get(task, 0), level)
        elif kind == "toured":
            progress.toured[str(data.get("question"))] = data.get("right") is True and data.get("tries") == 1
        elif kind == "submitted":
            progress.submitted = str(data.get("file"))
            progress.submitted_code = str(data.get("code", ""))
        elif kind == "finished":
            progress.finished = True

    def untried(self, step: Step) -> list[int]:
        """Return the numbers of the experiments that the learner hasn't tried yet."""
        tried = self.of(step).tried
        return [n for n, experiment in enumerate(self.course.experiments(step), 1) if experiment.title not in tried]

    def unsolved(self, step: Step) -> list[int]:
        """Return the numbers of the tasks that have never been green; an exercise counts as one task."""
        solved = self.of(step).solved
        if step.kind == "exercise":
            return [] if step.name in solved else [1]
        return [task.number for task in self.course.tasks(step) if task.folder.name not in solved]

    def unanswered(self, step: Step) -> list[int]:
        """Return the numbers of the tour's questions that haven't been answered yet, rightly or wrongly."""
        toured = self.of(step).toured
        return [n for n, question in enumerate(self.course.tour(step), 1) if question.question not in toured]

    def state(self, step: Step) -> str:
        """Return `done`, `here`, `begun` or `open`."""
        progress = self.of(step)
        course = self.course
        has_parts = step.kind == "exercise" or course.experiments(step) or course.tasks(step) or course.tour(step)
        if has_parts and not (self.untried(step) or self.unsolved(step) or self.unanswered(step)):
            return "done"
        if step.name == self.current.name and not self.is_new:
            return "here"
        return "begun" if progress.started or progress.tried or progress.solved or progress.toured else "open"
