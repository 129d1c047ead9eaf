"""A check of one step: its own promises, and in the learner's copy its tasks' too."""

from dataclasses import dataclass
from pathlib import Path

from workbook.course.changes import Task
from workbook.course.exercise import Exercise
from workbook.course.model import Course, Step
from workbook.course.test_files import find_tests
from workbook.errors import UserError
from workbook.testrun import Check, Run, Runner

from .workspace import MAIN, has_begun

QUICK = ("-m", "not slow", "-k", "not postgresql")  # what a learner's check of the project runs


@dataclass(frozen=True)
class Subject:
    """What is checked: a step's folder, and in a learner's copy the tasks whose tests run too.

    Of an exercise the folder is the learner's project, and the tests are the public ones of the course.
    """

    step: Step
    folder: Path
    tasks: tuple[Task, ...]
    is_copy: bool
    exercise: Exercise | None = None
    handed_in: Path | None = None  # the folder or zip, as it was named

    @classmethod
    def of(cls, course: Course, step: Step, *, shipped: bool = False) -> "Subject":
        """Return the learner's copy of the step; without one, or if `shipped`, the course's own. Raises `UserError`."""
        copy = course.copy(step)
        if step.kind == "exercise":
            return cls._of_exercise(course, step, copy, shipped=shipped)
        if shipped or not copy.is_dir():
            return cls(step, course.folder(step), (), is_copy=False)
        return cls(step, copy, tuple(course.tasks(step)), is_copy=True)

    @classmethod
    def of_submission(cls, course: Course, step: Step, folder: Path, path: Path) -> "Subject":
        """Return an exercise to be checked in the project in `folder`, which was opened from `path`."""
        return cls(step, folder, (), is_copy=False, exercise=course.exercise(step), handed_in=path)

    @classmethod
    def _of_exercise(cls, course: Course, step: Step, copy: Path, *, shipped: bool) -> "Subject":
        if shipped:
            then = f"workbook check {step.name}"
            raise UserError(f"{step.name} is yours to write: the course ships no solution of it.", then)
        if not has_begun(course, step):
            raise UserError(f"{step.name} is not begun.", f"workbook start {step.name}", code=1)
        if not (copy / MAIN).is_file():
            raise UserError(f"{copy / MAIN} is gone.", f"workbook start {step.name}", code=1)
        return cls(step, copy, (), is_copy=True, exercise=course.exercise(step))

    @property
    def task_folders(self) -> dict[str, Path]:
        """Each task's folder in the copy, by the task's name."""
        return {task.folder.name: self.folder / "tasks" / task.folder.name for task in self.tasks}

    @property
    def tests(self) -> list[Path]:
        """The test files: the step's own, and in a copy the tasks'; an exercise's public ones."""
        if self.exercise:
            return self.exercise.public_tests
        return find_tests(self.folder, *self.task_folders.values())

    @property
    def options(self) -> list[str]:
        """What pytest has to be told beside the tests."""
        if self.exercise:
            return ["--submission", str(self.folder), "--unsafe"]
        return list(QUICK) if self.step.kind == "project" else []

    @property
    def uses_a_browser(self) -> bool:
        return any("playwright" in file.read_text(encoding="utf-8") for file in self.tests)

    @property
    def main_file(self) -> Path:
        """The file to open."""
        names = ("main.py", "app/main.py")
        return next((self.folder / name for name in names if (self.folder / name).exists()), self.folder / "main.py")


@dataclass(frozen=True)
class StepResult:
    """What a check of a subject found: the stage's promises, and each task's."""

    subject: Subject
    whole: Check
    stage: Check
    tasks: dict[str, Check]

    @property
    def solved(self) -> list[str]:
        """The tasks whose tests are all green while the stage's own promises are kept; or the exercise."""
        if self.subject.exercise:
            return [self.subject.step.name] if self.stage.passed else []
        return [name for name, check in self.tasks.items() if check.passed and not self.stage.broken]


def begin(course: Course, subject: Subject, runner: Runner) -> Run:
    """Start the tests of the subject."""
    return runner.start(course.root, subject.tests, subject.options)


def read_result(subject: Subject, found: Check) -> StepResult:
    """Sort what a run found into the stage's promises and the tasks'."""
    folders = subject.task_folders
    tasks = {name: found.below(folder) for name, folder in folders.items()}
    in_tasks = {id(promise) for check in tasks.values() for promise in check.promises}
    own = [promise for promise in found.promises if id(promise) not in in_tasks]
    return StepResult(subject, found, Check(own, found.seconds, found.trouble), tasks)
