"""What a stage's tasks need in the page: their texts and hints, and the tests themselves, which run there."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbook.course.changes import Task
from workbook.course.model import Course, Step
from workbook.course.promises import read_promises
from workbook.course.step_files import find_tests
from workbook.errors import UserError

from . import examples
from .minify import shorten

HOUSE = Path(__file__).parents[1]
INSIDE = Path(__file__).parent / "inside" / "testing"
# The tool's own modules that the tests import, and what those import in turn: the same files as on a machine.
OURS = (
    "__init__.py",
    "errors.py",
    "folders.py",
    "open_files.py",
    "course/*.py",
    "plugin/*.py",
    "serving/*.py",
    "submissions/*.py",
)


def testing_modules() -> dict[str, str]:
    """Return the modules that run tests in the page, texts by their path below site-packages."""
    ours = {path for pattern in OURS for path in HOUSE.glob(pattern)}
    named = {f"workbook/{path.relative_to(HOUSE).as_posix()}": path for path in sorted(ours)}
    named |= {f"playground_inside/testing/{path.name}": path for path in sorted(INSIDE.glob("*.py"))}
    return {name: shorten(path.read_bytes()).decode("utf-8") for name, path in named.items()}


def task_files(course: Course) -> Iterator[tuple[str, str]]:
    """Yield what the site serves for tasks, by its path below the playground's folder."""
    yield "testing.json", json.dumps(testing_modules(), ensure_ascii=False)
    for step in examples.stages(course):
        if course.tasks(step):
            yield f"tasks/{step.name}.json", json.dumps(_told(course, step), ensure_ascii=False)


def _told(course: Course, step: Step) -> dict[str, Any]:
    folder, example = course.folder(step), examples.read_example(step)
    return {
        "course": course.title,
        "step": step.name,
        "place": course.place(step),
        "tests": _texts(folder, *folder.glob("conftest.py"), *find_tests(folder)),
        "elsewhere": named_elsewhere(course, step),
        "tasks": [_task(folder, task, example.elsewhere) for task in course.tasks(step)],
    }


def named_elsewhere(course: Course, step: Step) -> dict[str, str]:
    """Return what no page can prove of a stage and its tasks: what each test needs, by its place in a run.

    An example names the stage's own tests by their names, and a task's as `TASK/TEST`.
    """
    folder, place = course.folder(step), course.place(step)
    named = [("", file) for file in find_tests(folder)]
    named += [(f"{task.folder.name}/", file) for task in course.tasks(step) for file in task.tests]
    files = {f"{whose}{test}": file for whose, file in named for test in _tests_in(file)}
    found = {}
    for key, why in examples.read_example(step).elsewhere.items():
        if key not in files:
            raise UserError(f"{step.name}.toml: {key} isn't the name of a test.", "correct its name")
        found[f"{place}/{files[key].relative_to(folder).as_posix()}::{key.rpartition('/')[2]}"] = why
    return found


def _tests_in(file: Path) -> list[str]:
    return re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), flags=re.MULTILINE)


def _task(stage: Path, task: Task, elsewhere: dict[str, str]) -> dict[str, Any]:
    name = task.folder.name
    readme = (task.folder / "README.md").read_text(encoding="utf-8")
    return {
        "name": name,
        "title": f"{task.number}. {task.title}",
        "text": _html(readme.partition("\n")[2]),
        "hints": rendered_hints(task.folder),
        "tests": _texts(stage, *task.tests),
        "promises": {promise.name: promise.text for promise in read_promises(task.folder)},
        "elsewhere": {
            promise.name: elsewhere[key]
            for promise in read_promises(task.folder)
            if (key := f"{name}/{promise.name}") in elsewhere
        },
        "solution": [vars(edit) for edit in task.solution()],
    }


def rendered_hints(folder: Path) -> list[tuple[str, str]]:
    """Return the title and the HTML of each hint of a task or an exercise."""
    parts = re.split(r"^## (.+)$", (folder / "hints.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return [(title, _html(body)) for title, body in zip(parts[::2], parts[1::2], strict=True)]


def _texts(folder: Path, *files: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}


def _html(markdown: str) -> str:
    import markdown as renderer  # late: only those who build the site would have it

    return renderer.markdown(markdown.strip(), extensions=["tables", "fenced_code"])
