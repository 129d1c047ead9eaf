"""Which predictions to ask again, and when: FSRS spaces them by how they went, and how sure the learner was."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from workbook.course.changes import Experiment
from workbook.course.model import Course, Step
from workbook.journal import Entry

if TYPE_CHECKING:
    from fsrs import Card, Rating

CERTAIN = "certain"
KINDS = ("predicted", "reviewed")


@dataclass(frozen=True)
class DuePrediction:
    """An experiment whose prediction is to be asked again, and how the last one went."""

    step: Step
    number: int
    experiment: Experiment
    due: datetime
    was_certain_and_wrong: bool


def due_predictions(course: Course, entries: Iterable[Entry], now: datetime | None = None) -> list[DuePrediction]:
    """Return what is due, those that were certain and wrong first; in each of the two groups the longest due first."""
    moment = now or datetime.now(UTC)
    by_title: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        step = course.known(entry.step)
        if entry.kind in KINDS and step:
            by_title.setdefault((step.name, str(entry.data.get("experiment"))), []).append(entry)
    found = []
    for step in course.steps:
        for number, experiment in enumerate(course.experiments(step), 1):
            told = by_title.get((step.name, experiment.title), [])
            if told and (due := _due(told)) <= moment:
                last = told[-1].data
                wrong = last.get("sure") == CERTAIN and not last.get("right")
                found.append(DuePrediction(step, number, experiment, due, wrong))
    return sorted(found, key=lambda one: (not one.was_certain_and_wrong, one.due))


def _due(told: list[Entry]) -> datetime:
    """Return when a prediction is to be asked again, after how it went so far."""
    from fsrs import Card, Scheduler  # late: only a review needs it

    scheduler, card = Scheduler(enable_fuzzing=False, learning_steps=(), relearning_steps=()), Card()
    for entry in told:
        card = _reviewed(scheduler.review_card(card, _rating(entry), entry.at.astimezone(UTC)))
    return card.due


def _reviewed(result: "tuple[Card, object]") -> "Card":
    return result[0]


def _rating(entry: Entry) -> "Rating":
    from fsrs import Rating

    if not entry.data.get("right"):
        return Rating.Again
    return {"a guess": Rating.Hard, CERTAIN: Rating.Easy}.get(str(entry.data.get("sure")), Rating.Good)


def calibration(entries: Iterable[Entry]) -> dict[str, tuple[int, int]]:
    """Return for each degree of being sure how many predictions were made, and how many of them were right."""
    found: dict[str, tuple[int, int]] = {}
    for entry in entries:
        sure = entry.data.get("sure")
        if entry.kind in KINDS and isinstance(sure, str) and sure:
            of, right = found.get(sure, (0, 0))
            found[sure] = of + 1, right + bool(entry.data.get("right"))
    return found
