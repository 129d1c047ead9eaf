"""The class folder: everything in it that somebody handed in."""

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbook.errors import UserError
from workbook.submissions.reading import DEPTH

from . import gradescope
from .file_names import Named, read_name
from .sanitize import one_line

IGNORED = ("__MACOSX", "__pycache__", "desktop.ini", "Thumbs.db", gradescope.FILE)
ZIP = ".zip"


@dataclass(frozen=True)
class Found:
    """A zip or a folder that somebody handed in. `file` is what it is called in the class folder."""

    path: Path
    file: str
    named: Named
    modified: float

    @property
    def may_be_one(self) -> bool:
        """Whether it looks like a submission, apart from its name."""
        return self.path.is_dir() or self.path.suffix.lower() == ZIP

    @property
    def whose(self) -> str:
        """What tells members of a group apart, who have handed in one and the same."""
        return self.named.learner if self.named.lms == "gradescope" else ""


def find_submissions(paths: Sequence[Path], exercises: Collection[str], not_in: Sequence[Path] = ()) -> list[Found]:
    """Return the submissions in `paths`, files and folders, except those in `not_in`. Raises `UserError`."""
    left_out = {path.resolve() for path in not_in}
    found: dict[tuple[Path, str], Found] = {}
    for path in paths:
        try:
            if not path.exists():
                raise UserError(f"{path} is not there.", "name zips, folders, or a folder that holds them")
            for one in _below(path, exercises):
                if not {one.path.resolve(), *one.path.resolve().parents} & left_out:
                    found.setdefault((one.path.resolve(), one.whose), one)
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror}.", "give yourself access to it") from error
    return list(found.values())


def _below(path: Path, exercises: Collection[str]) -> Iterator[Found]:
    if not path.is_dir() or _is_one(path):
        name = path.absolute().name
        yield from _handed_in(path.resolve(), name, exercises, _named(name, exercises))
        return
    # Not one further below, which a learner may have put there: it says whose things are.
    submitters = gradescope.submitters(path) if gradescope.is_export(path) else {}
    for inside in sorted(path.iterdir()):
        if not inside.name.startswith(".") and inside.name not in IGNORED:
            for named in submitters.get(inside.name, [_named(inside.name, exercises)]):
                yield from _handed_in(inside, inside.name, exercises, named)


def _is_one(folder: Path) -> bool:
    """Return whether the folder itself is a submission, rather than a folder of submissions."""
    return (folder / "app").is_dir() or (folder / "main.py").is_file()


def _handed_in(path: Path, file: str, exercises: Collection[str], named: Named) -> Iterator[Found]:
    """Yield what's handed in at `path`: the zips in a learner's folder without a project, otherwise `path`."""
    zips = [] if not path.is_dir() or _holds_project(path) else sorted(path.glob("*"))
    zips = [inside for inside in zips if inside.suffix.lower() == ZIP and not inside.name.startswith(".")]
    for inside in zips:
        own = read_name(inside.name, exercises)
        theirs = replace(named, exercise=own.exercise or named.exercise, attempt=own.attempt)
        yield Found(inside, f"{_shown(file)}/{_shown(inside.name)}", theirs, _modified(inside))
    if not zips:
        yield Found(path, _shown(file), named, _modified(path))


def _named(file: str, exercises: Collection[str]) -> Named:
    return read_name(_text(file), exercises)


def _holds_project(folder: Path) -> bool:
    return any(next(folder.glob("*/" * depth + "app/main.py"), None) for depth in range(DEPTH + 1))


def _shown(name: str) -> str:
    return one_line(_text(name), 255)


def _text(name: str) -> str:
    """Return a file's name as text; bytes that aren't UTF-8 are written as escapes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
