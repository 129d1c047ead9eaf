# hidden-from-learners-3b9f51c2
"""A verdict depends on nothing else: not on the seed, the hour, or what else the machine does."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from workbook.authoring.strangers import write_project
from workbook.course.exercise import Exercise, project_copy
from workbook.course.model import Course
from workbook.testrun import ColdRunner, Runner, run_tests
from workbook.testrun.kept_warm import kept_warm

from ..test_repo import ROOT
from .test_strangers import CASES

EXERCISES = Course.find(ROOT).exercises()
OURS = [
    pytest.param(exercise, patch, id=f"{exercise.name}-ours-{patch.stem}")
    for exercise in EXERCISES
    for patch in (exercise.solution, *exercise.alternatives)
]
SEEDS, HOURS = (1, 2, 3, 4, 5), (3, 15)
BUSY_LOOPS = 2
# Python imports it at its start: the tests and the app then live at another hour.
SITECUSTOMIZE = """
import os
from workbook.serving.probes import move_clock
move_clock(int(os.environ["PYTHON_CLOCK_AHEAD"]))
"""


def seconds_until(hour: int) -> int:
    """Return how long it is until this hour, in UTC."""
    now = datetime.now(UTC)
    then = now.replace(hour=hour, minute=0, second=0) + timedelta(days=1)
    return round((then - now).total_seconds())


@pytest.fixture
def busy() -> Iterator[None]:
    """Keep the machine as busy as a neighbour would."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY_LOOPS)]
    yield
    for loop in loops:
        loop.kill()
        loop.wait()


def red_of_project(runner: Runner, exercise: Exercise, project: Path, seed: int) -> frozenset[str]:
    tests = [*exercise.public_tests, *exercise.hidden_tests]
    found = run_tests(runner, ROOT, tests, ["--submission", str(project), "--unsafe", "--seed", str(seed)])
    assert not found.trouble
    return found.red


@pytest.mark.exhaustive(at_most=2)
@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("exercise, patch", [*OURS, *CASES])
def test_a_verdict_is_the_same_whenever_it_is_given(exercise: Exercise, patch: Path, tmp_path: Path) -> None:
    """With five seeds, at 3 and at 15 o'clock, on a busy machine, a solution will break the same promises."""
    if patch.parent.parent == exercise.strangers:
        write_project(ROOT, exercise, patch, project := tmp_path / "final")
        with kept_warm(browser=False) as runner:
            expected = red_of_project(runner, exercise, project, 11)
        check_at_other_hours(exercise, project, expected, tmp_path)
    else:
        with project_copy([exercise], [patch]) as project:
            check_at_other_hours(exercise, project, frozenset(), tmp_path)


def check_at_other_hours(exercise: Exercise, project: Path, expected: frozenset[str], tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(SITECUSTOMIZE, encoding="utf-8")
    for number, seed in enumerate(SEEDS):
        hour = HOURS[number % len(HOURS)]
        runner = ColdRunner()
        runner.env.update(PYTHONPATH=str(tmp_path), PYTHON_CLOCK_AHEAD=str(seconds_until(hour)))
        assert red_of_project(runner, exercise, project, seed) == expected, f"with the seed {seed}, at {hour}:00"


def test_the_clock_is_moved(tmp_path: Path) -> None:
    """What this file takes for another hour is one, however Python is asked for the time."""
    (tmp_path / "sitecustomize.py").write_text(SITECUSTOMIZE, encoding="utf-8")
    asked = "import datetime, time; print(datetime.datetime.now(datetime.UTC).hour, time.gmtime().tm_hour, time.time())"
    env = {"PYTHONPATH": str(tmp_path), "PYTHON_CLOCK_AHEAD": str(seconds_until(HOURS[0]))}
    said = subprocess.run([sys.executable, "-c", asked], env=env, capture_output=True, text=True, check=True).stdout
    hour, also, stamp = said.split()
    assert (int(hour), int(also)) == (HOURS[0], HOURS[0])
    assert float(stamp) > time.time() + 60
