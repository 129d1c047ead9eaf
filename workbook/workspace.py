"""The learner's own folder: copies of steps, put there, put back, never overwritten."""

import shutil
from datetime import datetime
from pathlib import Path

from .course import Course, Step
from .errors import UserError

# What a learner's copy does not need: what belongs to authors, and what running leaves behind.
NOT_COPIED = shutil.ignore_patterns("solution.toml", "experiments.toml", "__pycache__", ".*", "*.db*", "*.sqlite*")


def start(course: Course, step: Step) -> list[Path]:
    """Put the step into work/ and return the files that were made; a file that is there already is left alone."""
    source, target = course.folder(step), course.copy(step)
    made: list[Path] = []

    def copy_if_absent(src: str, dst: str) -> str:
        if not Path(dst).exists():
            shutil.copyfile(src, dst)
            made.append(Path(dst))
        return dst

    try:
        shutil.copytree(source, target, ignore=NOT_COPIED, copy_function=copy_if_absent, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        raise UserError(
            f"{target} cannot be written: {_reason(error)}.", "give yourself write access", code=1
        ) from error
    return made


def reset(course: Course, step: Step) -> Path | None:
    """Put the step in work/ back to how it was, and return where the backup of it lies; None if there was nothing."""
    target = course.copy(step)
    backup = None
    if target.exists():
        stamp = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
        backup = course.work / "backups" / f"{target.name}-{stamp}"
        try:
            backup.parent.mkdir(parents=True, exist_ok=True)
            while backup.exists():
                backup = backup.with_name(backup.name + "+")
            target.rename(backup)
        except OSError as error:
            raise UserError(f"{target} cannot be moved: {_reason(error)}.", "close what has it open", code=1) from error
    start(course, step)
    return backup


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
