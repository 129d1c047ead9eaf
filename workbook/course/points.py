"""grading.toml: which promise is worth how many points, and what late costs. No test changes with it."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, Field

from workbook.errors import UserError
from workbook.tomlfile import Strict, read_toml

FILE = "grading.toml"
Points = Annotated[float, Field(ge=0)]


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
    """Points by promise. `bonus` comes on top of the full marks; `dropped` counts for no one."""

    points: dict[str, Points]
    bonus: dict[str, Points] = Field(default_factory=dict)
    dropped: dict[str, Points] = Field(default_factory=dict)
    late: Late | None = None
    replaces: tuple[str, ...] = ()

    @property
    def full(self) -> float:
        return sum(self.points.values())

    def of(self, promise: str) -> float:
        """Return what the promise is worth, in points; 0 if grading.toml doesn't name it."""
        return self.points.get(promise, self.bonus.get(promise, 0.0))

    def score(self, kept: frozenset[str] | set[str]) -> float:
        """Return the points for these promises."""
        return sum(self.of(promise) for promise in kept)


def read_grading(folder: Path) -> Grading:
    """Return the grading of the exercise in `folder`. Raises `UserError`."""
    cure = f"put the line right, or restore the file: git checkout exercises/{folder.name}/{FILE}"
    grading = read_toml(folder / FILE, Grading, table="points", called=f"{folder.name}/{FILE}", cure=cure)
    named = [*grading.points, *grading.bonus, *grading.dropped]
    if twice := sorted({name for name in named if named.count(name) > 1}):
        raise UserError(f"{folder.name}/{FILE}: {', '.join(twice)} is in two tables.", cure)
    return grading
