# hidden-from-learners-3b9f51c2
"""The exercises' tests judge correctly: each claim of each exercise is proven by a separate test."""

import os

import pytest

from workbook.authoring.proofs import Verification, prove
from workbook.course.model import Course
from workbook.testrun.kept_warm import kept_warm

from ..shared import found_once
from ..test_repo import ROOT

COURSE = Course.find(ROOT)
EXERCISES = COURSE.exercises()
PROOFS = [Verification(ROOT, exercise, EXERCISES) for exercise in EXERCISES]
CLAIMS = {proof: list(proof.claims()) for proof in PROOFS}
LAST = {proof: proof.last_claim() for proof in PROOFS}
FILES = [next(claim.subject for claim in CLAIMS[proof]) for proof in PROOFS]  # proven in a moment
OTHERS = [claim.subject for claims in CLAIMS.values() for claim in claims if claim.subject not in FILES]


@pytest.fixture(scope="module")
def wrong(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what's wrong with each claim that this run asks for, and with those that it depends on.

    Where tests run in several processes one of them proves all, which keeps every core busy, and the others wait.
    """
    return dict(found_once(tmp_path_factory, "exercises", lambda: prove_all(request.session), 2400))


def prove_all(session: pytest.Session) -> dict[str, str]:
    asked = {item.callspec.params.get("subject") for item in session.items if hasattr(item, "callspec")}
    last = [claim for claim in LAST.values() if claim.subject in asked]
    claims = [c for proof in PROOFS for c in CLAIMS[proof] if c.subject in asked or LAST[proof].subject in asked]
    with kept_warm(browser=False) as runner:
        found = [*prove(claims, runner, lanes=os.cpu_count() or 1), *prove(last, runner)]
    return {finding.subject: finding.wrong for finding in found}


@pytest.mark.parametrize("subject", FILES)
def test_exercise_is_whole(subject: str, wrong: dict[str, str]) -> None:
    """Every file of an exercise is there, says who may see it, and agrees with the others."""
    assert wrong[subject] == ""


@pytest.mark.exhaustive(sample=1, at_most=10)
@pytest.mark.parametrize("subject", OTHERS)
def test_exercise_holds(subject: str, wrong: dict[str, str]) -> None:
    """The starter fails, the solutions and alternatives pass, and every mutant is caught."""
    assert wrong[subject] == ""


@pytest.mark.exhaustive(at_most=1)
@pytest.mark.parametrize("subject", [claim.subject for claim in LAST.values()])
def test_every_promise_has_a_mutant_of_its_own(subject: str, wrong: dict[str, str]) -> None:
    """For each promise of an exercise, there's a mutant that only this promise catches."""
    assert wrong[subject] == ""


def test_every_exercise_is_proven() -> None:
    """Every exercise of the course is proven, together with its hidden part."""
    assert EXERCISES
    assert [exercise.name for exercise in EXERCISES if not exercise.is_for_authors] == []
