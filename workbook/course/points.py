"""grading.toml: which promise is worth how many points. An instructor changes it without touching a test."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from workbook.errors import UserError
from workbook.tomlfile import Strict, read_toml

FILE = "grading.toml"
Points = Annotated[float, Field(ge=0)]


class Grading(Strict):
    """Points by promise. `bonus` comes on top of the full marks; `dropped` counts for nobody."""

    points: dict[str, Points]
    bonus: dict[str, Points] = Field(default_factory=dict)
    dropped: dict[str, Points] = Field(default_factory=dict)
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
        raise UserError(f"{folder.name}/{FILE}: {', '.join(twice)} stands in two tables.", cure)
    return grading
