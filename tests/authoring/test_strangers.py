# hidden-from-learners-3b9f51c2
"""Solutions that others wrote from the READMEs alone: right ones have full marks, wrong ones don't."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from workbook.authoring.strangers import NoCommit, write_project
from workbook.course.exercise import Exercise
from workbook.course.model import Course
from workbook.testrun import Runner, run_tests
from workbook.testrun.kept_warm import kept_warm

from ..test_repo import ROOT

EXERCISES = Course.find(ROOT).exercises()
CASES = [
    pytest.param(exercise, patch, id=f"{exercise.name}-{kind}-{patch.stem}")
    for exercise in EXERCISES
    for kind in ("right", "wrong")
    for patch in sorted((exercise.strangers / kind).glob("*.patch"))
]


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with kept_warm() as opened:
        yield opened


@pytest.mark.exhaustive(of="suite")
@pytest.mark.exhaustive(sample=1, at_most=8)
@pytest.mark.parametrize("exercise, patch", CASES)
def test_a_strangers_solution_is_judged_rightly(
    runner: Runner, exercise: Exercise, patch: Path, tmp_path: Path
) -> None:
    """A right solution of someone who hasn't seen the hidden tests keeps every promise; a wrong one breaks one."""
    project = tmp_path / "final"
    try:
        write_project(ROOT, exercise, patch, project)
    except NoCommit as error:
        pytest.skip(f"this clone has no commit {str(error)[:10]}")

    tests = [*exercise.public_tests, *exercise.hidden_tests]
    found = run_tests(runner, ROOT, tests, ["--submission", str(project), "--unsafe", "--seed", "11"])

    assert not found.trouble
    assert bool(found.red) == (patch.parent.name == "wrong"), sorted(found.red)
