"""The learner's own folder: copies of steps, put there, put back, never overwritten."""

import os
import shutil
from datetime import datetime
from pathlib import Path

from .course import Course, Step
from .errors import UserError

# What a learner's copy does not need: what belongs to authors, and what running leaves behind …
_NOT_COPIED = shutil.ignore_patterns(
    *("solution.toml", "experiments.toml", "tour.toml"),
    *("__pycache__", ".*", "*.db*", "*.sqlite*", "*.log", "uploads"),
)
# … but for the hidden files that belong to a project.
_COPIED = {".env.example", ".gitignore"}

_ACCESS = "give yourself write access"


def not_copied(folder: str, names: list[str]) -> set[str]:
    """Those of the names in a folder that a learner's copy does not have."""
    return _NOT_COPIED(folder, names) - _COPIED


def copied_files(folder: Path) -> list[str]:
    """The files below a step's folder that a learner's copy has too: their paths there, in order."""
    found: list[str] = []
    for parent, folders, files in os.walk(folder):
        dropped = not_copied(parent, [*folders, *files])
        folders[:] = sorted(set(folders) - dropped)
        inside = Path(parent).relative_to(folder)
        found += [(inside / name).as_posix() for name in sorted(set(files) - dropped)]
    return found


def start(course: Course, step: Step) -> list[Path]:
    """Put the step into work/ and return the files that were made; a file that is there already is left alone.

    An exercise's starter is added to the copy of the project, which is made if there is none.
    """
    if step.kind != "exercise":
        return _add(course.folder(step), course.copy(step))
    copy = course.copy(step)
    made = [] if copy.is_dir() else _add(course.folder(course.project), copy)
    before = _as_it_was_before(course, step)
    if not before.is_dir():
        _add(copy, before)
    return made + _add(course.folder(step) / "starter", copy)


def _as_it_was_before(course: Course, step: Step) -> Path:
    """Where the project is kept as it was when the exercise was begun, for `reset`."""
    return course.work / "backups" / f"before-{step.name}"


def _add(source: Path, target: Path) -> list[Path]:
    """Copy what is in `source` and not in `target`; returns the files that were made. Raises `UserError`."""
    made: list[Path] = []

    def copy_if_absent(src: str, dst: str) -> str:
        if not Path(dst).exists():
            part = Path(dst).with_name(f".{Path(dst).name}.part")  # killed in between, it leaves no half file
            shutil.copyfile(src, part)
            part.replace(dst)
            made.append(Path(dst))
        return dst

    try:
        shutil.copytree(source, target, ignore=not_copied, copy_function=copy_if_absent, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        raise UserError(f"{target} cannot be made: {_reason(error)}.", _ACCESS, code=1) from error
    return made


def reset(course: Course, step: Step) -> Path | None:
    """Put the step in work/ back to how it was, and return where the backup of it lies; None if there was nothing.

    For an exercise the project becomes what it was when the exercise was begun.
    """
    target = course.copy(step)
    backup = set_aside(target, course.work / "backups") if target.exists() else None
    if step.kind == "exercise" and (before := _as_it_was_before(course, step)).is_dir():
        _add(before, target)
    start(course, step)
    return backup


def set_aside(folder: Path, parent: Path) -> Path:
    """Move a folder into `parent` under a name with the time in it, and return where it is now. Raises `UserError`."""
    place = parent / f"{folder.name}-{datetime.now().astimezone():%Y-%m-%d-%H%M%S}"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        while place.exists():
            place = place.with_name(place.name + "+")
        return folder.rename(place)
    except OSError as error:
        raise UserError(
            f"{folder} cannot be moved to {place}: {_reason(error)}.", "close what has it open; " + _ACCESS, code=1
        ) from error


def _reason(error: Exception) -> str:
    if isinstance(error, shutil.Error):  # several files: source, target and reason of each
        return "; ".join(dict.fromkeys(str(reason) for _, _, reason in error.args[0]))
    return getattr(error, "strerror", None) or str(error)
