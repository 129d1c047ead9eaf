"""What in a class asks for a person's look, the most pressing first."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from .marks import ClassMarks, Mark, Row
from .writing import number


@dataclass(frozen=True)
class Matter:
    """One thing to look at: whose (or which file's), what about it, and a command that settles it, if one does."""

    row: Row | None
    what: str
    about: str
    command: str = ""


@dataclass(frozen=True)
class Group:
    """Matters of one kind. `pressing`: a mark is not final before a person has looked."""

    title: str
    means: str
    matters: list[Matter]
    pressing: bool = False


def attention(marks: ClassMarks) -> list[Group]:
    """Return the groups that aren't empty."""
    titles = {exercise.name: exercise.title for exercise in marks.exercises}
    pairs = [(row, mark, titles[mark.exercise]) for row, mark in marks.pairs()]
    known = {row.learner.id: row for row in marks.rows}
    groups = [
        Group(
            "Undecided",
            "Two fresh sandboxes disagreed about a promise. It gives no points until you decide.",
            list(_undecided(pairs)),
            pressing=True,
        ),
        Group(
            "Could not be graded",
            "By no fault of the learner. Grade again; what is graded already stays.",
            [
                Matter(
                    known.get(one["learner"]), one["file"], _sentence(titles.get(one.get("exercise", "")), one["why"])
                )
                for one in marks.failed
            ],
            pressing=True,
        ),
        Group(
            "Unmatched files",
            "Nobody on the roster is called so; each is graded under the name that its file gives.",
            [Matter(None, one.get("file", ""), one.get("why", "")) for one in marks.unmatched],
            pressing=True,
        ),
        Group(
            "Nothing to look at",
            "What was handed in is no project, so no promise is kept. The learner's page says the same.",
            [Matter(row, title, mark.trouble) for row, mark, title in pairs if mark.trouble],
        ),
        Group(
            "Flagged",
            "Slow, ended by a limit, or otherwise unlike the rest. The marks stand.",
            [
                Matter(row, title, f"{', '.join(flags)}; {mark.seconds:.0f} s")
                for row, mark, title in pairs
                if (flags := [flag for flag in mark.flags if flag != "unstable"])
            ],
        ),
        Group(
            "Marks that moved",
            "These are not what they were at their first grading.",
            [Matter(row, title, _moved(mark)) for row, mark, title in pairs if mark.moved],
        ),
        Group(
            "Decided by hand",
            "Overrides survive every regrade, and the learner's page tells them.",
            [
                Matter(row, title, f"{number(item.points)} of {number(item.worth)} for “{item.text}”: {why}")
                for row, mark, title in pairs
                for item in mark.overrides
                if item.override and (why := item.override.why)
            ],
        ),
        Group(
            "Files that were not used",
            "Earlier attempts, and what belongs to no exercise that was graded.",
            [
                Matter(known.get(one.get("learner", "")), one.get("file", ""), one.get("why", ""))
                for one in marks.superseded
            ],
        ),
        Group(
            "Not handed in", "On the roster, and no file of theirs was found.", list(_missing(marks, "not handed in"))
        ),
        Group(
            "Not graded yet",
            "Handed in, and the grading was ended before it came to them: run it again.",
            list(_missing(marks, "not graded")),
            pressing=True,
        ),
    ]
    return [group for group in groups if group.matters]


def _undecided(pairs: list[tuple[Row, Mark, str]]) -> Iterator[Matter]:
    for row, mark, title in pairs:
        for item in mark.undecided:
            words = ("workbook", "class", "override", row.learner.id, item.promise, number(item.worth))
            command = f"{shlex.join(words)} --exercise {shlex.quote(mark.exercise)} --why '…'"
            yield Matter(row, title, f"{item.text} ({number(item.worth)} points)", command)


def _moved(mark: Mark) -> str:
    assert mark.moved
    return f"{number(mark.moved.before)} → {number(mark.moved.after)}. {' '.join(mark.moved.reasons)}"


def _missing(marks: ClassMarks, state: str) -> Iterator[Matter]:
    for row in marks.rows:
        names = [one.title for one in marks.exercises if row.marks[one.name].state == state]
        if len(names) == len(marks.exercises) > 1:
            yield Matter(row, "all exercises", "")
        elif names:
            yield Matter(row, ", ".join(names), "")


def _sentence(title: str | None, why: str) -> str:
    return f"{title}: {why}" if title else why
