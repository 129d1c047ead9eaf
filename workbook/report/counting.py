"""From what the journal says to marks, by today's points."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from workbook.course.points import Grading
from workbook.grader.results import Learner, Result, Verdict

from .collecting import Collected, Place
from .marks import UNSAFE, ClassMarks, Delay, Graded, Item, Mark, Row, State, Tally
from .mistakes import Kind, likely_mistake
from .moving import moved_since

Sentence = tuple[str, bool]  # a promise's text, and whether it is hidden
NO_LATE_ANSWER = timedelta(seconds=1)  # the platform says “late”, and no one knows by how much


@dataclass(frozen=True)
class Exercises:
    """The course's exercises as they are today: points by name, titles in the course's order, texts of promises."""

    gradings: Mapping[str, Grading] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    sentences: Mapping[Place, Sentence] = field(default_factory=dict)
    course: str = ""
    kinds: Mapping[str, Sequence[Kind]] = field(default_factory=dict)


def count(found: Collected, today: Exercises, title: str = "") -> ClassMarks:
    """Return the marks of a class. An exercise without a grading is counted by the points in its results."""
    names = [name for name in today.titles if name in found.exercises]
    names += [name for name in found.exercises if name not in names]
    gradings = {name: today.gradings.get(name) or _grading_then(found, name) for name in names}
    texts = dict(today.sentences) | _texts(found)
    rows = [
        Row(learner, {name: _mark(found, learner, name, gradings[name], texts, today.kinds) for name in names})
        for learner in sorted(_learners(found), key=lambda one: ((one.name or one.id).casefold(), one.id))
    ]
    rows = [replace(row, comment=_comment(found, row.learner.id)) for row in rows]
    tiers = sorted({mark.tier for row in rows for mark in row.marks.values() if mark.tier})
    enrolled = {one.id for command in found.commands for one in command.learners if one.on_roster}
    files = {result.file for (ident, _), result in found.latest.items() if ident in enrolled}
    return ClassMarks(
        title=title or found.title or today.course or "Class report",
        course=today.course,
        commit=found.commit,
        graded_at=f"{found.at.day} {found.at:%B %Y, %H:%M} UTC" if found.at else "",
        unsafe=UNSAFE in tiers or found.unsafe,
        tiers=tiers,
        published=found.published is not None,
        exercises=[_graded(found, name, today.titles.get(name, name), gradings[name], texts, rows) for name in names],
        rows=rows,
        unmatched=_once(one for command in found.commands for one in command.unmatched if one.get("file") not in files),
        failed=list(found.failed.values()),
        superseded=_once(one for command in found.commands for one in command.superseded),
    )


def _once(entries: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Return each file once, with what was said of it last."""
    return list({one.get("file", ""): one for one in entries}.values())


def _learners(found: Collected) -> list[Learner]:
    """Return the class's learners, and anyone with a result who isn't in the class.

    The class is what the last command about each exercise says. A stranger whose file is now known as a learner's is
    left out, because the roster has been completed since.
    """
    files = defaultdict[str, set[Place]](set)  # those of each learner, by exercise, that were graded or couldn't be
    for (ident, name), result in found.latest.items():
        files[ident].add((name, result.file))
    for ident, name, file in found.failed:
        files[ident].add((name, file))
    ever: dict[str, Learner] = {}
    for command in found.commands:
        for one in command.learners:
            if one.on_roster or not (one.id in ever and ever[one.id].on_roster):
                ever[one.id] = one
    counting = [last for name in found.exercises if (last := found.command_of(name))]
    learners = {one.id: ever[one.id] for last in counting for one in last.learners if one.on_roster}
    theirs = {place for ident in learners for place in files[ident]}
    strangers = [one.id for command in found.commands for one in command.learners if not one.on_roster]
    decided = {ident for (ident, _), decisions in found.overrides.items() if decisions}
    for ident in dict.fromkeys([*files, *decided, *strangers]):
        if ident not in learners and (files[ident] - theirs or ident in decided):
            learners[ident] = ever.get(ident, Learner(ident, ident, on_roster=False))
    return list(learners.values())


def _comment(found: Collected, ident: str) -> str:
    comment = found.comments.get((ident, "", ""))
    return comment.text if comment else ""


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


def _mark(
    found: Collected,
    learner: Learner,
    name: str,
    grading: Grading,
    texts: Mapping[Place, Sentence],
    kinds: Mapping[str, Sequence[Kind]],
) -> Mark:
    ident = learner.id
    result = found.latest.get((ident, name))
    items = _items(found, ident, name, grading, texts)
    overridden = any(item.override for item in items)
    comment = found.comments.get((ident, name, ""))
    said = comment.text if comment else ""
    if result is None:
        failure = next((one for key, one in found.failed.items() if key[:2] == (ident, name)), None)
        state: State = "failed" if failure else _without_result(found, learner, name)
        why, cause = (failure["why"], failure["cause"]) if failure else ("", "")
        mark = Mark(name, state, items if overridden else (), why=why, cause=cause, cause_why=why, comment=said)
    else:
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
            cause=result.cause or ("unreadable" if result.trouble else ""),
            cause_why=result.why or result.trouble,
            delay=_delay(result, grading),
            due=grading.late.due(ident) if grading.late and ident not in grading.late.excused else "",
            comment=said,
            mistake=likely_mistake(items, kinds.get(name, ())),
        )
    if not found.published:
        return mark
    now = mark.points, grading.full
    return replace(mark, moved=moved_since(found.published, (ident, name), result, items, now, grading))


