"""From the journal's entries to marks."""

import math
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from workbook.course.points import Grading
from workbook.grader.results import CLASS, FAILED, GRADED, OVERRIDE, Learner, Override, Result, Verdict
from workbook.journal import Entry

from .marks import UNSAFE, ClassMarks, Graded, Item, Mark, Moved, Row, State, Tally

Place = tuple[str, str]  # a learner's id and an exercise's name
Sentence = tuple[str, bool]  # a promise's text, and whether it is hidden
SMALLEST_MOVE = 1e-6  # points: less is rounding


class BadEntry(ValueError):
    """An entry is not what the grader writes."""


@dataclass
class Collected:
    """What the journal says, with nothing in it twice."""

    latest: dict[Place, Result] = field(default_factory=dict)
    first: dict[Place, Result] = field(default_factory=dict)  # without evidence
    overrides: dict[Place, dict[str, Override]] = field(default_factory=dict)
    failed: dict[tuple[str, str, str], dict[str, str]] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    exercises: list[str] = field(default_factory=list)
    at: datetime | None = None


def collect(entries: Iterable[Entry]) -> Collected:
    """Read the entries once, oldest first. Raises `BadEntry`."""
    found = Collected()
    known: dict[Any, Any] = {}
    for entry in entries:
        try:
            _take(found, entry, known)
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise BadEntry(f"an entry “{entry.kind}” of {entry.at:%Y-%m-%d %H:%M} cannot be read: {error}") from error
    return found


def _take(found: Collected, entry: Entry, known: dict[Any, Any]) -> None:
    if entry.kind == GRADED:
        result = _shared(Result.from_dict(entry.data), known)
        place = result.learner, result.exercise
        found.first.setdefault(place, _without_evidence(result))
        if (before := found.latest.get(place)) is None or result.attempt >= before.attempt:
            found.latest[place] = result
        for key in [key for key in found.failed if key[:2] == place]:
            del found.failed[key]
        found.at = entry.at
        _note_exercises(found, [result.exercise])
    elif entry.kind == OVERRIDE:
        override = Override(**entry.data)
        if not math.isfinite(override.points):
            raise ValueError(f"{override.points} points")
        found.overrides.setdefault((override.learner, override.exercise), {})[override.promise] = override
    elif entry.kind == FAILED:
        failure = {name: str(entry.data.get(name) or "") for name in ("learner", "file", "why")}
        found.failed[failure["learner"], entry.step, failure["file"]] = failure | {"exercise": entry.step}
    elif entry.kind == CLASS:
        found.about = {**entry.data, "learners": [Learner(**learner) for learner in entry.data["learners"]]}
        _note_exercises(found, entry.data["exercises"])


def _note_exercises(found: Collected, names: Iterable[str]) -> None:
    found.exercises += [name for name in names if name not in found.exercises]


def _shared(result: Result, known: dict[Any, Any]) -> Result:
    """Return the result, holding once in memory what thousands of results have in common."""

    def once(key: Any, value: Any) -> Any:
        return known.setdefault(key, value)

    verdicts = tuple(
        once(verdict, verdict)
        if not verdict.evidence
        else replace(verdict, promise=sys.intern(verdict.promise), text=once(verdict.text, verdict.text))
        for verdict in result.verdicts
    )
    points = once(("points", *sorted(result.points.items())), result.points)
    bonus = once(("bonus", *sorted(result.bonus.items())), result.bonus)
    return replace(result, verdicts=verdicts, points=points, bonus=bonus)


def _without_evidence(result: Result) -> Result:
    return replace(result, verdicts=tuple(replace(verdict, evidence="") for verdict in result.verdicts))


def count(
    found: Collected,
    gradings: Mapping[str, Grading],
    titles: Mapping[str, str],
    sentences: Mapping[Place, Sentence] | None = None,
) -> ClassMarks:
    """Return the marks of a class.

    An exercise without a grading is counted by the points in its results. `titles` gives the order of the exercises;
    `sentences` has the texts of promises that no result knows yet.
    """
    names = [name for name in titles if name in found.exercises]
    names += [name for name in found.exercises if name not in names]
    gradings = {name: gradings.get(name) or _grading_then(found, name) for name in names}
    texts = dict(sentences or {}) | _texts(found)
    rows = [
        Row(learner, {name: _mark(found, learner.id, name, gradings[name], texts) for name in names})
        for learner in sorted(_learners(found), key=lambda one: ((one.name or one.id).casefold(), one.id))
    ]
    tiers = sorted({mark.tier for row in rows for mark in row.marks.values() if mark.tier})
    return ClassMarks(
        title=str(found.about.get("title") or "Class report"),
        graded_at=f"{found.at.day} {found.at:%B %Y, %H:%M} UTC" if found.at else "",
        unsafe=UNSAFE in tiers or bool(found.about.get("unsafe")),
        tiers=tiers,
        exercises=[_graded(name, titles.get(name, name), gradings[name], texts, rows) for name in names],
        rows=rows,
        unmatched=_as_text(found.about.get("unmatched", [])),
        failed=list(found.failed.values()),
        superseded=_as_text(found.about.get("superseded", [])),
    )


def _as_text(entries: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{key: str(value) for key, value in one.items()} for one in entries]


def _learners(found: Collected) -> list[Learner]:
    """Return the class's learners, and anyone with a result who isn't in the class.

    A stranger whose file is now known as a learner's is left out, because the roster has been completed since.
    """
    learners = {learner.id: learner for learner in found.about.get("learners", [])}
    theirs = {(name, result.file) for (ident, name), result in found.latest.items() if ident in learners}
    for ident, name in [*found.latest, *found.overrides]:
        result = found.latest.get((ident, name))
        if ident not in learners and not (result and (name, result.file) in theirs):
            learners[ident] = Learner(ident, ident, on_roster=False)
    return list(learners.values())


