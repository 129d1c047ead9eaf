"""One grading at a time into one journal: a lock that ends with its holder, however that ends."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from workbook.errors import UserError

NAME = ".grading"


@contextlib.contextmanager
def sole_grader(folder: Path) -> Iterator[None]:
    """Hold the folder of the journal, which is made if it is not there. Raises `UserError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = os.open(folder / NAME, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        said = f"{folder} can't be written: {error.strerror}."
        raise UserError(said, "give yourself access to it and space, or name another: --out", code=1) from error
    try:
        if sys.platform != "win32":
            import fcntl  # not on Windows

            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                said = f"Another workbook class grade is writing to {folder}."
                raise UserError(said, "wait for it, or name another folder: --out", code=1) from error
        yield
    finally:
        os.close(number)
