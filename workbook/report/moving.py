"""Marks that aren't what learners were shown any more, and why."""

from typing import Any

from workbook.course.points import Grading
from workbook.grader.results import Result

from .collecting import Published
from .marks import ClassMarks, Item, Moved

SMALLEST_MOVE = 1e-6  # points: less is rounding
Now = tuple[float, float]  # points and full marks


def moved_since(
    published: Published,
    place: tuple[str, str],
    last: Result | None,
    items: tuple[Item, ...],
    now: Now,
    grading: Grading,
) -> Moved | None:
    """Return what was published and what is now, with a sentence for each reason; None if nothing has changed."""
    before = published.marks.get(place)
    if before is None or all(abs(then - this) < SMALLEST_MOVE for then, this in zip(before, now, strict=True)):
        return None
    first = published.results.get(place)
    reasons = _regraded(first, last) if first and last else []
    if last:
        reasons += _new_points(published.points.get(place[1], {}), last, grading)
    reasons += [
        f"Given by hand, {plural(item.points)} of {item.worth:g} for “{item.text}”: {item.override.why}"
        for item in items
        if item.override
    ]
    return Moved(*before, *now, tuple(reasons))


def as_shown(marks: ClassMarks) -> dict[str, Any]:
    """Return what the journal keeps when learners are shown their marks."""
    full = {one.name: one.full for one in marks.exercises}
    shown: dict[str, dict[str, tuple[float, float]]] = {one.name: {} for one in marks.exercises}
    for row, mark in marks.pairs():
        if mark.counts:
            shown[mark.exercise][row.learner.id] = mark.points, full[mark.exercise]
    return {"marks": shown, "points": {one.name: one.points for one in marks.exercises}}


def _regraded(first: Result, last: Result) -> list[str]:
    reasons = []
    if first.attempt != last.attempt:
        reasons.append(f"Attempt {last.attempt} counts now; attempt {first.attempt} was graded before.")
    elif first.key.submission != last.key.submission:
        reasons.append("Other files were handed in and graded.")
    if first.key.tests != last.key.tests:
        reasons.append("It was graded again with other tests.")
    if first.key.environment != last.key.environment:
        reasons.append("It was graded again with other versions of Python or its packages.")
    if first.key.seed != last.key.seed:
        reasons.append("It was graded again with another seed.")
    if not reasons and _outcomes(first) != _outcomes(last):
        reasons.append("It was graded again, and the result differs although nothing else has changed.")
    return reasons


def plural(points: float) -> str:
    """Return `1 point`, `2.5 points`."""
    return f"{points:g} point{'' if points == 1 else 's'}"


def _outcomes(result: Result) -> set[tuple[str, str]]:
    return {(verdict.promise, verdict.outcome) for verdict in result.verdicts}


def _new_points(then: dict[str, float], last: Result, grading: Grading) -> list[str]:
    """Return a sentence for each promise that the learner kept and that grading.toml now gives other points."""
    reasons = []
    for verdict in last.verdicts:
        was, now = then.get(verdict.promise, 0.0), grading.of(verdict.promise)
        if was != now and verdict.outcome == "kept":
            counts = (
                "is dropped and counts for no one" if verdict.promise in grading.dropped else f"counts {plural(now)}"
            )
            reasons.append(f"“{verdict.text}” {counts}; it counted {was:g}.")
        elif verdict.outcome == "broken" and verdict.promise in grading.parts:
            share = grading.share(verdict.promise, verdict.cases)
            reasons.append(f"“{verdict.text}” gives {plural(share)} of {now:g} for the part that's kept.")
    return reasons
