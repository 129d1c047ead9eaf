"""What a result depends on, as short sums: the same ones, the same result."""

import hashlib
import json
import platform
import sys
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from packaging.requirements import Requirement

from workbook.course.exercise import Exercise
from workbook.pins import installed_closure

# What serves a submission, tests it, and judges; and what reads the answer.
OF_OURS = (
    "serving",
    "sandbox",
    "submissions",
    "plugin",
    "testrun",
    "grader/evidence.py",
    "grader/grade_one.py",
)
PACKAGE = Path(__file__).parents[1]


def key_of_tests(root: Path, exercise: Exercise) -> str:
    """Return a digest of the exercise's tests, pytest's settings, and all code of ours that affects the verdict."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8")).get("tool", {}).get("pytest", {})
    own = [file for file in exercise.folder.rglob("*.py") if "__pycache__" not in file.parts]
    named = [(file.relative_to(exercise.folder).as_posix(), file.read_bytes()) for file in sorted(own)]
    return _sum([("settings", json.dumps(settings, sort_keys=True).encode()), *named, ("ours", _ours().encode())])


@lru_cache
def _ours() -> str:
    places = [PACKAGE / name for name in OF_OURS]
    files = [file for place in places for file in (sorted(place.rglob("*.py")) if place.is_dir() else [place])]
    return _sum((file.relative_to(PACKAGE).as_posix(), file.read_bytes()) for file in files if file.exists())


@lru_cache
def key_of_environment(*, isolated: bool) -> str:
    """Return a digest of Python, the packages that submissions run on, and whether submissions are isolated."""
    told = [platform.python_implementation(), *map(str, sys.version_info), sys.platform, f"isolated={isolated}"]
    return _sum([("python", " ".join(told).encode()), ("packages", "\n".join(_packages()).encode())])


def _packages() -> list[str]:
    """Return the workbook's packages and those they need, as `name==version`; other installed ones don't matter."""
    found = installed_closure([Requirement("fastapi-workbook")])
    return sorted(f"{name}=={version}" for name, version in found.items())


def _sum(parts: Iterable[tuple[str, bytes]]) -> str:
    whole = hashlib.sha256()
    for name, content in parts:
        whole.update(f"{len(name)} {name} {len(content)} ".encode() + content)
    return whole.hexdigest()
