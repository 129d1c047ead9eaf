"""Predictions come back: spaced by how they went, the certain and wrong ones first."""

from datetime import UTC, datetime, timedelta

from workbook.course.model import Course
from workbook.journal import Entry
from workbook.learner.review import calibration, due_predictions

from ..conftest import COURSE

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TITLES = ("Everybody is welcome", "Another sentence", "Something in the greeting")


def predicted(title: str, days_ago: float, *, right: bool, sure: str = "", kind: str = "predicted") -> Entry:
    return Entry(NOW - timedelta(days=days_ago), kind, "01-hello", {"experiment": title, "right": right, "sure": sure})


def due(*entries: Entry) -> list[str]:
    return [one.experiment.title for one in due_predictions(Course(COURSE), entries, NOW)]


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
