"""Progress as a file: what's done in the page counts in the terminal, and the other way round.

A page keeps the same in the browser. Each entry has a place and a time, so merging twice changes nothing.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from workbook.course.changes import Experiment
from workbook.course.model import Course, Step
from workbook.course.promises import SURE, choices_for, read_promises
from workbook.course.questions import read_across
from workbook.errors import UserError
from workbook.journal import Entry

from .progress import Progress
from .review import KINDS

MOST_BYTES = 5_000_000
_WRITE_ONE = "write one: workbook progress export FILE, or Export in the page"
_OTHER = "workbook progress export OTHER.json"


class _Answer(BaseModel):
    answer: list[str] = []
    sure: str = ""
    right: bool
    when: AwareDatetime
    title: str = ""


class _Reviewed(_Answer):
    step: str


class ProgressFile(BaseModel):
    """What the file holds: tasks by `step/folder`, predictions by `step/number`, and what was asked again since."""

    course: str
    tasks: dict[str, AwareDatetime] = Field(default_factory=dict)
    experiments: dict[str, _Answer] = Field(default_factory=dict)
    reviews: list[_Reviewed] = Field(default_factory=list)


@dataclass
class Merged:
    """How many tasks, predictions and reviews were new, and how many this course doesn't have."""

    tasks: int = 0
    predictions: int = 0
    reviews: int = 0
    unknown: int = 0


