# hidden-from-learners-3b9f51c2
"""Similarity on real solutions: independent right ones rarely look alike, and copies in disguise are found."""

from collections.abc import Mapping
from functools import cache

import pytest

from workbook.authoring.disguise import disguised
from workbook.cli.similar import read_sources
from workbook.course.exercise import Exercise, project_copy
from workbook.course.model import Course
from workbook.grader.similarity import Sources, compare_all

from ..site.pages import ROOT

EXERCISES = Course(ROOT).exercises()


@cache
def given(exercise: Exercise) -> Sources:
    with project_copy([exercise]) as project:
        return read_sources(project)


@cache
def solutions(exercise: Exercise) -> Mapping[str, Sources]:
    """The exercise's right solutions that differ from each other, by name."""
    found = {}
    for patch in exercise.alternatives:
        with project_copy([exercise], [patch]) as project:
            found[patch.stem] = read_sources(project)
    return found


@pytest.mark.exhaustive
def test_independent_solutions_rarely_look_alike() -> None:
    """Of all pairs of right solutions, fewer than one in a hundred share half of the code they wrote."""
    alike, pairs = [], 0
    for exercise in EXERCISES:
        found = solutions(exercise)
        pairs += len(found) * (len(found) - 1) // 2
        alike += [(exercise.name, one) for one in compare_all(found, [given(exercise)])]

    assert len(alike) * 100 < pairs, alike


@pytest.mark.exhaustive
def test_disguised_copies_are_found() -> None:
    """Of copies with other names, comments and order, nine in ten are found beside what they were copied from."""
    missed, tried = [], 0
    for exercise in EXERCISES:
        for number, (name, sources) in enumerate(solutions(exercise).items()):
            copy = disguised(sources, given(exercise), number)
            pairs = compare_all({**solutions(exercise), "copy": copy}, [given(exercise)])
            tried += 1
            if not any({name, "copy"} == {pair.first, pair.second} for pair in pairs):
                missed.append((exercise.name, name))

    assert len(missed) * 10 <= tried, missed
