"""What a journal says, with nothing in it twice: last results, decisions, comments, and what the class is."""

import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from workbook.grader.exports import Export
from workbook.grader.results import (
    CLASS,
    COMMENT,
    FAILED,
    GRADED,
    OVERRIDE,
    PUBLISHED,
    Comment,
    Learner,
    Override,
    Result,
    are_of_one_folder,
)
from workbook.journal import Entry

from .packed import Packed

Place = tuple[str, str]  # a learner's id and an exercise's name
KINDS = (GRADED, OVERRIDE, CLASS, FAILED, COMMENT, PUBLISHED)


class BadEntry(ValueError):
    """An entry is not what the grader writes."""


@dataclass(frozen=True)
class GradeCommand:
    """What one `workbook class grade` said of the class when it began."""

    learners: tuple[Learner, ...]
    exercises: tuple[str, ...]
    paths: frozenset[str]
    not_handed_in: dict[str, list[str]]
    unmatched: list[dict[str, str]]
    superseded: list[dict[str, str]]

    @property
    def has_roster(self) -> bool:
        return any(one.on_roster for one in self.learners)

    def replaces(self, earlier: "GradeCommand") -> bool:
        """Return whether it's about all that an earlier one was about, so that only its lists count."""
        knows_as_much = self.has_roster or not earlier.has_roster
        return knows_as_much and set(earlier.exercises) <= set(self.exercises) and earlier.paths <= self.paths


@dataclass(frozen=True)
class Published:
    """What learners were last shown: the result behind each mark, its points and full marks, and all points then."""

    results: dict[Place, Result]
    marks: dict[Place, tuple[float, float]]
    points: dict[str, dict[str, float]]


@dataclass
class Collected:
    """What the journal says, with nothing in it twice. `commands` are those that no later one replaces."""

    latest: dict[Place, Result] = field(default_factory=dict)  # without evidence, which is in the next one
    evidence: dict[Place, dict[str, Packed]] = field(default_factory=dict)
    paths: dict[Place, frozenset[str]] = field(default_factory=dict)  # that the latest result's grading was about
    announced: dict[str, dict[str, float]] = field(default_factory=dict)  # points at the first grading, by exercise
    overrides: dict[Place, dict[str, Override]] = field(default_factory=dict)
    comments: dict[tuple[str, str, str], Comment] = field(default_factory=dict)
    failed: dict[tuple[str, str, str], dict[str, str]] = field(default_factory=dict)
    commands: list[GradeCommand] = field(default_factory=list)
    exports: dict[str, Export] = field(default_factory=dict)
    exercises: list[str] = field(default_factory=list)
    published: Published | None = None
    title: str = ""
    commit: str = ""
    unsafe: bool = False
    at: datetime | None = None

    def command_of(self, exercise: str) -> GradeCommand | None:
        """Return the last command about an exercise, of those with a roster if there's one."""
        about = [one for one in self.commands if exercise in one.exercises]
        return next((one for one in reversed(about) if one.has_roster), about[-1] if about else None)


def collect(entries: Iterable[Entry]) -> Collected:
    """Read the entries once, oldest first. Raises `BadEntry`."""
    found = Collected()
    known: dict[Any, Any] = {}
    for entry in entries:
        try:
            _take(found, entry, known)
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise BadEntry(f"an entry “{entry.kind}” of {entry.at:%Y-%m-%d %H:%M} can't be read: {error}") from error
    return found


def _take(found: Collected, entry: Entry, known: dict[Any, Any]) -> None:
    data = entry.data
    if entry.kind == GRADED:
        _take_result(found, Result.from_dict(data), known)
        found.at = entry.at
    elif entry.kind == OVERRIDE:
        override = Override(**data)
        theirs = found.overrides.setdefault((override.learner, override.exercise), {})
        if override.points is None:
            theirs.pop(override.promise, None)
        elif not math.isfinite(override.points):
            raise ValueError(f"{override.points} points")
        else:
            theirs[override.promise] = override
    elif entry.kind == FAILED:
        failure = {name: str(data.get(name) or "") for name in ("learner", "file", "why", "cause")}
        found.failed[failure["learner"], entry.step, failure["file"]] = failure | {"exercise": entry.step}
    elif entry.kind == CLASS:
        _take_class(found, data)
    elif entry.kind == COMMENT:
        comment = Comment(**data)
        found.comments.pop(place := (comment.learner, comment.exercise, comment.promise), None)
        if comment.text:
            found.comments[place] = comment
    elif entry.kind == PUBLISHED:
        marks = {
            (learner, exercise): (float(points), float(full))
            for exercise, theirs in data["marks"].items()
            for learner, (points, full) in theirs.items()
        }
        results = {place: result for place, result in found.latest.items() if place in marks}
        found.published = Published(results, marks, data["points"])


def _take_result(found: Collected, result: Result, known: dict[Any, Any]) -> None:
    place = result.learner, result.exercise
    found.announced.setdefault(result.exercise, result.points)
    before, paths = found.latest.get(place), found.commands[-1].paths if found.commands else frozenset()
    # In one folder, what was graded last is what was there last. Between two, only the attempts' numbers can decide.
    if before is None or result.attempt >= before.attempt or are_of_one_folder(found.paths.get(place, ()), paths):
        found.latest[place], found.paths[place] = _shared(result, known), paths
        found.evidence[place] = {one.promise: Packed(one.evidence) for one in result.verdicts if one.evidence}
    for key in [key for key in found.failed if key[:2] == place]:
        del found.failed[key]
    _note_exercises(found, [result.exercise])


def _take_class(found: Collected, data: dict[str, Any]) -> None:
    names = tuple(str(name) for name in data["exercises"])
    command = GradeCommand(
        tuple(Learner(**learner) for learner in data["learners"]),
        names,
        frozenset(data.get("paths", [])),
        {str(name): list(ids) for name, ids in data.get("not_handed_in", {}).items()},
        _as_text(data.get("unmatched", [])),
        _as_text(data.get("superseded", [])),
    )
    found.commands = [*(one for one in found.commands if not command.replaces(one)), command]
    if export := data.get("export"):
        found.exports |= dict.fromkeys(names, Export.from_dict(export))
    found.title = str(data.get("title") or found.title)
    found.commit = str(data.get("commit") or found.commit)
    found.unsafe = bool(data.get("unsafe"))
    _note_exercises(found, names)


def _note_exercises(found: Collected, names: Iterable[str]) -> None:
    found.exercises += [name for name in names if name not in found.exercises]


def _as_text(entries: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [
        {key: "\n".join(map(str, value)) if isinstance(value, list) else str(value) for key, value in one.items()}
        for one in entries
    ]


def _shared(result: Result, known: dict[Any, Any]) -> Result:
    """Return the result without evidence, holding once in memory what thousands of results have in common."""

    def once(key: Any, value: Any) -> Any:
        return known.setdefault(key, value)

    bare = [replace(verdict, evidence="") for verdict in result.verdicts]
    points = once(("points", *sorted(result.points.items())), result.points)
    bonus = once(("bonus", *sorted(result.bonus.items())), result.bonus)
    key = replace(result.key, tests=sys.intern(result.key.tests), environment=sys.intern(result.key.environment))
    exercise, tier = sys.intern(result.exercise), sys.intern(result.tier)
    verdicts = tuple(once(verdict, verdict) for verdict in bare)
    return replace(result, exercise=exercise, tier=tier, key=key, verdicts=verdicts, points=points, bonus=bonus)
