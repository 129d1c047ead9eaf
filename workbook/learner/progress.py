"""How far the learner has come, told from the journal, and whether a task has begun: only then it can be broken."""

import ast
import hashlib
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from workbook.course.model import Course, Step
from workbook.journal import Journal

from .workspace import as_it_was_before, copied_files

NOT_CODE = (".md", ".ipynb")
FOR_TESTS = {"tests", "tasks"}


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


def fingerprint(folder: Path) -> str:
    """Return a digest of the code in a step's folder, byte by byte; its tests, tasks and texts don't count."""
    return _digest_of(_code(folder))


def meaning(folder: Path) -> str:
    """Return such a digest of what the code means: another comment or blank line doesn't change it."""
    return _digest_of(_meanings(_code(folder)))


def is_begun(course: Course, progress: Progress, step: Step) -> bool:
    """Return whether the copy in work/ has changed since the step, or its last task that was solved, was done."""
    copy = course.copy(step)
    if step.kind == "exercise":
        return bool(progress.of(step).code) or _has_changed(course, step, copy)  # solved here, and not in the page
    if not progress.of(step).code:
        return meaning(copy) != meaning(course.folder(step))
    code = _code(copy)
    known = {_digest_of(_meanings(code)), _digest_of(code)}  # the second is in older journals
    return progress.of(step).code not in known


def _has_changed(course: Course, step: Step, copy: Path) -> bool:
    before = as_it_was_before(course, step)
    if not before.is_dir():
        return True
    starters = [_meanings(_code(other.folder / "starter")) for other in course.exercises()]
    was, now = _meanings(_code(before)), _meanings(_code(copy))
    return any(now.get(name) != digest for name, digest in was.items()) or any(
        name not in was and all(starter.get(name) != digest for starter in starters) for name, digest in now.items()
    )


def _meanings(code: dict[str, bytes]) -> dict[str, bytes]:
    return {name: _as_python(content) if name.endswith(".py") else content for name, content in code.items()}


@lru_cache(maxsize=1000)
def _as_python(content: bytes) -> bytes:
    """Return what Python makes of the content; the content itself if it isn't Python, for the moment or at all."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of an odd escape, say: Python says so when it runs the app
            return ast.dump(ast.parse(content)).encode("utf-8", "backslashreplace")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return content


def _digest_of(files: dict[str, bytes]) -> str:
    lines = [f"{name} {hashlib.sha256(files[name]).hexdigest()}" for name in sorted(files)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _code(folder: Path) -> dict[str, bytes]:
    found = {}
    for name in copied_files(folder):
        parts = name.split("/")
        if FOR_TESTS & set(parts[:-1]) or parts[-1].startswith(("test_", "conftest.")) or name.endswith(NOT_CODE):
            continue
        file = folder / name
        try:
            found[name] = file.read_bytes().replace(b"\r\n", b"\n") if file.is_file() else b"?"  # a pipe wouldn't end
        except OSError:  # gone, or not to be read: it isn't as it was
            found[name] = b"?"
    return found