def read_progress_file(path: Path, course: Course) -> ProgressFile:
    """Return what a file holds. Raises `UserError` if it isn't progress in this course."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror or error}.", _WRITE_ONE) from error
    try:
        if len(content) > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES // 1_000_000} MB")
        found = ProgressFile.model_validate(json.loads(content))
    except ValidationError as error:
        first = error.errors()[0]
        place = " ".join(str(part) for part in first["loc"])
        raise UserError(f"{path} isn't a progress file ({place}: {first['msg']}).", _WRITE_ONE) from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} isn't a progress file ({error}).", _WRITE_ONE) from error
    if found.course != course.title and not all(course.known(name) for name in _steps_of(found)):
        raise UserError(f"{path} is progress in another course, “{found.course}”.", _WRITE_ONE)
    return found


def _steps_of(found: ProgressFile) -> list[str]:
    """Return the steps that the file is about; a file about nothing names one that no course has."""
    keys = [key.partition("/")[0] for key in (*found.tasks, *found.experiments)]
    return [*keys, *(one.step for one in found.reviews)] or [""]


def write_progress_file(path: Path, progress: Progress) -> ProgressFile:
    """Write all progress so far into `path`. Raises `UserError`, also if that would replace another kind of file."""
    if path.exists():
        try:
            read_progress_file(path, progress.course)
        except UserError as error:
            raise UserError(
                f"{path} exists already, but it isn't progress in this course, and it would be lost.", _OTHER
            ) from error
    told = told_progress(progress)
    text = json.dumps(told.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} can't be written: {error.strerror or error}.", _OTHER, code=1) from error
    return told


def told_progress(progress: Progress) -> ProgressFile:
    """Return all progress so far: of each task the first time that it was done, of each experiment the first answer."""
    course = progress.course
    told = ProgressFile(course=course.title)
    deck = _Deck(course)
    for entry in sorted(progress.journal.entries(), key=lambda one: one.at):
        step = course.known(entry.step)
        if step and entry.kind == "solved":
            told.tasks.setdefault(f"{step.name}/{entry.data.get('task')}", entry.at)
        elif step and entry.kind in KINDS:
            title, sure = str(entry.data.get("experiment")), str(entry.data.get("sure") or "")
            answer = deck.texts(step, title, entry.data.get("prediction"))
            facts = _Answer(title=title, answer=answer, sure=sure, right=bool(entry.data.get("right")), when=entry.at)
            key = deck.key(step, title)
            if key and key not in told.experiments:
                told.experiments[key] = facts
            elif key or deck.asks(step, title):
                told.reviews.append(_Reviewed(**facts.model_dump(), step=step.name))
    return told


def merge_progress(progress: Progress, found: ProgressFile) -> Merged:
    """Record what's new in `found`: the earlier time of a task that's done counts, and an answer counts once."""
    course, deck, merged = progress.course, _Deck(progress.course), Merged()
    entries = progress.journal.entries()
    solved = _first_solved(course, entries)
    answered = {_moment(course, entry) for entry in entries if entry.kind in KINDS}
    for place, when in sorted(found.tasks.items(), key=lambda one: one[1]):
        name, _, task = place.partition("/")
        step = course.known(name)
        if step is None or (task or name) not in _task_names(course, step):
            merged.unknown += 1
            continue
        before = solved.get((step.name, task or name))
        if before is None or when < before:
            progress.record_at(when, "solved", step, {"task": task or name})
            merged.tasks += before is None
    firsts = [(deck.title_of(key, one.title), key.partition("/")[0], one) for key, one in found.experiments.items()]
    again = [(one.title, one.step, one) for one in found.reviews]
    for title, name, one in sorted([*firsts, *again], key=lambda told: told[2].when):
        step = course.known(name)
        if step is None or not (deck.key(step, title) or deck.asks(step, title)):
            merged.unknown += 1
            continue
        if (step.name, title, one.when) in answered:
            continue
        is_first = deck.key(step, title) is not None and title not in progress.of(step).tried
        sure = one.sure if one.sure in SURE else ""
        kind = "predicted" if is_first else "reviewed"
        facts = {"experiment": title, "prediction": one.answer, "right": one.right, "sure": sure}
        progress.record_at(one.when, kind, step, facts)
        merged.predictions += is_first
        merged.reviews += not is_first
    return merged


def _first_solved(course: Course, entries: Iterable[Entry]) -> dict[tuple[str, str], datetime]:
    found: dict[tuple[str, str], datetime] = {}
    for entry in entries:
        if entry.kind == "solved" and (step := course.known(entry.step)):
            place = step.name, str(entry.data.get("task"))
            found[place] = min(entry.at, found.get(place, entry.at))
    return found


def _moment(course: Course, entry: Entry) -> tuple[str, str, datetime]:
    step = course.known(entry.step)
    return step.name if step else entry.step, str(entry.data.get("experiment")), entry.at.astimezone(UTC)


def _task_names(course: Course, step: Step) -> set[str]:
    return {step.name} if step.kind == "exercise" else {task.folder.name for task in course.tasks(step)}


class _Deck:
    """What predictions are about: the experiments of a course, by number and title, and the questions across stages."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self._experiments: dict[str, list[Experiment]] = {}
        self._across = {(course.step(one.about[-1]).name, one.title): one for one in read_across(course.root)}

    def of(self, step: Step) -> list[Experiment]:
        if step.name not in self._experiments:
            self._experiments[step.name] = self.course.experiments(step)
        return self._experiments[step.name]

    def key(self, step: Step, title: str) -> str | None:
        """Return `step/number`, or None if no experiment of the step is called so."""
        titles = [one.title for one in self.of(step)]
        return f"{step.name}/{titles.index(title) + 1}" if title in titles else None

    def title_of(self, key: str, title: str) -> str:
        """Return which experiment is meant: by the title, which outlives a change of their order, or by the number."""
        name, _, number = key.partition("/")
        step = self.course.known(name)
        titles = [one.title for one in self.of(step)] if step else []
        there = number.isdecimal() and 0 < int(number) <= len(titles)
        return titles[int(number) - 1] if there and title not in titles and not title else title

    def asks(self, step: Step, title: str) -> bool:
        """Return whether this is a question across stages, filed with the last of them."""
        return (step.name, title) in self._across

    def texts(self, step: Step, title: str, prediction: Any) -> list[str]:
        """Return an answer as texts: the journal has numbers of what was to choose from, or texts that came so."""
        if not isinstance(prediction, list):
            return []
        known: dict[Any, str] = dict(enumerate(self._choices(step, title), 1))
        return [str(known.get(one, one)) for one in prediction if isinstance(one, str) or one in known]

    def _choices(self, step: Step, title: str) -> tuple[str, ...]:
        if question := self._across.get((step.name, title)):
            return tuple(question.choices)
        for one in self.of(step):
            if one.title == title:
                promises = choices_for(one, read_promises(self.course.folder(step)))
                return one.choices if one.hidden else tuple(promise.name for promise in promises)
        return ()
