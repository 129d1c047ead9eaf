"""What to ask again, and when: FSRS spaces predictions by how they went, and how sure the learner was."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from workbook.course.changes import Experiment
from workbook.course.model import Course, Step
from workbook.course.questions import AcrossQuestion, read_across
from workbook.journal import Entry

if TYPE_CHECKING:
    from fsrs import Card, Rating

CERTAIN = "certain"
KINDS = ("predicted", "reviewed")
FIRST_ASKED = timedelta(days=1)  # after the last of its stages' experiments: a question across stages


@dataclass(frozen=True)
class DueQuestion:
    """An experiment or a question across stages that's to be asked, and how it went the last time."""

    step: Step
    subject: Experiment | AcrossQuestion
    due: datetime
    was_certain_and_wrong: bool


def due_questions(course: Course, entries: Iterable[Entry], now: datetime | None = None) -> list[DueQuestion]:
    """Return what is due, those that were certain and wrong first; in each of the two groups the longest due first."""
    moment = now or datetime.now(UTC)
    by_title: dict[tuple[str, str], list[Entry]] = {}
    for entry in sorted(entries, key=lambda one: one.at):  # what was imported may be older than what came before it
        step = course.known(entry.step)
        if entry.kind in KINDS and step:
            by_title.setdefault((step.name, str(entry.data.get("experiment"))), []).append(entry)
    found = []
    for step in course.steps:
        for experiment in course.experiments(step):
            if told := by_title.get((step.name, experiment.title)):
                found.append(_question(step, experiment, told, _due(told)))
    for question in read_across(course.root):
        steps = [step for name in question.about if (step := course.known(name))]
        gone_through = _gone_through(course, steps, by_title)
        if gone_through and len(steps) == len(question.about):
            told = by_title.get((steps[-1].name, question.title), [])
            found.append(_question(steps[-1], question, told, _due(told) if told else gone_through + FIRST_ASKED))
    return sorted((one for one in found if one.due <= moment), key=lambda one: (not one.was_certain_and_wrong, one.due))


def _question(step: Step, subject: Experiment | AcrossQuestion, told: list[Entry], due: datetime) -> DueQuestion:
    last = told[-1].data if told else {}
    return DueQuestion(step, subject, due, last.get("sure") == CERTAIN and not last.get("right"))


def _gone_through(course: Course, steps: list[Step], by_title: dict[tuple[str, str], list[Entry]]) -> datetime | None:
    """Return when the last of the steps' experiments was predicted first; None while one of them hasn't been."""
    told = [by_title.get((step.name, one.title)) for step in steps for one in course.experiments(step)]
    return max(each[0].at.astimezone(UTC) for each in told if each) if told and all(told) else None


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
