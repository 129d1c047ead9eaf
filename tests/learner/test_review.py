"""Predictions come back: spaced by how they went, the certain and wrong ones first; and questions across stages."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from workbook.course.model import Course
from workbook.errors import UserError
from workbook.journal import Entry
from workbook.learner.review import calibration, due_questions

from ..conftest import COURSE

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TITLES = ("Everybody is welcome", "Another sentence", "Something in the greeting")


def predicted(title: str, days_ago: float, *, right: bool, sure: str = "", kind: str = "predicted") -> Entry:
    return Entry(NOW - timedelta(days=days_ago), kind, "01-hello", {"experiment": title, "right": right, "sure": sure})


def due(*entries: Entry) -> list[str]:
    return [one.subject.title for one in due_questions(Course(COURSE), entries, NOW)]


def test_nothing_is_due_at_once() -> None:
    """What was predicted today isn't asked again today, and what was never predicted isn't at all."""
    assert due(predicted(TITLES[0], 0.01, right=False, sure="certain")) == []


def test_what_was_certain_and_wrong_comes_first() -> None:
    """Of what is due, a mistake that the learner was certain of comes before one that's been due for longer."""
    entries = (
        predicted(TITLES[1], 90, right=False, sure="a guess"),
        predicted(TITLES[0], 40, right=False, sure="certain"),
    )

    assert due(*entries) == [TITLES[0], TITLES[1]]


def test_a_right_prediction_comes_later_than_a_wrong_one() -> None:
    """After three days a mistake is due, and what was right and certain isn't."""
    assert due(predicted(TITLES[0], 3, right=True, sure="certain"), predicted(TITLES[1], 3, right=False)) == [TITLES[1]]


def test_a_review_puts_it_off() -> None:
    """What was reviewed and right isn't due the day after."""
    wrong = predicted(TITLES[0], 30, right=False, sure="certain")
    again = predicted(TITLES[0], 1, right=True, sure="certain", kind="reviewed")

    assert due(wrong) == [TITLES[0]]
    assert due(wrong, again) == []


def test_calibration_counts_by_how_sure() -> None:
    """Of what the learner was certain of it's counted how much was so; a prediction by option counts for nothing."""
    entries = [
        predicted(TITLES[0], 3, right=True, sure="certain"),
        predicted(TITLES[1], 3, right=False, sure="certain"),
        predicted(TITLES[2], 3, right=True, sure="a guess"),
        predicted(TITLES[2], 2, right=True),
    ]
    assert calibration(entries) == {"certain": (2, 1), "a guess": (1, 1)}


# --- across stages

ACROSS = """
[[question]]
title = "Notes for nobody"
about = ["01-hello", "02-notes"]
question = "Does 02 greet nobody?"
choices = ["yes", "no"]
answer = "no"
why = "It has notes only."
"""
BOTH = [*TITLES, "Notes are lost"]


def across(tmp_path: Path, entries: list[Entry], text: str = ACROSS) -> list[str]:
    """What is due in a small course that has a question across its two stages."""
    root = tmp_path / "course"
    shutil.copytree(COURSE, root, dirs_exist_ok=True)
    (root / "stages/review.toml").write_text(text, encoding="utf-8")
    return [one.subject.title for one in due_questions(Course(root), entries, NOW)]


def all_predicted(days_ago: float) -> list[Entry]:
    """An entry for each experiment of both stages, right and certain, so that none is due before long."""
    entries = [predicted(title, days_ago, right=True, sure="certain") for title in TITLES]
    other = {"experiment": "Notes are lost", "right": True, "sure": "certain"}
    return [*entries, Entry(NOW - timedelta(days=days_ago), "predicted", "02-notes", other)]


def test_a_question_across_stages_waits_for_them(tmp_path: Path) -> None:
    """It's asked a day after the last experiment of its stages was predicted, and not before that."""
    assert across(tmp_path, all_predicted(2)) == ["Notes for nobody"]
    assert across(tmp_path, all_predicted(0.5)) == []
    assert across(tmp_path, all_predicted(2)[:-1]) == []


def test_a_question_across_stages_is_spaced_too(tmp_path: Path) -> None:
    """One that was answered rightly isn't due the day after; one that was certain and wrong comes first."""
    at = NOW - timedelta(days=1)
    right = {"experiment": "Notes for nobody", "right": True, "sure": "certain"}
    before = all_predicted(2)
    late = predicted(TITLES[0], 90, right=False, sure="a guess")

    assert across(tmp_path, [*before, Entry(at, "reviewed", "02-notes", right)]) == []
    wrong = Entry(NOW - timedelta(days=60), "reviewed", "02-notes", right | {"right": False})
    assert across(tmp_path, [late, *before[1:], wrong]) == ["Notes for nobody", TITLES[0]]


def test_a_question_without_its_answer_is_refused(tmp_path: Path) -> None:
    """If the answer isn't among the choices, the error names the file and the line."""
    with pytest.raises(UserError, match=r"stages/review.toml, line 5, .*the answer isn't one of the choices"):
        across(tmp_path, all_predicted(2), ACROSS.replace('"no"]', '"perhaps"]'))
