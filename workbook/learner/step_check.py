"""A check of one step: its own promises, and in the learner's copy its tasks' too."""

from dataclasses import dataclass, replace
from pathlib import Path

from workbook.course.changes import Task
from workbook.course.exercise import Exercise
from workbook.course.model import Course, Step
from workbook.course.points import read_grading
from workbook.course.step_files import find_tests
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
    shipped: tuple[str, ...] = ()  # the test files that a copy should have
    original: Path | None = None  # the course's folder that a copy was made from
    replaced: tuple[tuple[str, str], ...] = ()  # test files, and the exercise in the copy that replaces their promises

    @classmethod
    def of(cls, course: Course, step: Step, *, shipped: bool = False) -> "Subject":
        """Return the learner's copy of the step; without one, or if `shipped`, the course's own. Raises `UserError`."""
        copy = course.copy(step)
        if step.kind == "exercise":
            return cls._of_exercise(course, step, copy, shipped=shipped)
        if shipped or not copy.is_dir():
            return cls(step, course.folder(step), (), is_copy=False)
        folder = course.folder(step)
        names = (file.relative_to(folder).as_posix() for file in find_tests(folder))
        replaced = tuple(_replaced(course, step)) if step.kind == "project" else ()
        tasks = tuple(course.tasks(step))
        return cls(step, copy, tasks, is_copy=True, shipped=tuple(names), original=folder, replaced=replaced)

    @classmethod
    def of_submission(cls, course: Course, step: Step, folder: Path, path: Path) -> "Subject":
        """Return an exercise to be checked in the project in `folder`, which was opened from `path`."""
        return cls(step, folder, (), is_copy=False, exercise=course.exercise(step), handed_in=path)

    @classmethod
    def _of_exercise(cls, course: Course, step: Step, copy: Path, *, shipped: bool) -> "Subject":
        if shipped:
            then = f"workbook check {step.name}"
            raise UserError(
                f"{step.name} is yours to write, so the course doesn't have a copy that could be checked.", then
            )
        if not has_begun(course, step):
            raise UserError(f"You haven't started {step.name} yet.", f"workbook start {step.name}", code=1)
        if not (copy / MAIN).is_file():
            raise UserError(f"{copy / MAIN} is missing.", f"workbook start {step.name}", code=1)
        return cls(step, copy, (), is_copy=True, exercise=course.exercise(step))

    @property
    def task_folders(self) -> dict[str, Path]:
        """Each task's folder in the copy, by the task's name."""
        return {task.folder.name: self.folder / "tasks" / task.folder.name for task in self.tasks}

    @property
    def missing(self) -> list[str]:
        """The test files that the step has and the copy doesn't."""
        return [name for name in self.shipped if not (self.folder / name).is_file()]

    @property
    def edited(self) -> list[str]:
        """The test files of the copy that aren't the course's: the learner has edited them, or the course is newer."""
        if self.original is None:
            return []
        found = {
            file: file.relative_to(self.original)
            for file in find_tests(self.original, *(task.folder for task in self.tasks))
        }
        there = {file: self.folder / name for file, name in found.items() if (self.folder / name).is_file()}
        return [found[file].as_posix() for file, copy in there.items() if _lines(copy) != _lines(file)]

    @property
    def tests(self) -> list[Path]:
        """The test files: the step's own, and in a copy the tasks'; an exercise's public ones."""
        if self.exercise:
            return self.exercise.public_tests
        return find_tests(self.folder, *self.task_folders.values())

    @property
    def options(self) -> list[str]:
        """Options for pytest, beside the tests."""
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
    missing: tuple[str, ...] = ()  # test files that are gone: nothing is known of their promises

    @property
    def is_red(self) -> bool:
        """Whether something is broken, or couldn't be found out; what hasn't begun isn't broken."""
        checks = (self.stage, *self.tasks.values())
        return bool(self.whole.trouble or self.missing or not self.whole.promises or any(c.broken for c in checks))

    def not_begun(self) -> "StepResult":
        """Return this result for a copy in which the task, or the exercise, hasn't begun: what is red is open."""
        tasks = {name: _as_open(check) for name, check in self.tasks.items()}
        stage = _as_open(self.stage) if self.subject.exercise else self.stage
        return replace(self, stage=stage, tasks=tasks)

    def red_so_far(self) -> "StepResult | None":
        """Return what this part of a run has found broken; None if that's nothing, and what waits is left out."""
        known = [promise for promise in self.stage.promises if promise.outcome not in {"unknown", "open"}]
        stage = replace(self.stage, promises=known)
        return replace(self, stage=stage, tasks={}) if any(promise.cards for promise in stage.broken) else None

    def has_begun(self, name: str) -> bool:
        """Return whether a task of a copy that has changed is under way: it's the next, or some of it is done."""
        check, unsolved = self.tasks[name], [task for task, check in self.tasks.items() if not check.passed]
        done = any(promise.outcome == "kept" and not promise.as_before for promise in check.promises)
        return check.passed or (bool(check.broken) and (done or name in unsolved[:1]))

    @property
    def solved(self) -> list[str]:
        """The tasks whose tests are all green while the stage's own promises are kept; or the exercise."""
        if self.subject.exercise:
            return [self.subject.step.name] if self.stage.passed else []
        if self.stage.broken or self.missing:
            return []
        return [name for name, check in self.tasks.items() if check.passed]


def begin(course: Course, subject: Subject, runner: Runner) -> Run:
    """Start the tests of the subject. Raises `UserError` if all are gone."""
    if not subject.tests:
        raise UserError(f"The tests of {subject.step.name} are missing.", f"workbook start {subject.step.name}", code=1)
    return runner.start(course.root, subject.tests, subject.options)


def read_result(subject: Subject, found: Check) -> StepResult:
    """Sort what a run found into the stage's promises and the tasks'."""
    folders = subject.task_folders
    tasks = {name: found.below(folder) for name, folder in folders.items()}
    in_tasks = {id(promise) for check in tasks.values() for promise in check.promises}
    own = [promise for promise in found.promises if id(promise) not in in_tasks]
    for promise in own:
        exercise = dict(subject.replaced).get(_inside(promise.file, subject.folder))
        if exercise and promise.outcome in {"broken", "waiting"}:
            promise.outcome, promise.reason, promise.cards = "replaced", exercise, []
    return StepResult(subject, found, Check(own, found.seconds, found.trouble), tasks, tuple(subject.missing))


def _as_open(check: Check) -> Check:
    promises = [
        replace(promise, outcome="open", cards=[]) if promise.outcome in {"broken", "waiting"} else promise
        for promise in check.promises
    ]
    return replace(check, promises=promises)


def _inside(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else ""


def _replaced(course: Course, project: Step) -> list[tuple[str, str]]:
    """Return the project's test files whose promises an exercise in the copy replaces, with that exercise's name."""
    exercises = [step for step in course.steps if step.kind == "exercise" and has_begun(course, step)]
    return [(file, step.name) for step in exercises for file in read_grading(course.folder(step)).replaces]


def _lines(file: Path) -> list[bytes]:
    """Return a file's lines, however they end."""
    return file.read_bytes().splitlines()
