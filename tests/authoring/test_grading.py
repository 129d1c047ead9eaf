# hidden-from-learners-3b9f51c2
"""Real exercises graded in the sandbox: full marks for the solution, few for the starter, and the same each time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from workbook.course.exercise import Exercise, project_copy
from workbook.course.model import Course
from workbook.course.points import read_grading
from workbook.grader.fingerprints import key_of_environment, key_of_tests
from workbook.grader.grade_one import SubmissionGrader, Work
from workbook.grader.isolation import open_isolation
from workbook.grader.results import Result, ResultKey
from workbook.submissions.snapshot import take_snapshot

from ..test_repo import ROOT

COURSE = Course.find(ROOT)


@pytest.fixture(scope="module")
def grader(needs_sandbox: None) -> Iterator[SubmissionGrader]:
    with open_isolation(ROOT, unsafe=False) as isolation:
        made = SubmissionGrader(COURSE, isolation)
        yield made
        made.close()


def grade(grader: SubmissionGrader, exercise: Exercise, *patches: Path) -> Result:
    with project_copy([exercise], patches) as copy:
        snapshot = take_snapshot(copy)
    key = ResultKey(snapshot.digest, key_of_tests(ROOT, exercise), key_of_environment(isolated=True), 7)
    return grader.grade_submission(Work("ada", exercise.name, "final", 1, snapshot, key, 300))


@pytest.mark.exhaustive(of="suite")
@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize("exercise", COURSE.exercises(), ids=lambda exercise: exercise.name)
def test_a_real_exercise_is_graded(grader: SubmissionGrader, exercise: Exercise) -> None:
    """The solution keeps every promise; the starter gets less than half, and its cards say why."""
    solved, begun = grade(grader, exercise, exercise.solution), grade(grader, exercise)

    assert [one.promise for one in solved.verdicts if one.outcome != "kept"] == []
    kept = {one.promise for one in begun.verdicts if one.outcome == "kept"}
    grading = read_grading(exercise.folder)
    assert grading.score(kept) < grading.full / 2
    assert all(one.evidence for one in begun.verdicts if one.outcome == "broken")
    told = "".join(one.evidence for one in begun.verdicts)
    assert "assert" not in told
    assert "/tmp" not in told


@pytest.mark.exhaustive
def test_a_starter_has_the_same_evidence_each_time(grader: SubmissionGrader) -> None:
    """What the grader says of a submission depends on nothing but the submission."""
    pagination = COURSE.exercise(COURSE.step("pagination"))

    assert grade(grader, pagination).verdicts == grade(grader, pagination).verdicts