def _grading_then(found: Collected, name: str) -> Grading:
    results = [result for (_, exercise), result in found.latest.items() if exercise == name]
    return Grading(points=results[-1].points, bonus=results[-1].bonus) if results else Grading(points={})


def _texts(found: Collected) -> dict[Place, Sentence]:
    """Return each promise's sentence, and whether it's hidden, by exercise and name, from the last result with it."""
    return {
        (exercise, verdict.promise): (verdict.text, verdict.hidden)
        for (_, exercise), result in found.latest.items()
        for verdict in result.verdicts
    }


def _mark(found: Collected, ident: str, name: str, grading: Grading, texts: dict[Place, Sentence]) -> Mark:
    result = found.latest.get((ident, name))
    overrides = found.overrides.get((ident, name), {})
    items = _items(name, result, grading, overrides, texts)
    if result is None:
        failure = next((one for key, one in found.failed.items() if key[:2] == (ident, name)), None)
        state: State = "failed" if failure else _without_result(found, ident, name)
        return Mark(name, state, items if overrides else (), why=failure["why"] if failure else "")
    mark = Mark(
        name,
        "graded",
        items,
        file=result.file,
        attempt=result.attempt,
        trouble=result.trouble,
        flags=result.flags,
        tier=result.tier,
        seconds=result.seconds,
    )
    return replace(mark, moved=_moved(found.first[ident, name], result, mark, grading))


def _without_result(found: Collected, ident: str, name: str) -> State:
    """Return `not graded` if the work was handed in but grading was cut short before it, otherwise `not handed in`."""
    looked_for = found.about.get("not_handed_in", {})
    on_roster = any(learner.id == ident and learner.on_roster for learner in found.about.get("learners", []))
    return "not graded" if name in looked_for and on_roster and ident not in looked_for[name] else "not handed in"


def _items(
    name: str,
    result: Result | None,
    grading: Grading,
    overrides: dict[str, Override],
    texts: dict[Place, Sentence],
) -> tuple[Item, ...]:
    """Return an item for each promise in grading.toml, in its order; verdicts on any other promise don't count."""
    verdicts = {verdict.promise: verdict for verdict in result.verdicts} if result else {}
    items = []
    for table in (grading.points, grading.bonus):
        for promise, worth in table.items():
            text, hidden = texts.get((name, promise), (promise, False))
            found = verdicts.get(promise, Verdict(promise, text, hidden, "waiting"))
            outcome = found.outcome if promise in verdicts else "not graded"
            override = overrides.get(promise)
            bonus = table is grading.bonus
            items.append(Item(promise, found.text, found.hidden, outcome, worth, bonus, found.evidence, override))
    return tuple(items)


def _score_then(result: Result) -> float:
    worth = result.points | result.bonus
    return sum(worth.get(verdict.promise, 0.0) for verdict in result.verdicts if verdict.outcome == "kept")


def _moved(first: Result, last: Result, mark: Mark, grading: Grading) -> Moved | None:
    before, after = _score_then(first), mark.points
    if abs(before - after) < SMALLEST_MOVE:
        return None
    reasons = []
    if first.attempt != last.attempt:
        reasons.append(f"Attempt {last.attempt} counts now; attempt {first.attempt} was graded first.")
    elif first.key.submission != last.key.submission:
        reasons.append("Other files were handed in and graded.")
    if first.key.tests != last.key.tests:
        reasons.append("It was graded again with other tests.")
    if first.key.environment != last.key.environment:
        reasons.append("It was graded again with other versions of Python or its packages.")
    if first.key.seed != last.key.seed:
        reasons.append("It was graded again with another seed.")
    if not reasons and _outcomes(first) != _outcomes(last):
        reasons.append("It was graded again, all else unchanged, and came out differently.")
    reasons += _new_points(first, last, grading)
    reasons += [
        f"Given by hand, {plural(item.override.points)} of {item.worth:g} for “{item.text}”: {item.override.why}"
        for item in mark.items
        if item.override
    ]
    return Moved(before, after, tuple(reasons))


def plural(points: float) -> str:
    return f"{points:g} point{'' if points == 1 else 's'}"


def _outcomes(result: Result) -> set[tuple[str, str]]:
    return {(verdict.promise, verdict.outcome) for verdict in result.verdicts}


def _new_points(first: Result, last: Result, grading: Grading) -> list[str]:
    """Return a sentence for each promise that the learner kept and that grading.toml now gives other points."""
    then = first.points | first.bonus
    reasons = []
    for verdict in last.verdicts:
        was, now = then.get(verdict.promise, 0.0), grading.of(verdict.promise)
        if was != now and verdict.outcome == "kept":
            counts = (
                "is dropped and counts for nobody" if verdict.promise in grading.dropped else f"counts {plural(now)}"
            )
            reasons.append(f"“{verdict.text}” {counts}; it counted {was:g}.")
    return reasons


def _graded(name: str, title: str, grading: Grading, texts: dict[Place, Sentence], rows: list[Row]) -> Graded:
    tallies = {}
    for table in (grading.points, grading.bonus):
        for promise, worth in table.items():
            text, hidden = texts.get((name, promise), (promise, False))
            tallies[promise] = Tally(promise, text, hidden, worth, table is grading.bonus)
    for row in rows:
        mark = row.marks[name]
        if mark.state != "graded" or mark.trouble:  # nothing was looked at: that says nothing of a promise
            continue
        for item in mark.items:
            if item.outcome != "not graded":
                tallies[item.promise].of += 1
                tallies[item.promise].kept += item.outcome == "kept"
    return Graded(name, title, grading.full, list(tallies.values()))
