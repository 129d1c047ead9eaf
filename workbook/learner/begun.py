"""Whether a learner has begun with a task or an exercise: what isn't begun can't be broken."""

import hashlib
from pathlib import Path

from workbook.course.model import Course, Step

from .progress import Progress
from .workspace import as_it_was_before, copied_files

NOT_CODE = (".md", ".ipynb")
FOR_TESTS = {"tests", "tasks"}


def fingerprint(folder: Path) -> str:
    """Return a digest of the code in a step's folder; its tests, tasks and texts don't count."""
    files = _code(folder)
    return hashlib.sha256("\n".join(f"{name} {files[name]}" for name in sorted(files)).encode()).hexdigest()[:16]


def is_begun(course: Course, progress: Progress, step: Step) -> bool:
    """Return whether the copy in work/ has changed since the step, or its last task that was solved, was done."""
    copy = course.copy(step)
    if step.kind == "exercise":
        return step.name in progress.of(step).solved or _has_changed(course, step, copy)
    if not progress.of(step).solved:
        return fingerprint(copy) != fingerprint(course.folder(step))
    return fingerprint(copy) != progress.of(step).code


def _has_changed(course: Course, step: Step, copy: Path) -> bool:
    before = as_it_was_before(course, step)
    if not before.is_dir():
        return True
    starters = [_code(other.folder / "starter") for other in course.exercises()]
    was, now = _code(before), _code(copy)
    return any(now.get(name) != digest for name, digest in was.items()) or any(
        name not in was and all(starter.get(name) != digest for starter in starters) for name, digest in now.items()
    )


def _code(folder: Path) -> dict[str, str]:
    found = {}
    for name in copied_files(folder):
        parts = name.split("/")
        if FOR_TESTS & set(parts[:-1]) or parts[-1].startswith("test_") or name.endswith(NOT_CODE):
            continue
        file = folder / name
        try:
            content = file.read_bytes().replace(b"\r\n", b"\n") if file.is_file() else b"?"  # a pipe would never end
        except OSError:  # gone, or not to be read: it isn't as it was
            content = b"?"
        found[name] = hashlib.sha256(content).hexdigest()
    return found