def _delay(result: Result, grading: Grading) -> Delay | None:
    """Return how late it came, and what that costs, or None if it came in time as far as anyone knows."""
    at = datetime.fromisoformat(result.handed_in) if result.handed_in else None
    rule = grading.late
    if rule is None:
        return Delay(None) if result.late else None
    own = result.learner in rule.until or result.learner in rule.excused
    if at is not None:
        at = at if at.tzinfo else at.replace(tzinfo=rule.deadline.tzinfo)
        after = rule.by(result.learner, at)
        if after > timedelta():
            return Delay(after.total_seconds(), rule.percent(after))
        if at > rule.deadline:  # within the grace, or an exception
            return None
    # A learner can change the time in a file's name, but not what the LMS says.
    return Delay(None, rule.percent(NO_LATE_ANSWER)) if result.late and not own else None


def _without_result(found: Collected, learner: Learner, name: str) -> State:
    """Return `not graded` if the work was handed in but grading was cut short before it, otherwise `not handed in`."""
    command = found.command_of(name)
    if command is None or not learner.on_roster or name not in command.not_handed_in:
        return "not handed in"
    theirs = any(one.id == learner.id for one in command.learners)
    return "not graded" if theirs and learner.id not in command.not_handed_in[name] else "not handed in"


def _items(
    found: Collected, ident: str, name: str, grading: Grading, texts: Mapping[Place, Sentence]
) -> tuple[Item, ...]:
    """Return an item for each promise in grading.toml, in its order, and for each that it drops, worth nothing."""
    result, overrides = found.latest.get((ident, name)), found.overrides.get((ident, name), {})
    verdicts = {verdict.promise: verdict for verdict in result.verdicts} if result else {}
    evidence = found.evidence.get((ident, name), {})
    items = []
    for table in (grading.points, grading.bonus, grading.dropped):
        for promise, points in table.items():
            text, hidden = texts.get((name, promise), (promise, False))
            verdict = verdicts.get(promise, Verdict(promise, text, hidden, "waiting"))
            outcome = (
                "dropped" if table is grading.dropped else verdict.outcome if promise in verdicts else "not graded"
            )
            said = found.comments.get((ident, name, promise))
            if said is None and outcome == "broken":
                said = found.comments.get(("", name, promise))
            counts = table is not grading.dropped
            is_split = counts and outcome == "broken" and promise in grading.parts
            lost = grading.lost_parts(promise, verdict.cases) if is_split else set()
            item = Item(
                promise,
                verdict.text,
                verdict.hidden,
                outcome,
                points if counts else 0.0,
                table is grading.bonus,
                evidence.get(promise, "") if counts else "",
                overrides.get(promise) if counts else None,
                said.text if said else "",
                share=grading.share(promise, verdict.cases) if is_split else 0.0,
                lost=tuple(part for part in grading.parts.get(promise, {}) if part in lost),
            )
            items.append(item)
    return tuple(items)


def _graded(
    found: Collected, name: str, title: str, grading: Grading, texts: Mapping[Place, Sentence], rows: list[Row]
) -> Graded:
    """Return the exercise; how many kept a promise is counted of the enrolled whose app could be looked at."""
    tallies = {}
    for table in (grading.points, grading.bonus):
        for promise, worth in table.items():
            text, hidden = texts.get((name, promise), (promise, False))
            tallies[promise] = Tally(promise, text, hidden, worth, table is grading.bonus)
    has_roster = any(row.learner.on_roster for row in rows)
    never_started = 0
    for row in rows:
        mark = row.marks[name]
        if mark.state != "graded" or (has_roster and not row.learner.on_roster):
            continue
        if not mark.was_looked_at:  # that says nothing of a promise
            never_started += 1
            continue
        for item in mark.items:
            if item.outcome not in {"not graded", "dropped"}:
                tallies[item.promise].of += 1
                tallies[item.promise].kept += item.outcome == "kept"
    announced = sum(found.announced.get(name, grading.points).values())
    return Graded(
        name,
        title,
        grading.full,
        list(tallies.values()),
        deadline=grading.late.due() if grading.late else "",
        exceptions_for_no_one=_exceptions_for_no_one(grading, rows),
        never_started=never_started,
        announced=announced,
        export=found.exports.get(name),
        points=grading.points | grading.bonus,
    )


def _exceptions_for_no_one(grading: Grading, rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the ids in the rule about late work that no one in the class has, such as one with a typing mistake."""
    named = {*grading.late.until, *grading.late.excused} if grading.late else set()
    return tuple(sorted(named - {row.learner.id for row in rows}))
