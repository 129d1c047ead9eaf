"""`--submission PATH`: an exercise's tests, the hidden ones too where they are, against what somebody handed in."""

import contextlib
import re
from pathlib import Path

import pytest

from workbook.submission import BadSubmission, opened

SUBMISSION = pytest.StashKey[Path]()


def register(config: pytest.Config) -> None:
    path = config.getoption("--submission")
    if path is None:
        return
    if not config.getoption("--unsafe"):
        raise pytest.UsageError(
            "--submission runs somebody's code, and there is no sandbox yet. Add --unsafe if you trust it."
        )
    stack = contextlib.ExitStack()
    config.add_cleanup(stack.close)
    try:
        config.stash[SUBMISSION] = stack.enter_context(opened(Path(path)))
    except BadSubmission as error:
        raise pytest.UsageError(str(error)) from None
    config.args[:] = [file for argument in config.args for file in _tests_in(argument)]


def _tests_in(argument: str) -> list[str]:
    """The test files of an exercise's folder, and its hidden ones, which pytest would not collect by itself."""
    folder = Path(argument)
    if not (folder / "starter").is_dir():
        return [argument]
    return [str(file) for place in (folder, folder / "hidden") for file in sorted(place.glob("test_*.py"))]


def open_todos(config: pytest.Config) -> list[str]:
    """Where the submission still holds a TODO of a starter: file, line, and what is to be done."""
    submission = config.stash.get(SUBMISSION, None)
    found = []
    for file in sorted((submission / "app").rglob("*.py")) if submission else []:
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if todo := re.search(r"TODO: [^\"']+", line):
                assert submission
                found.append(f"{file.relative_to(submission).as_posix()}:{number} {todo[0]}")
    return found[:3]
