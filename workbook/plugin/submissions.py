"""`--submission PATH`: an exercise's tests, also the hidden ones if they're here, against what was handed in."""

import contextlib
import os
import re
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import pytest

from workbook.submissions.reading import BadSubmission, open_submission

NO_EXERCISE = "--submission needs the exercise to test: pytest exercises/NAME --submission=PATH"
TODO = re.compile(r"TODO: [^\"']{1,200}")
MOST_TODOS, MOST_OF_STARTER = 3, 256 * 1024
SUBMISSION = pytest.StashKey[Path]()
HAS_SANDBOX = find_spec("workbook.sandbox") is not None  # a learner edition hasn't


def refuse_foreign_settings(early_config: pytest.Config) -> None:
    """Raise `UsageError` if pytest has taken its settings from somewhere else than the exercise's course.

    It looks for them before it knows our option, so it takes the PATH of `--submission PATH` for a folder of tests.
    When this is called, no conftest.py has been imported yet, and no file that the settings name has been written.
    """
    given = early_config.known_args_namespace
    if getattr(given, "submission", None) is None:
        return
    inside = early_config.inipath and early_config.inipath.resolve().parent
    exercises = _exercises_in(given.file_or_dir)
    if exercises and not (inside and all(folder.resolve().is_relative_to(inside) for folder in exercises)):
        raise pytest.UsageError(
            f"The settings are those of {early_config.inipath or 'no course'}, not the course's: "
            "name the exercise before --submission, or write --submission=PATH with an equals sign."
        )
    if not exercises:
        raise pytest.UsageError(NO_EXERCISE)


def _exercises_in(arguments: Sequence[str]) -> list[Path]:
    return [folder for argument in arguments if (folder := exercise_of(Path(argument.partition("::")[0])))]


def register_submission(config: pytest.Config) -> None:
    if config.getoption("--launcher") == "sandbox" and not HAS_SANDBOX:
        raise pytest.UsageError("The sandbox isn't part of the learner edition: leave --launcher out.")
    path = config.getoption("--submission")
    exercises = _exercises_in(config.args)
    if path is None:
        if exercises:
            name = exercises[0].name
            raise pytest.UsageError(
                f"{exercises[0]} tests what was handed in: add --submission PATH. "
                f"Your own project: uv run workbook check {name}"
            )
        config.pluginmanager.register(_NotWithoutSubmission(), "workbook-exercises")
        return
    if not exercises:
        raise pytest.UsageError(NO_EXERCISE)
    if not config.getoption("--unsafe"):
        _refuse_without_sandbox(config)
        from workbook.sandbox.limits import limit_this_process  # late: a learner edition doesn't have the sandbox

        limit_this_process()
    stack = contextlib.ExitStack()
    config.add_cleanup(stack.close)
    try:
        config.stash[SUBMISSION] = stack.enter_context(open_submission(Path(path)))
    except BadSubmission as error:
        raise pytest.UsageError(str(error)) from None
    config.args[:] = [file for argument in config.args for file in _tests_in(argument)]


def launcher_of(config: pytest.Config) -> str:
    """Return the launcher's name; a submission is someone else's code, so it runs in the sandbox without `--unsafe`."""
    name: str = config.getoption("--launcher")
    return "sandbox" if name == "auto" and SUBMISSION in config.stash and not config.getoption("--unsafe") else name


def _refuse_without_sandbox(config: pytest.Config) -> None:
    if not HAS_SANDBOX:
        raise pytest.UsageError(
            "--submission runs someone's code, and the sandbox isn't part of the learner edition. "
            "Add --unsafe if you trust it."
        )
    from workbook.sandbox import NoSandbox, bubblewrap

    if config.getoption("--launcher") not in {"auto", "sandbox"}:
        raise pytest.UsageError(
            "--launcher doesn't use a sandbox: leave it out, or add --unsafe if you trust the submission."
        )
    if os.environ.get("WORKBOOK_SANDBOX"):  # the grader has opened one, and tried it
        return
    try:
        bubblewrap.check_namespaces()
    except NoSandbox as error:
        raise pytest.UsageError(
            f"--submission runs someone's code: {error.why}. Next: {error.then}. Add --unsafe if you trust it."
        ) from None


class _NotWithoutSubmission:
    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        return True if _is_exercise(collection_path) else None


def _is_exercise(folder: Path) -> bool:
    # Not Path.is_dir, which raises where a folder may not be read: pytest asks this of everything in /tmp.
    return os.path.isdir(folder / "starter") and os.path.isfile(folder / "grading.toml")  # noqa: PTH112, PTH113


def exercise_of(path: Path) -> Path | None:
    """Return the exercise that a folder or a file in it belongs to, if any."""
    return next((folder for folder in (path, *path.absolute().parents) if _is_exercise(folder)), None)


def _tests_in(argument: str) -> list[str]:
    """Return an exercise's test files for its folder, also the hidden ones, which pytest wouldn't collect by itself."""
    folder = Path(argument)
    if not _is_exercise(folder):
        return [argument]
    return [str(file) for place in (folder, folder / "hidden") for file in sorted(place.glob("test_*.py"))]


def open_todos(item: pytest.Item) -> list[str]:
    """Return up to three TODOs of the starter that the submission still has: file, line, and what's to be done."""
    submission, exercise = item.config.stash.get(SUBMISSION, None), exercise_of(item.path)
    found: list[str] = []
    if submission is None or exercise is None:
        return found
    starter = exercise / "starter"
    for name in sorted(file.relative_to(starter).as_posix() for file in starter.rglob("*.py")):
        if not (submission / name).is_file():
            continue
        with (submission / name).open("rb") as file:
            lines = file.read(MOST_OF_STARTER).decode("utf-8", "replace").splitlines()
        todos = ((number, todo[0]) for number, line in enumerate(lines, 1) if (todo := TODO.search(line)))
        found += [f"{name}:{number} {todo}" for number, todo in islice(todos, MOST_TODOS)]
    return found[:MOST_TODOS]
