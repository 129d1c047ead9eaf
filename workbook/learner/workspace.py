"""The learner's own folder: copies of steps, put there, put back, never overwritten."""

import errno
import os
import re
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from workbook.course.changes import left_out
from workbook.course.model import Course, Step
from workbook.errors import UserError

# What belongs to authors: a learner's copy does not have it.
_FOR_AUTHORS = shutil.ignore_patterns("solution.toml", "experiments.toml", "tour.toml")
MAIN = "app/main.py"  # of a project

_ACCESS = "give yourself write access"
_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_LINK_UP = re.compile(rb"\]\((\.\./[^)\s#]{1,300})")
Leave = Callable[[str, list[str]], set[str]]  # of a folder's names those that are not copied


def not_copied(folder: str, names: list[str]) -> set[str]:
    """Return those of the names in a folder that a learner's copy doesn't have."""
    return left_out(folder, names) | _FOR_AUTHORS(folder, names)


def _not_kept(folder: str, names: list[str]) -> set[str]:
    """Return those of a learner's files that aren't worth keeping; .env is, because it holds settings."""
    return not_copied(folder, names) - {".env"}


def copied_files(folder: Path) -> list[str]:
    """Return the relative paths of a step's files that a learner's copy has too, in order."""
    found: list[str] = []
    for parent, folders, files in os.walk(folder):
        dropped = not_copied(parent, [*folders, *files])
        folders[:] = sorted(set(folders) - dropped)
        inside = Path(parent).relative_to(folder)
        found += [(inside / name).as_posix() for name in sorted(set(files) - dropped)]
    return found


def put_into_work(course: Course, step: Step) -> list[Path]:
    """Put the step into work/ and return the files that were made; a file that is there already stays as it is.

    An exercise's starter is added to the copy of the project, which is made if there is none. Of a project whose main
    file is gone the other files that are gone are put back too: a learner who renames one keeps that.
    """
    if step.kind != "exercise":
        return _add(course.folder(step), course.copy(step))
    copy = course.copy(step)
    made = [] if (copy / MAIN).is_file() else _add(course.folder(course.project), copy)
    before = as_it_was_before(course, step)
    if not before.is_dir() and not _starter_in(course, step, copy):
        _add(copy, before, _not_kept)
    return made + _add(course.folder(step) / "starter", copy)


def has_begun(course: Course, step: Step) -> bool:
    """Return whether the exercise was started in the project that's in work/ now."""
    copy = course.copy(step)
    return copy.is_dir() and (as_it_was_before(course, step).is_dir() or bool(_starter_in(course, step, copy)))


def as_it_was_before(course: Course, step: Step) -> Path:
    """Return the path where `reset` finds the project as it was before the exercise was begun."""
    return course.work / "backups" / f"before-{step.name}"


def _starter_in(course: Course, step: Step, copy: Path) -> list[str]:
    return [file for file in course.exercise(step).starter_files() if (copy / file).exists()]


def _add(source: Path, target: Path, leave: Leave = not_copied) -> list[Path]:
    """Copy what is in `source` and not in `target`; returns the files that were made. Raises `UserError`."""
    if target.exists():
        try:
            return _add_missing(source, target, leave)
        except OSError as error:
            raise cannot_make(target, error) from error
    part = target.with_name(f".{target.name}.part")  # killed in between, it leaves no half folder
    shutil.rmtree(part, ignore_errors=True)
    try:
        made = _add_missing(source, part, leave)
        part.rename(target)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise cannot_make(target, error) from error
    return [target / path.relative_to(part) for path in made]


