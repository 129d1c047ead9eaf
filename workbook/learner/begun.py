"""Whether a learner has begun with a task or an exercise: what isn't begun can't be broken."""

import ast
import hashlib
import warnings
from functools import lru_cache
from pathlib import Path

from workbook.course.model import Course, Step

from .progress import Progress
from .workspace import as_it_was_before, copied_files

NOT_CODE = (".md", ".ipynb")
FOR_TESTS = {"tests", "tasks"}


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
        if FOR_TESTS & set(parts[:-1]) or parts[-1].startswith("test_") or name.endswith(NOT_CODE):
            continue
        file = folder / name
        try:
            found[name] = file.read_bytes().replace(b"\r\n", b"\n") if file.is_file() else b"?"  # a pipe wouldn't end
        except OSError:  # gone, or not to be read: it isn't as it was
            found[name] = b"?"
    return found
