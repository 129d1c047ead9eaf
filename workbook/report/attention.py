"""What in a class asks for a person's look, the most pressing first."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from workbook.grader.results import CAUSES
from workbook.wording import FOR_A_CLASS

from .marks import ClassMarks, Mark, Row
from .visible import visible_line
from .words import UNDECIDED
from .writing import number

# What each cause means for the person who decides, and what to do about it.
MEANINGS = {
    "not started": "No promise could be tested. Is it the learner's mistake, or something that the grader lacks?",
    "needs a package": "Where the package is, its tests may be green. Add it to the course, or decide by hand.",
    "needs Python": "It isn't graded, and that's no 0. Grade it with the Python that it needs.",
    "another exercise": "It's graded as this exercise, since there's no other. Was it handed in at the wrong place?",
    "empty": "No promise is kept, because there's nothing in it. The learner's page says the same.",
    "unreadable": "No promise is kept, because no project was found in it. The learner's page says why.",
}
MANY = 4  # learners with the same reason: they get one entry


@dataclass(frozen=True)
class Matter:
    """One thing to look at: whose (or which file's), what about it, and a command that settles it, if one does.

    Where one reason is many learners', it's told once, with all of their `rows`.
    """

    rows: tuple[Row, ...]
    what: str
    about: str
    command: str = ""


@dataclass(frozen=True)
class Group:
    """Matters of one kind. `pressing`: a mark isn't final before a person has looked; `zeros`: it's next to nothing."""

    title: str
    means: str
    matters: list[Matter]
    pressing: bool = False
    zeros: bool = False

    @property
    def many(self) -> int:
        """How many learners or files it's about."""
        return sum(len(one.rows) or 1 for one in self.matters)


def attention(marks: ClassMarks) -> list[Group]:
    """Return the groups that aren't empty."""
    titles = {exercise.name: exercise.title for exercise in marks.exercises}
    pairs = [(row, mark, titles[mark.exercise]) for row, mark in marks.pairs()]
    known = {row.learner.id: row for row in marks.rows}
    groups = [
        *_zeros(pairs),
        Group(
            UNDECIDED.capitalize(),
            "Two fresh sandboxes disagreed about a promise. It gives no points until you decide.",
            list(_undecided(pairs)),
            pressing=True,
        ),
        Group(
            "Couldn't be graded",
            "That's no fault of the learner's. Grade again; what's graded already stays.",
            [
                Matter(_rows(known, one), one["file"], _sentence(titles.get(one.get("exercise", "")), one["why"]))
                for one in marks.failed
                if not one.get("cause")
            ],
            pressing=True,
        ),
        Group(
            "Unmatched files",
            "No one on the roster is called that; each is graded under the name that its file gives.",
            [_unmatched(one, known) for one in marks.unmatched],
            pressing=True,
        ),
        Group(
            "Not graded yet",
            "It was handed in, and the grading was stopped before its turn. Run it again.",
            list(_missing(marks, "not graded")),
            pressing=True,
        ),
        Group(
            "Late",
            "After the deadline, or marked late by the platform. The rule in grading.toml says what that costs.",
            [Matter((row,), title, _late(mark)) for row, mark, title in pairs if mark.delay],
        ),
        Group(
            "Exceptions for no one",
            "The rule about late work has an exception for these ids, and no one in the class has these ids.",
            [Matter((), ident, one.title) for one in marks.exercises for ident in one.exceptions_for_no_one],
        ),
        Group(
            "Groups with different marks",
            "Members handed in different files, or one of them was late or decided by hand.",
            list(_apart(marks)),
        ),
        Group(
            "Flagged",
            "Slow, stopped by a limit, or otherwise unlike the rest. The marks count.",
            [
                Matter((row,), title, f"{', '.join(flags)}; {mark.seconds:.0f} s")
                for row, mark, title in pairs
                if (flags := [flag for flag in mark.flags if flag != "unstable"])
            ],
        ),
        Group(
            "Changed since published",
            "These learners have seen another mark. Their pages say what changed and why.",
            list(_moved(pairs)),
        ),
        Group(
            "Decided by hand",
            "Decisions survive every regrade, and the learner's page shows them with your reason.",
            [
                Matter((row,), title, f"{number(item.points)} of {number(item.worth)} for “{item.text}”: {why}")
                for row, mark, title in pairs
                for item in mark.overrides
                if item.override and (why := item.override.why)
            ],
        ),
        Group(
            "Files that weren't used",
            "Earlier attempts, and files for an exercise that wasn't graded.",
            [Matter(_rows(known, one), one.get("file", ""), one.get("why", "")) for one in marks.superseded],
        ),
        Group("Not handed in", "On the roster, without a file.", list(_missing(marks, "not handed in"))),
    ]
    return [group for group in groups if group.matters]


def _zeros(pairs: list[tuple[Row, Mark, str]]) -> Iterator[Group]:
    """Yield a group for each kind of reason why a mark may be none, and so a person should see it first."""
    for cause, title in CAUSES.items():
        theirs = [(row, mark, title) for row, mark, title in pairs if mark.cause == cause and not mark.overrides]
        matters = [Matter((row,), of, visible_line(mark.cause_why)) for row, mark, of in theirs]
        yield Group(title, MEANINGS[cause], matters, pressing=True, zeros=True)


def _unmatched(one: dict[str, str], known: dict[str, Row]) -> Matter:
    """Return a file that's no one's so far, with those whose names come closest, and the command that settles it."""
    near = [f"{known[ident].name} ({ident})" for ident in one.get("closest", "").splitlines() if ident in known]
    why = one.get("why", "") + (f" Closest: {' or '.join(near)}." if near else "")
    command = f"{FOR_A_CLASS} workbook class assign {shlex.quote(one.get('file', ''))} LEARNER"
    return Matter((), one.get("file", ""), why, command if "closest" in one else "")


def _undecided(pairs: list[tuple[Row, Mark, str]]) -> Iterator[Matter]:
    for row, mark, title in pairs:
        for item in mark.undecided:
            words = ("workbook", "class", "override", row.learner.id, item.promise, number(item.worth))
            command = f"{FOR_A_CLASS} {shlex.join(words)} --exercise {shlex.quote(mark.exercise)} --why '…'"
            yield Matter((row,), title, f"{item.text} ({number(item.worth)} points)", command)


def _late(mark: Mark) -> str:
    assert mark.delay
    return f"{mark.delay.in_words}, which costs {number(mark.penalty)} points" if mark.penalty else mark.delay.in_words


def _moved(pairs: list[tuple[Row, Mark, str]]) -> Iterator[Matter]:
    """Yield what moved; if a change of points moved many marks for one reason, it's reported once."""
    alike: dict[tuple[str, str], list[Row]] = {}
    for row, mark, title in pairs:
        if mark.moved:
            now = f"{number(mark.moved.before)} of {number(mark.moved.of_before)} → "
            now += f"{number(mark.moved.after)} of {number(mark.moved.of_after)}"
            alike.setdefault((title, f"{now}. {' '.join(mark.moved.reasons)}".strip()), []).append(row)
    for (title, about), rows in alike.items():
        if len(rows) >= MANY:
            yield Matter(tuple(rows), title, about)
        else:
            yield from (Matter((row,), title, about) for row in rows)


def _apart(marks: ClassMarks) -> Iterator[Matter]:
    """Yield the groups whose members don't all have the same mark for an exercise."""
    groups: dict[str, list[Row]] = {}
    for row in marks.enrolled:
        if row.learner.group:
            groups.setdefault(row.learner.group, []).append(row)
    for exercise in marks.exercises:
        for name, rows in groups.items():
            theirs = [(row, mark) for row in rows if (mark := row.marks[exercise.name]).counts]
            if len({number(mark.points) for _, mark in theirs}) > 1:
                points = "; ".join(f"{row.name} {number(mark.points)}" for row, mark in theirs)
                yield Matter((), f"{name}, {exercise.title}", points)


def _missing(marks: ClassMarks, state: str) -> Iterator[Matter]:
    for row in marks.enrolled:
        names = [one.title for one in marks.exercises if row.marks[one.name].state == state]
        if len(names) == len(marks.exercises) > 1:
            yield Matter((row,), "all exercises", "")
        elif names:
            yield Matter((row,), ", ".join(names), "")


def _rows(known: dict[str, Row], one: dict[str, str]) -> tuple[Row, ...]:
    row = known.get(one.get("learner", ""))
    return (row,) if row else ()


def _sentence(title: str | None, why: str) -> str:
    return f"{title}: {why}" if title else why