def _add_missing(source: Path, target: Path, leave: Leave) -> list[Path]:
    made: list[Path] = []

    def copy_if_absent(src: str, dst: str) -> str:
        if not Path(dst).exists():
            part = Path(dst).with_name(f".{Path(dst).name}.part")  # killed in between, it leaves no half file
            try:
                shutil.copyfile(src, part)  # it refuses a pipe, which would never end
                if part.name.endswith(".md.part"):
                    part.write_bytes(_with_links_from(Path(dst), Path(src), source))
                part.replace(dst)
            except OSError:
                part.unlink(missing_ok=True)
                raise
            made.append(Path(dst))
        return dst

    shutil.copytree(source, target, ignore=leave, copy_function=copy_if_absent, dirs_exist_ok=True)
    return made


def _with_links_from(new: Path, file: Path, folder: Path) -> bytes:
    """Return a Markdown file for its copy `new`: links out of `folder` lead where they led."""

    def led_there(link: re.Match[bytes]) -> bytes:
        place = Path(os.path.normpath(file.parent / os.fsdecode(link[1])))
        if place.is_relative_to(folder):
            return link[0]
        return b"](" + os.fsencode(Path(os.path.relpath(place, new.parent)).as_posix())

    return _LINK_UP.sub(led_there, file.read_bytes())


def put_back(course: Course, step: Step) -> Path | None:
    """Put the step in work/ back to how it was, and return where its backup is; None if there was nothing.

    For an exercise the project becomes what it was when the exercise was begun.
    """
    target = course.copy(step)
    is_exercise = step.kind == "exercise"
    if not target.exists() or (is_exercise and not has_begun(course, step)):
        put_into_work(course, step)
        return None
    backup = set_aside(target, course.work / "backups")
    if is_exercise and (before := as_it_was_before(course, step)).is_dir():
        _add(before, target, _not_kept)
    put_into_work(course, step)
    if is_exercise:
        _set_aside_later_starts(course, step)
    return backup


def _set_aside_later_starts(course: Course, step: Step) -> None:
    """Set aside the backups made for exercises that a reset has taken out of the project: they no longer fit."""
    for other in course.steps:
        if other.kind == "exercise" and other != step and not _starter_in(course, other, course.copy(other)):
            before = as_it_was_before(course, other)
            if before.is_dir():
                set_aside(before, before.parent)


def bring_back(course: Course, step: Step, backup: Path) -> Path | None:
    """Put a backup back into work/ and return where the copy that was there is now, if any. Raises `UserError`."""
    target = course.copy(step)
    if not backup.is_dir() or backup.resolve().parent != (course.work / "backups").resolve():
        raise UserError(f"{backup} isn't a backup. They're in {course.work / 'backups'}.", "workbook list")
    aside = set_aside(target, course.work / "backups") if target.exists() else None
    try:
        shutil.copytree(backup, target, symlinks=True)
    except OSError as error:
        raise cannot_make(target, error) from error
    return aside


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
            f"{folder} can't be moved to {place}: {_reason(error)}.", "close what has it open; " + _ACCESS, code=1
        ) from error


def cannot_make(target: Path, error: OSError) -> UserError:
    """Return the error to raise for a folder below work/ that can't be made: why not, and what to do about it."""
    for folder in target.parents:
        if folder.is_symlink() and not folder.exists():
            place = folder.readlink()
            return UserError(
                f"{folder} is a link to {place}, which isn't there.", "make that folder, or remove the link", code=1
            )
    then = "make room on the disk, then the same command again" if _is_full(error) else _ACCESS
    return UserError(f"{target} can't be made: {_reason(error)}.", then, code=1)


def _is_full(error: OSError) -> bool:
    return error.errno in _FULL or any(os.strerror(number) in _reason(error) for number in _FULL)


def _reason(error: OSError) -> str:
    """Return the system's words for what went wrong, once, even if it went wrong with several files."""
    if isinstance(error, shutil.Error):  # source, target and reason of each
        reasons = (str(reason) for _, _, reason in error.args[0])
        return "; ".join(dict.fromkeys(re.sub(r"^\[\w+ \d+\] (.*?)(: '.*)?$", r"\1", text) for text in reasons))
    return error.strerror or str(error)
