"""What a result depends on, as short sums: the same ones, the same result."""

import hashlib
import importlib.metadata
import json
import platform
import sys
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from workbook.course.exercise import Exercise

# What serves a submission, tests it, and judges; and what reads the answer.
OF_OURS = (
    "serving",
    "sandbox",
    "submissions",
    "plugin",
    "conformance",
    "testrun",
    "grader/causes.py",
    "grader/evidence.py",
    "grader/grade_one.py",
    "grader/newer_python.py",
)
PACKAGE = Path(__file__).parents[1]


def key_of_tests(root: Path, exercise: Exercise) -> str:
    """Return a digest of the exercise's tests, pytest's settings, and all code of ours that affects the verdict."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8")).get("tool", {}).get("pytest", {})
    own = [file for file in exercise.folder.rglob("*.py") if "__pycache__" not in file.parts]
    named = [(file.relative_to(exercise.folder).as_posix(), file.read_bytes()) for file in sorted(own)]
    return _digest_of([("settings", json.dumps(settings, sort_keys=True).encode()), *named, ("ours", _ours().encode())])


@lru_cache
def _ours() -> str:
    places = [PACKAGE / name for name in OF_OURS]
    files = [file for place in places for file in (sorted(place.rglob("*.py")) if place.is_dir() else [place])]
    return _digest_of((file.relative_to(PACKAGE).as_posix(), file.read_bytes()) for file in files if file.exists())


@lru_cache
def key_of_environment(*, isolated: bool) -> str:
    """Return a digest of Python, the packages that submissions run on, and whether submissions are isolated."""
    told = [platform.python_implementation(), *map(str, sys.version_info), sys.platform, f"isolated={isolated}"]
    return _digest_of([("python", " ".join(told).encode()), ("packages", "\n".join(sorted(_packages())).encode())])


def environment() -> dict[str, str]:
    """Return the version of Python and of each package that results depend on, by name."""
    packages = (one.partition("==") for one in _packages())
    return {"Python": platform.python_version()} | {name: version for name, _, version in packages}


def _packages() -> set[str]:
    """Return the workbook's packages and those they need, as `name==version`; other installed ones don't matter."""
    found: set[str] = set()
    asked: set[tuple[str, str]] = set()
    left = [("fastapi-workbook", "")]
    while left:
        name, extra = left.pop()
        if (name, extra) in asked:
            continue
        asked.add((name, extra))
        try:
            package = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:  # optional, or for another platform
            continue
        found.add(f"{canonicalize_name(name)}=={package.version}")
        for line in package.requires or []:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                left += [(needed.name, wanted) for wanted in ("", *needed.extras)]
    return found


def _digest_of(parts: Iterable[tuple[str, bytes]]) -> str:
    whole = hashlib.sha256()
    for name, content in parts:
        whole.update(f"{len(name)} {name} {len(content)} ".encode() + content)
    return whole.hexdigest()
