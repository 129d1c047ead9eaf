"""grading.toml: which promise is worth how many points, and what late costs. No test changes with it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, Field

from workbook.errors import UserError

from .tomlfile import Strict, read_toml

FILE = "grading.toml"
Points = Annotated[float, Field(ge=0)]
Weight = Annotated[float, Field(gt=0)]


class Late(Strict):
    """The deadline, what each started day after it costs, and for whom another one holds. Learners are ids."""

    deadline: AwareDatetime
    grace_minutes: Annotated[float, Field(ge=0)] = 0
    percent_per_day: Annotated[float, Field(ge=0, le=100)] = 0
    most_percent: Annotated[float, Field(ge=0, le=100)] = 100
    until: dict[str, AwareDatetime] = Field(default_factory=dict)
    excused: tuple[str, ...] = ()

    def by(self, learner: str, at: datetime) -> timedelta:
        """Return how long after this learner's deadline it was; zero or less if it wasn't late."""
        grace = timedelta(minutes=self.grace_minutes)
        after = at - self.until.get(learner, self.deadline)
        return timedelta() if learner in self.excused or after <= grace else after

    def percent(self, after: timedelta) -> float:
        """Return what of the points a delay costs, in per cent: so much for each day that has begun."""
        days = -(-after // timedelta(days=1)) if after > timedelta() else 0
        return min(self.most_percent, days * self.percent_per_day)

    def due(self, learner: str = "") -> str:
        """Return the deadline, this learner's own if they have one, as a person writes it, in the file's timezone."""
        at = self.until.get(learner, self.deadline)
        zone = at.isoformat()[-6:] if at.utcoffset() else "UTC"
        return f"{at.day} {at:%B %Y, %H:%M} {zone}"


class Grading(Strict):
    """Points by promise. `bonus` comes on top of the full marks; `dropped` counts for no one.

    `parts`: by promise the kinds of cases it has, each with its weight. A broken promise gives the share of the kinds
    that are kept. A case is of a kind if its test has the kind's name among its parameters.
    """

    points: dict[str, Points]
    bonus: dict[str, Points] = Field(default_factory=dict)
    dropped: dict[str, Points] = Field(default_factory=dict)
    parts: dict[str, dict[str, Weight]] = Field(default_factory=dict)
    late: Late | None = None
    replaces: tuple[str, ...] = ()

    @property
    def full(self) -> float:
        return sum(self.points.values())

    def of(self, promise: str) -> float:
        """Return what the promise is worth, in points; 0 if grading.toml doesn't name it."""
        return self.points.get(promise, self.bonus.get(promise, 0.0))

    def lost_parts(self, promise: str, broken: Sequence[str]) -> set[str]:
        """Return the kinds of cases of a promise that aren't kept; all of them if a case is of no kind, or unknown."""
        parts = self.parts.get(promise, {})
        lost = [parts.keys() & set(case.split("-")) for case in broken]
        return set().union(*lost) if lost and all(lost) else set(parts)

    def share(self, promise: str, broken: Sequence[str]) -> float:
        """Return the points of a broken promise for the kinds of its cases that are kept."""
        parts = self.parts.get(promise, {})
        lost = self.lost_parts(promise, broken)
        kept = sum(weight for part, weight in parts.items() if part not in lost)
        return self.of(promise) * kept / sum(parts.values()) if kept else 0.0

    def score(self, kept: frozenset[str] | set[str], broken: Mapping[str, Sequence[str]] | None = None) -> float:
        """Return the points for the promises that are kept, and for what's kept of those that are `broken`."""
        shares = sum(self.share(promise, cases) for promise, cases in (broken or {}).items())
        return sum(self.of(promise) for promise in kept) + shares


def read_grading(folder: Path) -> Grading:
    """Return the grading of the exercise in `folder`. Raises `UserError`."""
    cure = f"put the line right, or restore the file: git checkout exercises/{folder.name}/{FILE}"
    grading = read_toml(folder / FILE, Grading, table="points", called=f"{folder.name}/{FILE}", cure=cure)
    named = [*grading.points, *grading.bonus, *grading.dropped]
    if twice := sorted({name for name in named if named.count(name) > 1}):
        raise UserError(f"{folder.name}/{FILE}: {', '.join(twice)} is in two tables.", cure)
    if unknown := sorted(grading.parts.keys() - set(named)):
        raise UserError(f"{folder.name}/{FILE}: {', '.join(unknown)} has parts, but no points.", cure)
    return grading
