"""What a class has reached: the journal's results, counted by today's grading.toml. Pure data, pure functions."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from workbook.grader.results import Learner, Override

State = Literal["graded", "failed", "not handed in", "not graded"]
FEWEST = 10  # submissions: of fewer, "nearly all" says nothing
NEARLY_ALL, NEARLY_NONE = 0.95, 0.05
UNSAFE = "none"  # the tier of what was graded with --unsafe


@dataclass(frozen=True, slots=True)
class Item:
    """One promise of one learner: how it fared, what it is worth today, and what a person decided about it."""

    promise: str
    text: str
    hidden: bool
    outcome: str  # that of results.Verdict, or "not graded": the promise is younger than the grading
    worth: float
    bonus: bool
    evidence: str = ""
    override: Override | None = None

    @property
    def points(self) -> float:
        if self.override:
            return self.override.points
        return self.worth if self.outcome == "kept" else 0.0

    @property
    def is_undecided(self) -> bool:
        """Whether two sandboxes disagreed and no person has decided yet."""
        return self.outcome == "unstable" and self.override is None


@dataclass(frozen=True, slots=True)
class Moved:
    """A mark that is not what it was at its first grading, and why: a sentence for each reason."""

    before: float
    after: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """One learner's mark for one exercise. `trouble` and `why` say why nothing was looked at: theirs, and ours."""

    exercise: str
    state: State
    items: tuple[Item, ...] = ()
    file: str = ""
    attempt: int = 0
    trouble: str = ""
    why: str = ""
    flags: tuple[str, ...] = ()
    tier: str = ""
    seconds: float = 0.0
    moved: Moved | None = None

    @property
    def points(self) -> float:
        return sum(item.points for item in self.items)

    @property
    def counts(self) -> bool:
        """Whether there is a number to write down: a grading, or points that a person gave."""
        return self.state == "graded" or any(item.override for item in self.items)

    @property
    def overrides(self) -> list[Item]:
        return [item for item in self.items if item.override]

    @property
    def undecided(self) -> list[Item]:
        return [item for item in self.items if item.is_undecided]

    @property
    def notes(self) -> list[str]:
        """What an instructor should know of it, in a word each."""
        notes: list[str] = [] if self.state == "graded" else [self.state]
        notes += ["trouble"] if self.trouble else []
        notes += ["unstable"] if self.undecided else []
        notes += [flag for flag in self.flags if flag != "unstable"]
        notes += ["override"] if self.overrides else []
        notes += ["moved"] if self.moved else []
        return notes


@dataclass(frozen=True, slots=True)
class Row:
    """A learner with a mark for each exercise."""

    learner: Learner
    marks: dict[str, Mark]

    @property
    def name(self) -> str:
        return self.learner.name or self.learner.id

    @property
    def total(self) -> float:
        return sum(mark.points for mark in self.marks.values())

    @property
    def counts(self) -> bool:
        return any(mark.counts for mark in self.marks.values())


@dataclass(slots=True)
class Tally:
    """How many kept a promise, of the submissions that could be looked at."""

    promise: str
    text: str
    hidden: bool
    worth: float
    bonus: bool
    kept: int = 0
    of: int = 0

    @property
    def rate(self) -> float:
        return self.kept / self.of if self.of else 0.0

    @property
    def verdict(self) -> Literal["", "nearly all", "nearly none"]:
        """Whether the promise tells learners apart at all."""
        if self.of < FEWEST:
            return ""
        return "nearly all" if self.rate >= NEARLY_ALL else "nearly none" if self.rate <= NEARLY_NONE else ""


@dataclass(frozen=True, slots=True)
class Graded:
    """An exercise as this report counts it."""

    name: str
    title: str
    full: float
    tallies: list[Tally]


@dataclass(frozen=True, slots=True)
class ClassMarks:
    """Everything that a report tells, in the order in which it is told."""

    title: str
    graded_at: str
    unsafe: bool
    tiers: list[str]
    exercises: list[Graded]
    rows: list[Row]
    unmatched: list[dict[str, str]] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)
    superseded: list[dict[str, str]] = field(default_factory=list)

    @property
    def has_roster(self) -> bool:
        return any(row.learner.on_roster for row in self.rows)

    @property
    def full(self) -> float:
        return sum(exercise.full for exercise in self.exercises)

    def pairs(self) -> Iterator[tuple[Row, Mark]]:
        """Yield every mark with the row of its learner."""
        for row in self.rows:
            for mark in row.marks.values():
                yield row, mark

    def notes(self, row: Row) -> list[str]:
        """Return what to know about this learner: each note once, with its exercises unless it's about all of them."""
        about: dict[str, list[str]] = {}
        for exercise in self.exercises:
            for note in row.marks[exercise.name].notes:
                about.setdefault(note, []).append(exercise.title)
        notes = ["not on the roster"] if self.has_roster and not row.learner.on_roster else []
        for note, titles in about.items():
            notes.append(note if len(titles) == len(self.exercises) else f"{note}: {', '.join(titles)}")
        return notes
