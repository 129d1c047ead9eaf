"""A new exercise's folder with all its parts, failing until they're filled in."""

import re
from pathlib import Path

from workbook.course.model import Course
from workbook.errors import UserError

from .release import CANARY

README = """# {title}

TODO: the story, in two or three sentences: what's missing today, and who misses it.

## What to build

TODO: the contract. Every sentence is a bullet or the row of a table, because hidden/clauses.toml takes them apart.

- **Everyone** sees TODO.

## How it's graded

| promise | points |
|---|---|
| TODO: one sentence | 80 |
| TODO: what only hidden tests show (hidden tests only) | 20 |
"""
HINTS = """## Nudge

TODO: a question that leads on.

## Approach

TODO: the way, without its code.

## Shape of the code

TODO: names and signatures.
"""
GRADING = """# Each promise and its points. You may change points, or move a promise to [bonus] or [dropped].
# No test changes.

replaces = []   # the promises of the project that this exercise replaces by its own

[points]
test_it_works = 80
test_it_works_for_everyone = 20   # hidden

[bonus]

[dropped]
"""
STARTER = '''"""TODO: what this module does."""
'''
PUBLIC = '''from workbook.plugin.client import Client


def test_it_works(client: Client) -> None:
    """One sentence that alone decides whether an edit breaks it."""
    assert client.get("/{name}").status_code == 200
'''
HIDDEN = '''# {canary}
"""What this walk goes through, compared with a model of the project."""

from collections.abc import Callable, Iterator
from random import Random

import pytest

from workbook.conformance.blog import Blog
from workbook.conformance.walk import Walk
from workbook.serving import ServedApp

EVERYONE = "test_it_works_for_everyone"


@pytest.fixture(scope="module")
def walk(served: ServedApp, module_rng: Random, unique: Callable[[str], str]) -> Iterator[Walk]:
    """Walk through every state, and note each difference for one promise."""
    walk = Walk(served, module_rng, unique)
    blog = Blog(walk)
    for stem in ("ada", "grace"):
        with walk.step(EVERYONE):
            member = blog.join(stem)
            reply = walk.client.get("/{name}", headers=member.headers)
            walk.expect(reply.status_code, 200, EVERYONE, "A member doesn't see it.")
    yield walk
    walk.close()


def test_it_works_for_everyone(walk: Walk, request: pytest.FixtureRequest) -> None:
    """One sentence on what only this test shows."""
    walk.prove(request)
'''
CLAUSES = """# {canary}
# What the README promises, taken apart. Each cell names the mutant that only its check catches.

[[clause]]
says = "Everyone"
check = "test_it_works_for_everyone"
[clause.caught]
"a member" = ""
"""
MUTANTS = """# {canary}
# Wrong solutions, each a small edit of the model solution, and the promises that must catch it.

mutant = []
"""
SURVIVORS = """# {canary}
# Mutants made by machine that keep the README's contract, by the beginning of their names.

survivor = []
"""
STEP = """
[[step]]
name = "{name}"
kind = "exercise"
title = "{title}"
concept = "TODO: what it's about"
outcome = "TODO: what a learner can do afterwards"
minutes = 60
"""


def write_exercise(course: Course, name: str) -> list[Path]:
    """Write the folder of a new exercise, and its step in workbook.toml; return the files. Raises `UserError`."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise UserError(f"“{name}” can't be the name of an exercise.", "use small letters, digits and hyphens")
    folder = course.root / "exercises" / name
    if folder.exists() or name in {step.name for step in course.steps}:
        raise UserError(f"There's already an exercise or a step called {name}.", "choose another name")
    module = name.replace("-", "_")
    texts = {
        "README.md": README,
        "hints.md": HINTS,
        "grading.toml": GRADING,
        f"starter/app/{module}.py": STARTER,
        f"test_{module}.py": PUBLIC,
        f"hidden/test_{module}_hidden.py": HIDDEN,
        "hidden/clauses.toml": CLAUSES,
        "hidden/mutants.toml": MUTANTS,
        "hidden/survivors.toml": SURVIVORS,
        "hidden/solution.patch": "# {canary}\n",
    }
    values = {"name": name, "title": name.replace("-", " ").capitalize(), "canary": CANARY}
    for file, text in texts.items():
        place = folder / file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(_filled(text, values), encoding="utf-8")
    settings = course.root / "workbook.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + _filled(STEP, values), encoding="utf-8")
    return [folder / file for file in texts]


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
