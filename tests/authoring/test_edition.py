# hidden-from-learners-3b9f51c2
"""The learner edition of this repository, as it is committed: complete, whole, and without what is hidden."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from workbook.authoring.release import CANARY, IS_HIDDEN
from workbook.course.model import Course

from ..runners import NOT_PASSED_ON, files_below
from ..test_repo import ROOT

ENV = {name: value for name, value in os.environ.items() if not name.startswith(NOT_PASSED_ON)}
ENV["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"


# The plugins of other packages take longer to import than ours to do its work.
OURS_ALONE = ("-p", "workbook.plugin", "-p", "xdist", "-p", "no:cacheprovider")


def python(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a module in the folder, whose own workbook/ is found first."""
    return subprocess.run([sys.executable, "-m", *words], cwd=folder, env=ENV, capture_output=True, text=True)


@pytest.fixture(scope="module")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The edition, written by `workbook author release`."""
    folder = tmp_path_factory.mktemp("release") / "edition"
    ended = python(ROOT, "workbook", "release", str(folder))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return folder


def test_nothing_hidden_is_in_it(edition: Path) -> None:
    """The edition holds no hidden folder and no canary."""
    files = files_below(edition)

    assert len(files) > 200
    assert [name for name in files if IS_HIDDEN.search(name) or "hidden" in Path(name).parent.parts] == []
    assert [name for name, content in files.items() if CANARY.encode() in content] == []


def test_every_step_is_listed(edition: Path) -> None:
    """In the edition `workbook` lists every step, and each exercise's starter is there."""
    course = Course(edition)
    listed = python(edition, "workbook", "list")

    assert (listed.returncode, listed.stderr) == (0, "")
    assert [step.name for step in course.steps if f" {step.name} " not in listed.stdout] == []
    assert [exercise.name for exercise in course.exercises() if not exercise.starter_files()] == []


@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize("name", [exercise.name for exercise in Course.find(ROOT).exercises()])
def test_every_exercise_can_be_begun(edition: Path, name: str) -> None:
    """In the edition every exercise can be begun, checked and handed in."""
    course = Course(edition)
    exercise = course.exercise(course.step(name))

    started = python(edition, "workbook", "start", name)
    assert (started.returncode, started.stderr) == (0, "")
    assert [file for file in exercise.starter_files() if not (course.work / "final" / file).is_file()] == []
    checked = python(edition, "workbook", "check", name)
    assert (checked.returncode, checked.stderr) == (1, ""), checked.stdout
    assert re.search(r"^\d+ of \d+ points; \d+ more are graded by hidden tests\.$", checked.stdout, re.MULTILINE)
    assert " TODO: " in checked.stdout
    submitted = python(edition, "workbook", "submit", name)
    assert (submitted.returncode, submitted.stderr) == (0, "")


def test_its_tests_can_be_run(edition: Path) -> None:
    """In the edition pytest collects every test without an error, and what holds for the repository holds there."""
    collected = python(edition, "pytest", "--collect-only", "-q", *OURS_ALONE)
    assert collected.returncode == 0, collected.stdout[-3000:]
    assert "error" not in collected.stdout.splitlines()[-1]

    tested = python(edition, "pytest", "-q", *OURS_ALONE, "tests/test_repo.py")
    assert tested.returncode == 0, tested.stdout[-3000:]


def test_proving_it_needs_the_full_course(edition: Path) -> None:
    """In the edition `verify` of an exercise and `release` say that this is one; exit 2."""
    proven = python(edition, "workbook", "verify", "--only", "pagination")
    released = python(edition, "workbook", "release", str(edition.parent / "again"))

    assert (proven.returncode, released.returncode) == (2, 2)
    assert "pagination cannot be proven here" in proven.stderr
    assert "This is a learner edition already" in released.stderr
