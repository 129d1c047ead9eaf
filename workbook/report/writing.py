"""What every format has in common: a folder to write into, and names that a learner's id cannot lead out of it."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workbook.grader.exports import Export

from .marks import Graded

PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}")
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # of what's in a zip: the same report is the same file
ODD = re.compile(r"[^a-z0-9_-]+")


@dataclass(frozen=True)
class Target:
    """Where a report goes. `assignments`: the number that Canvas gives to an exercise, where the instructor said it.

    `exports`: gradebooks to fill in, by exercise, in place of those that were the roster. `edition`: the
    learner edition's files, each with whether it's executable, for the autograders.
    """

    folder: Path
    assignments: dict[str, str] = field(default_factory=dict)
    exports: dict[str, Export] = field(default_factory=dict)
    edition: Mapping[str, tuple[bytes, bool]] | None = None

    def export_of(self, exercise: Graded) -> Export | None:
        """Return the gradebook that the exercise's marks go back into, if there's one."""
        return self.exports.get(exercise.name, exercise.export)

    def place(self, *parts: str) -> Path:
        path = self.folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


@dataclass(frozen=True)
class Written:
    """A file or folder that was written, and a word on what is in it; without a path, why there is none."""

    path: Path | None
    about: str


def file_name(ident: str) -> str:
    """Return a name for this id's files that works on every file system, and that no other id has."""
    if PLAIN.fullmatch(ident):
        return ident
    digest = hashlib.sha256(ident.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{ODD.sub('-', ident.lower()).strip('-')[:32]}~{digest}"


def number(points: float) -> str:
    """Return points as a person writes them, with at most two decimals."""
    return f"{points:.2f}".rstrip("0").rstrip(".")
