"""What a class has reached: the journal's results, counted by today's grading.toml. Pure data, pure functions."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from workbook.grader.exports import Export
from workbook.grader.results import Learner, Override

from .packed import Packed
from .words import BY_HAND, CHANGED, LATE, STATES, STRANGER, UNDECIDED, cause_in_words

State = Literal["graded", "failed", "not handed in", "not graded"]
FEWEST = 10  # submissions: of fewer, "nearly all" says nothing
NEARLY_ALL, NEARLY_NONE = 0.95, 0.05
UNSAFE = "none"  # the tier of what was graded with --unsafe
HOUR, DAY = 3600, 86400
NEVER_ANSWERED = {"not started", "needs a package", "needs Python"}  # causes: that says nothing of a promise


@dataclass(frozen=True, slots=True)
class Item:
    """One promise of one learner: how it fared, what it is worth today, and what a person decided or said about it."""

    promise: str
    text: str
    hidden: bool
    outcome: str  # that of results.Verdict, "not graded" if the promise is younger than the grading, or "dropped"
    worth: float
    bonus: bool
    evidence: str | Packed = ""
    override: Override | None = None
    comment: str = ""
    share: float = 0.0  # of a broken one the points for the parts that are kept
    lost: tuple[str, ...] = ()  # and the parts that aren't

    @property
    def points(self) -> float:
        if self.override and self.override.points is not None:
            return min(self.override.points, self.worth)  # grading.toml may give it fewer since
        return self.worth if self.outcome == "kept" else self.share if self.outcome == "broken" else 0.0

    @property
    def is_kept_in_part(self) -> bool:
        """Whether some kinds of its cases are kept and others aren't, and no person has decided."""
        return self.outcome == "broken" and self.share > 0 and self.override is None

    @property
    def in_part(self) -> str:
        """What isn't kept of a promise that's kept in part, and what the rest gives."""
        return f"kept in part, {self.share:g} of {self.worth:g} points; not kept: {', '.join(self.lost)}"

    @property
    def is_undecided(self) -> bool:
        """Whether two sandboxes disagreed and no person has decided yet."""
        return self.outcome == "unstable" and self.override is None


@dataclass(frozen=True, slots=True)
class Moved:
    """A mark that isn't the published one, and why: a sentence for each reason."""

    before: float
    of_before: float
    after: float
    of_after: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delay:
    """How many seconds late a submission came, None if only the platform knows, and what it costs in per cent."""

    seconds: float | None
    percent: float = 0.0

    @property
    def in_words(self) -> str:
        """The delay in its largest unit, rounded up."""
        if self.seconds is None:
            return LATE
        unit, noun = (
            (DAY, "day") if self.seconds > 2 * DAY else (HOUR, "hour") if self.seconds > HOUR else (60, "minute")
        )
        many = max(1, -int(-self.seconds // unit))
        return f"{many} {noun}{'' if many == 1 else 's'} {LATE}"


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
    cause: str = ""  # one of results.CAUSES: why a person should see this mark
    cause_why: str = ""
    delay: Delay | None = None
    due: str = ""
    comment: str = ""
    mistake: str = ""  # the kind of mistake that it looks like
    moved: Moved | None = None

    @property
    def earned(self) -> float:
        """The points of the promises, before what late costs."""
        return sum(item.points for item in self.items)

    @property
    def penalty(self) -> float:
        return self.earned * self.delay.percent / 100 if self.delay else 0.0

    @property
    def points(self) -> float:
        return self.earned - self.penalty

    @property
    def counts(self) -> bool:
        """Whether there is a number to write down: a grading, or points that a person gave."""
        return self.state == "graded" or any(item.override for item in self.items)

    @property
    def was_looked_at(self) -> bool:
        """Whether an app of theirs has answered at all."""
        return self.state == "graded" and not self.trouble and self.cause not in NEVER_ANSWERED

    @property
    def overrides(self) -> list[Item]:
        return [item for item in self.items if item.override]

    @property
    def undecided(self) -> list[Item]:
        return [item for item in self.items if item.is_undecided]

    @property
    def notes(self) -> list[str]:
        """What an instructor should know of it, in a word each."""
        notes: list[str] = [] if self.state == "graded" else [STATES[self.state]]
        notes += [cause_in_words(self.cause)] if self.cause else []
        notes += [UNDECIDED] if self.undecided else []
        notes += [flag for flag in self.flags if flag != "unstable"]
        notes += [BY_HAND] if self.overrides else []
        notes += [CHANGED] if self.moved else []
        return notes


@dataclass(frozen=True, slots=True)
class Row:
    """A learner with a mark for each exercise, and what a person has said to them."""

    learner: Learner
    marks: dict[str, Mark]
    comment: str = ""

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
    """How many kept a promise, of the enrolled whose app could be looked at."""

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
        """Whether nearly all learners kept the promise, or nearly none."""
        if self.of < FEWEST:
            return ""
        return "nearly all" if self.rate >= NEARLY_ALL else "nearly none" if self.rate <= NEARLY_NONE else ""


@dataclass(frozen=True, slots=True)
class Graded:
    """An exercise as this report counts it. `announced`: its full marks when its grading began."""

    name: str
    title: str
    full: float
    tallies: list[Tally]
    deadline: str = ""
    exceptions_for_no_one: tuple[str, ...] = ()
    never_started: int = 0
    announced: float = 0.0
    export: Export | None = None
    points: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClassMarks:
    """Everything that a report says, in the order in which it says it."""

    title: str
    graded_at: str
    unsafe: bool
    tiers: list[str]
    exercises: list[Graded]
    rows: list[Row]
    course: str = ""
    commit: str = ""
    published: bool = False
    note: str = ""
    unmatched: list[dict[str, str]] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)
    superseded: list[dict[str, str]] = field(default_factory=list)

    @property
    def has_roster(self) -> bool:
        return any(row.learner.on_roster for row in self.rows)

    @property
    def enrolled(self) -> list[Row]:
        """The rows that figures are made of: without strangers, if a roster says who they are."""
        return [row for row in self.rows if row.learner.on_roster or not self.has_roster]

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
        notes = [STRANGER] if self.has_roster and not row.learner.on_roster else []
        for note, titles in about.items():
            notes.append(note if len(titles) == len(self.exercises) else f"{note}: {', '.join(titles)}")
        return notes

    def late(self, row: Row) -> str:
        """Return how late this learner was, with the exercises if there are several; "" if they weren't."""
        delays = [(one.title, delay) for one in self.exercises if (delay := row.marks[one.name].delay)]
        several = len(self.exercises) > 1
        return "; ".join(f"{delay.in_words}: {title}" if several else delay.in_words for title, delay in delays)
