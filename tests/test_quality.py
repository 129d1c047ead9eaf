"""The linter, the formatter and the strict type checker don't complain."""

import subprocess
import sys
from pathlib import Path

import pytest

from workbook.authoring.type_check import mypy_cache, type_check
from workbook.course.model import Course

ROOT = Path(__file__).parent.parent
COURSE = Course.find(ROOT)
CACHE = mypy_cache(ROOT)
# What only instructors and authors run, and what only a forked app needs.
LINUX_ONLY = ("authoring", "grader", "report/containers", "sandbox", "serving/fork.py", "serving/warm.py", "site")
FOR_LINUX = tuple(f"workbook/{place}" for place in LINUX_ONLY)
# Several modules are called main: each app directory is checked on its own.
APP_DIRECTORIES = [COURSE.folder(step) for step in COURSE.steps]


def run(*command: str, cwd: Path = ROOT) -> None:
    ended = subprocess.run([sys.executable, "-m", *command], cwd=cwd, capture_output=True, text=True)
    assert ended.returncode == 0, f"{' '.join(command)}:\n{ended.stdout}{ended.stderr}"


def mypy(*words: str, cwd: Path = ROOT) -> None:
    ended = type_check(*words, cwd=cwd, cache=CACHE)
    assert ended.returncode == 0, f"mypy {' '.join(words)}:\n{ended.stdout}{ended.stderr}"


def test_ruff_finds_nothing() -> None:
    """ruff doesn't complain about any Python file."""
    run("ruff", "check", "--no-cache", ".")


def test_files_are_formatted() -> None:
    """Every Python file and notebook is formatted by ruff."""
    run("ruff", "format", "--no-cache", "--check", ".")
    wide = sorted(str(path) for path in (ROOT / "stages").rglob("test_*.py"))  # stages/ruff.toml leaves them to this
    run("ruff", "format", "--no-cache", "--check", "--config", str(ROOT / "pyproject.toml"), *wide)


@pytest.mark.exhaustive  # without a cache it reads all packages: 25 seconds of CPU
def test_mypy_is_strictly_clean() -> None:
    """mypy in strict mode doesn't complain about our own code."""
    mypy("workbook", "tests", "benchmarks")  # one run: side by side each would read all packages


@pytest.mark.exhaustive  # each platform has its own cache: 15 seconds of CPU without it
@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_a_learners_part_is_clean_on_other_platforms(platform: str) -> None:
    """mypy doesn't complain about what a learner runs, on Windows and on macOS either."""
    options = ("--platform", platform, "--no-warn-unreachable", "--no-pretty")

    ended = type_check(*options, "workbook", cwd=ROOT, cache=CACHE / platform)

    assert "checked" in ended.stdout or "Success" in ended.stdout, ended.stdout + ended.stderr
    found = [line.replace("\\", "/") for line in ended.stdout.splitlines() if ": error: " in line]
    assert [line for line in found if not line.startswith(FOR_LINUX)] == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("directory", APP_DIRECTORIES, ids=lambda path: path.name)
def test_mypy_is_strictly_clean_in_app_directories(directory: Path) -> None:
    """mypy in strict mode doesn't complain about an app, its tests and its tasks' tests."""
    mypy("--config-file", str(ROOT / "pyproject.toml"), ".", cwd=directory)
