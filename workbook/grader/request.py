"""What an instructor asks for when a class is to be graded."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class GradeRequest:
    """What `workbook class grade` was given. `limit`: seconds for one submission and exercise."""

    paths: Sequence[Path]
    exercises: Sequence[str]
    out: Path
    roster: Path | None
    lanes: int | None
    scheduler: str
    seed: int | None
    limit: float
    unsafe: bool
    force: bool
    title: str = ""
