"""What an exercise needs in the page: the project, the starter, and the public tests, which run there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbook.course.exercise import Exercise
from workbook.course.model import Course, Step
from workbook.course.promises import read_promises
from workbook.errors import UserError

from . import examples
from .tasks import rendered_hints

BESIDE = ("requirements.txt", "README.md", ".env.example")  # app/: what a zip of the project can hold too
PROJECT = "work"  # where the learner's copy is


def exercise_files(course: Course) -> Iterator[tuple[str, str]]:
    """Yield what the site serves for exercises, by its path below the playground's folder."""
    for step in course.steps:
        if step.kind == "exercise" and examples.has_example(step):
            yield f"exercises/{step.name}.json", json.dumps(exercise_job(course, step), ensure_ascii=False)


def exercise_job(course: Course, step: Step) -> dict[str, Any]:
    """Return what the page gets of an exercise."""
    exercise, example = course.exercise(step), examples.read_example(step)
    place = course.place(step)
    return {
        "course": course.title,
        "place": place,
        "project": f"{PROJECT}/{exercise.project.name}",
        "files": project_files(exercise.project),
        "hints": rendered_hints(exercise.folder),
        "starter": project_files(exercise.folder / "starter"),
        "tests": _tests(course, exercise),
        "elsewhere": _elsewhere(place, exercise, example.elsewhere),
        "env": example.env,
        "needs": example.needs,
        "first": example.first,
        "notes": example.notes,
        "requests": example.requests,
        "promises": {promise.name: promise.text for promise in read_promises(exercise.folder)},
        "checks": [],
        "experiments": [],
        "tasks": False,
    }


def project_files(folder: Path) -> dict[str, str]:
    """Return the texts of a project that a page keeps, by their paths in it."""
    found = [*(folder / "app").rglob("*.py"), *(folder / name for name in BESIDE)]
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(found)
        if path.is_file() and "__pycache__" not in path.parts
    }


def _tests(course: Course, exercise: Exercise) -> dict[str, str]:
    """Return the public tests and what they look at: by this the plugin knows the folder of an exercise."""
    folder = exercise.folder
    found = [
        *exercise.public_tests,
        *folder.glob("conftest.py"),
        folder.parent / "conftest.py",
        folder / "grading.toml",
    ]
    found += [folder / "starter" / name for name in exercise.starter_files()]
    return {
        path.relative_to(course.root).as_posix(): path.read_text(encoding="utf-8") for path in found if path.is_file()
    }


def _elsewhere(place: str, exercise: Exercise, named: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in exercise.public_tests:
        text = file.read_text(encoding="utf-8")
        found |= {f"{place}/{file.name}::{test}": why for test, why in named.items() if f"def {test}(" in text}
    if len(found) != len(named):
        raise UserError(f"{exercise.name}.toml names a test in `elsewhere` that isn't there.", "correct its name")
    return found
