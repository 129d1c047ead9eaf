"""Marks out of the points that an assignment has in the LMS, where those aren't the exercise's points of today."""

from dataclasses import dataclass

from .marks import Graded
from .writing import number


@dataclass(frozen=True)
class Scale:
    """How points of an exercise become points of its assignment. `most`: what the platform refuses to go beyond."""

    full: float
    possible: float
    most: float | None = None

    @classmethod
    def of(cls, exercise: Graded, possible: float | None, *, capped: bool = False) -> "Scale":
        """Return the scale for an assignment of `possible` points, or of those that the grading began with."""
        there = exercise.announced if possible is None else possible
        return cls(exercise.full, there or exercise.full, (there or exercise.full) if capped else None)

    def __call__(self, points: float) -> float:
        """Return these points as points of the assignment."""
        scaled = points * self.possible / self.full if self.full else 0.0
        return scaled if self.most is None else min(scaled, self.most)

    @property
    def in_words(self) -> str:
        """What is done to the marks; "" if nothing is."""
        if abs(self.full - self.possible) < 0.005 or not self.full:
            return ""
        return f"scaled from {number(self.full)} to the assignment's {number(self.possible)} points"
