"""What someone hands in: a folder or an archive of a project, looked at before anything of it runs."""

import contextlib
import io
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from workbook.folders import temporary_folder

from .archives import SUFFIXES, open_archive
from .projects import DEPTH, ProjectFiles, find_project, read_project, refuse_shadows
from .trees import (
    HAS_HANDLES,
    MOST_BYTES,
    MOST_FILES,
    BadSubmission,
    Changing,
    Empty,
    FoundFile,
    Parts,
    Tree,
    is_changed,
    is_left_out,
    open_below,
    tree_of_folder,
)

__all__ = ["DEPTH", "MOST_BYTES", "MOST_FILES", "BadSubmission", "Changing", "Empty", "open_submission"]
AGAIN = 3
UNREADABLE = (".rar", ".7z", ".tar.xz", ".txz", ".tar.zst", ".gz", ".bz2", ".xz")  # archives, but for `SUFFIXES`
IN_PLACE = "project"  # what the folder of an unpacked project is called


@contextlib.contextmanager
def open_submission(path: Path) -> Iterator[Path]:
    """Yield the folder that holds app/main.py; what an archive unpacks to is removed at the end.

    Raises `BadSubmission`.
    """
    if path.is_dir():
        yield _project_below(path.resolve())
    elif path.is_file():
        try:
            project = read_submission(path.resolve(), called=path.name)
        except Changing as error:
            raise BadSubmission(f"{path.name} changes while it is read.") from error
        except OSError as error:
            raise BadSubmission(f"{path.name} cannot be unpacked: {error.strerror or error}.") from error
        with unpacked(project) as folder:
            yield folder
    else:
        wrong = "is neither a folder nor a file" if path.exists() else "doesn't exist"
        raise BadSubmission(f"{path} {wrong}.")


def _project_below(folder: Path) -> Path:
    """Return the project in a folder, which is tested where it is. Raises `BadSubmission`."""
    try:
        tree = tree_of_folder(folder)
    except (OSError, Changing) as error:
        raise BadSubmission(f"{folder} can't be read: {getattr(error, 'strerror', '') or 'it changes'}.") from error
    place = find_project(tree)
    refuse_shadows(entry.parts for entry in tree.below(place).entries)
    return folder.joinpath(*place)


@contextlib.contextmanager
def unpacked(project: ProjectFiles) -> Iterator[Path]:
    """Yield a fresh folder with the project's files, and remove it. Raises `BadSubmission`."""
    with temporary_folder("submission") as folder:
        place = folder / IN_PLACE
        try:
            for parts, content in project.files.items():
                file = place.joinpath(*parts)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
        except ValueError as error:
            raise BadSubmission(f"It has a name in it that no project needs: {'/'.join(parts)[:60]!r}.") from error
        yield place


def read_submission(top: Path, below: Parts = (), *, called: str = "") -> ProjectFiles:
    """Read the project that's handed in at `below` in the folder `top`, or at `top`, following no link.

    Raises `BadSubmission`, with a sentence for the learner, `OSError`, and `Changing`.
    """
    name = called or (below[-1] if below else top.name)
    for _ in range(AGAIN):
        with contextlib.suppress(Changing), _opened(top, below, name) as tree:
            return project_in(tree)
    raise Changing


@contextlib.contextmanager
def _opened(top: Path, below: Parts, name: str) -> Iterator[Tree]:
    """Yield what's in a folder or an archive. Raises `BadSubmission`, `OSError`, `Changing`."""
    if not HAS_HANDLES and top.joinpath(*below).is_dir():
        yield tree_of_folder(top.joinpath(*below))
        return
    number = open_below(top, below)
    try:
        before = os.fstat(number)
        if stat.S_ISDIR(before.st_mode):
            yield tree_of_folder(number)
            return
        if not stat.S_ISREG(before.st_mode):
            raise OSError(0, "it isn't a regular file")
        with open(number, "rb", closefd=False) as stream, open_archive(stream, name) as tree:
            yield tree
        if is_changed(number, before):
            raise Changing
    finally:
        os.close(number)


def project_in(tree: Tree) -> ProjectFiles:
    """Return the project in a tree, or in the one archive that the tree holds instead. Raises what reading raises."""
    try:
        return read_project(tree)
    except BadSubmission:
        inside = [entry for entry in tree.entries if is_archive(entry.parts[-1]) and not entry.odd]
        inside = [entry for entry in inside if not any(map(is_left_out, entry.parts))]
        others = [entry.name for entry in tree.entries if is_unreadable(entry.parts[-1])]
        if others and not inside and not _has_main(tree):
            raise BadSubmission(f"There's {others[0]} in it, which can't be read: hand in a zip.") from None
        if _has_main(tree) or not inside:
            raise
        if len(inside) > 1:
            names = ", ".join(entry.name for entry in inside[:3])
            raise BadSubmission(f"There are several archives in it: {names}. Hand in one.") from None
    return _in_archive(inside[0], read_project)


def archive_inside(entry: FoundFile) -> ProjectFiles:
    """Return the project in an archive that is itself in one. Raises what reading raises."""
    return _in_archive(entry, project_in)


def _in_archive(entry: FoundFile, read: Callable[[Tree], ProjectFiles]) -> ProjectFiles:
    if entry.odd:
        raise BadSubmission(f"{entry.parts[-1]} {entry.odd}.")
    if entry.size > MOST_BYTES:
        raise BadSubmission(f"{entry.parts[-1]} is larger than {MOST_BYTES // 2**20} MiB.")
    with open_archive(io.BytesIO(entry.read(MOST_BYTES)), entry.parts[-1]) as nested:
        return read(nested)


def _has_main(tree: Tree) -> bool:
    return any(entry.parts[-1] == "main.py" for entry in tree.entries)


def is_unreadable(name: str) -> bool:
    """Return whether a file is named like an archive of a kind that can't be read, and so is refused by name."""
    return name.lower().endswith(UNREADABLE) and not is_archive(name)


def is_archive(name: str) -> bool:
    """Return whether a file is named like an archive that can be read."""
    return name.lower().endswith(SUFFIXES)
