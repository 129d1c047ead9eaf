# hidden-from-learners-3b9f51c2
"""The suite reports a fault if there is one: each way in which an attack can succeed."""

import queue
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from workbook.authoring.attacks.attack import Attack, Project
from workbook.authoring.attacks.bait import Bait
from workbook.authoring.attacks.grading import GradedAttack, Lane
from workbook.authoring.attacks.suite import Trial

FULL = {"test_counts_books": "kept", "test_counts_by_letter": "kept"}
NOTHING = dict.fromkeys(FULL, "broken")
HONEST = GradedAttack(100, FULL, "", (), "", 1.0)
REFUSED = GradedAttack(0, NOTHING, "", (), "Got:\n  no response to GET /count within 10 seconds", 1.0)
ATTACK = Attack("bombs", "a bomb", "Explodes.", lambda project: None, "no credit", "no response")
VISITOR = replace(ATTACK, verdict="honest", reason="")


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    with Bait() as bait, ThreadPoolExecutor(1) as pool:
        opened = Trial(bait, tmp_path, queue.SimpleQueue(), pool)
        opened.honest = {
            ("count", "solution"): HONEST,
            ("count", "starter"): replace(HONEST, score=0, verdicts=NOTHING),
        }
        yield opened


def test_what_comes_to_nothing_is_no_fault(trial: Trial) -> None:
    """An attack that earns nothing, or what an honest submission earns, isn't reported as a fault."""
    assert list(trial.faults(ATTACK, REFUSED, HONEST)) == []
    assert list(trial.faults(VISITOR, HONEST, HONEST)) == []


@pytest.mark.parametrize(
    "attack, graded, neighbour, said",
    [
        (ATTACK, HONEST, HONEST, "100 points, and doing nothing earns 0"),
        (ATTACK, replace(REFUSED, evidence="500"), HONEST, "nothing in what is said of it matches 'no response'"),
        (ATTACK, replace(REFUSED, failed="not graded: a crash"), HONEST, "it could not be graded: not graded: a crash"),
        (ATTACK, replace(REFUSED, seconds=900), HONEST, "it took 900 seconds"),
        (ATTACK, replace(REFUSED, trouble="no response \x1b[2J"), HONEST, "what is said of it holds ['\\x1b']"),
        (ATTACK, replace(REFUSED, trouble="no response \u202e"), HONEST, "what is said of it holds ['\\u202e']"),
        (ATTACK, REFUSED, REFUSED, "the verdict on another one is not what it was"),
        (ATTACK, REFUSED, replace(HONEST, failed="it is gone"), "the verdict on another one is not what it was"),
        (VISITOR, REFUSED, HONEST, "0 points, not the 100 of an honest one"),
        (VISITOR, replace(HONEST, evidence='{"REACHED": ["the host"]}'), HONEST, 'REACHED": ["the host"]}'),
    ],
)
def test_faults_are_told(
    trial: Trial, attack: Attack, graded: GradedAttack, neighbour: GradedAttack, said: str
) -> None:
    """Points, no reason, no result, escape sequences and another's loss are each reported as a fault."""
    assert said in "; ".join(trial.faults(attack, graded, neighbour))


def test_a_touch_of_the_bait_is_told(trial: Trial) -> None:
    """If an attack's code ran on the trusted side, the trap shows it, and that's reported as a fault."""
    (trial.bait.trap / "conftest.py").touch()

    assert list(trial.faults(ATTACK, REFUSED, HONEST)) == ["someone has reached the trap: conftest.py"]


class Shaky(Lane):
    """A lane in which an honest submission fails after certain others."""

    def __init__(self, harmful: set[str], needed: int) -> None:
        self.harmful, self.needed, self.seen = harmful, needed, 0

    def grade_project(self, submission: Path, exercise: str, seconds: float = 0) -> GradedAttack:
        (file,) = submission.iterdir()
        if file.name == "honest":
            harmed, self.seen = self.seen >= self.needed, 0
            return REFUSED if harmed else HONEST
        self.seen += file.name in self.harmful
        return REFUSED


def attack_called(name: str) -> Attack:
    def make(project: Project) -> None:
        (project.folder / "honest").rename(project.folder / name)

    return replace(ATTACK, name=name, make=make)


@pytest.mark.parametrize(
    "harmful, needed, named",
    [({"c"}, 1, ["c"]), ({"a", "f"}, 1, ["a", "f"]), ({"a", "b"}, 2, ["a", "b", "c", "d"]), ({"f"}, 2, [])],
)
def test_who_harms_others_is_named(
    trial: Trial, tmp_path: Path, harmful: set[str], needed: int, named: list[str]
) -> None:
    """If an honest submission is harmed, the attack that does it alone is blamed, or all of them."""
    trial.copies["count", "solution"] = tmp_path / "base"
    (tmp_path / "base").mkdir()
    (tmp_path / "base/honest").touch()
    trial.lanes.put(Shaky(harmful, needed))
    asked = [attack_called(name) for name in "abcdef"]

    found = {attack.name: wrong for attack, (wrong, _) in zip(asked, trial.try_out(asked), strict=True)}

    assert [name for name, wrong in found.items() if "the verdict on another one is not what it was" in wrong] == named
    assert [name for name, wrong in found.items() if wrong] == named
