"""`workbook grade`: begins at once what takes long to start, and only then finds out what there is to grade."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from workbook.grader.ahead import warming_up


@dataclass(frozen=True)
class Wish:
    """What the command was given."""

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


def grade(wish: Wish) -> NoReturn:
    """Grade a class."""
    with contextlib.ExitStack() as stack:
        warm = None if wish.scheduler else stack.enter_context(warming_up(unsafe=wish.unsafe))
        from .class_grading import grade_class  # late: it takes longer than all that this module needs

        grade_class(wish, warm)
