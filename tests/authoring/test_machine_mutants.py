# hidden-from-learners-3b9f51c2
"""Mutants that a machine made of the solutions: each is caught, or listed with the reason why it keeps the contract."""

from collections.abc import Iterator
from functools import cache

import pytest

from workbook.authoring.proofs.machine import MachineMutant, make_mutants, read_survivors
from workbook.course.exercise import Exercise, project_copy
from workbook.course.model import Course
from workbook.testrun import Runner, run_tests
from workbook.testrun.kept_warm import kept_warm

from ..test_repo import ROOT

EXERCISES = Course.find(ROOT).exercises()
MANY = 60  # mutants of one solution; there are more, and a number stays when a line changes


@cache
def mutants(exercise: Exercise) -> list[MachineMutant]:
    """Return the mutants that aren't listed as survivors."""
    survivors = tuple(read_survivors(exercise))
    return [one for one in make_mutants(exercise) if not one.name.startswith(survivors)]


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with kept_warm() as opened:
        yield opened


@pytest.mark.exhaustive(of="suite")
@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_the_machine_makes_many(exercise: Exercise) -> None:
    """Every solution has many mutants, each by its own name, and every listed survivor is one of them."""
    names = [one.name for one in make_mutants(exercise)]

    assert len(names) == len(set(names)) >= MANY
    assert [one for one in read_survivors(exercise) if not any(name.startswith(one) for name in names)] == []


@pytest.mark.exhaustive(at_most=0)
@pytest.mark.parametrize("tenth", range(10))
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_a_mutant_is_caught(runner: Runner, exercise: Exercise, tenth: int) -> None:
    """Each mutant turns a promise red."""
    tests = [*exercise.public_tests, *exercise.hidden_tests]
    survived = []
    for mutant in mutants(exercise)[tenth::10]:
        with project_copy([exercise], [exercise.solution]) as copy:
            (copy / mutant.file).write_text(mutant.code, encoding="utf-8")
            if not run_tests(runner, ROOT, tests, ["--submission", str(copy), "--unsafe"]).red:
                survived.append(mutant.name)
    assert survived == []
