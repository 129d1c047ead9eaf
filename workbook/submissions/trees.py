"""What's in a folder or an archive: names first, contents only of what's asked for. Nothing here follows a link."""

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

MIB = 2**20
MOST_FILES = 2_000
MOST_BYTES = 20 * MIB
MOST_ENTRIES = 20_000  # that are looked at in a folder, its folders included
DEEPEST = 20
SECONDS = 20.0  # of processor time, to read one submission
LEFT_OUT = {"__pycache__", "__MACOSX", "node_modules", "venv", "site-packages"}
ENVIRONMENT = "pyvenv.cfg"  # is in every virtual environment, whatever its folder is called
HAS_HANDLES = os.open in os.supports_dir_fd and os.scandir in os.supports_fd  # not on Windows
FOLDER: int = getattr(os, "O_DIRECTORY", 0)  # not on Windows
READ = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)
Parts = tuple[str, ...]


class BadSubmission(Exception):
    """It can't be tested; the message says to the learner what's wrong with it and what to do."""


class Empty(BadSubmission):
    """There's nothing in it."""


class Changing(Exception):
    """It changes while it is read."""


@dataclass(frozen=True)
class FoundFile:
    """A file, by its path's parts. `read(most)` returns at most so many bytes; `odd` is why it can't be read."""

    parts: Parts
    size: int
    read: Callable[[int], bytes]
    odd: str = ""

    @property
    def name(self) -> str:
        return "/".join(self.parts)


@dataclass(frozen=True)
class Tree:
    """The files in a folder or an archive, and what was passed over without a look, by name."""

    entries: Sequence[FoundFile]
    left_out: Sequence[str] = ()
    kind: Literal["zip", "archive", "folder"] = "zip"

    @property
    def called(self) -> str:
        return f"The {self.kind}"

    @property
    def too_many(self) -> str:
        """The sentence about too many files."""
        if self.kind == "folder":
            return f"The folder holds more than {MOST_FILES:,} files."
        return f"The {self.kind} holds more than {MOST_FILES:,} entries: leave the virtual environment out."

    def below(self, prefix: Parts) -> "Tree":
        """Return what's in the folder `prefix`, as a separate tree."""
        inside = [
            FoundFile(one.parts[len(prefix) :], one.size, one.read, one.odd)
            for one in self.entries
            if one.parts[: len(prefix)] == prefix and len(one.parts) > len(prefix)
        ]
        return Tree(inside, self.left_out, self.kind)


@dataclass
class Patience:
    """The processor time that reading one submission may take."""

    until: float = field(default_factory=lambda: time.thread_time() + SECONDS)

    def check(self) -> None:
        """Raise `BadSubmission` if the time is over."""
        if time.thread_time() > self.until:
            raise BadSubmission("It takes too long to read: hand in the folder that app/ is in, and nothing beside it.")


def is_left_out(name: str) -> bool:
    """Return whether a folder of this name is none of a learner's work."""
    return name in LEFT_OUT or name.startswith(".")


def open_below(top: Path, below: Parts = ()) -> int:
    """Open what's at `below` in the folder `top`, following no link on the way. Raises `OSError`, `BadSubmission`."""
    try:
        if not below:
            return os.open(top, READ)
        if not HAS_HANDLES:
            return os.open(top.joinpath(*below), READ)
        here = os.open(top, os.O_RDONLY | FOLDER)
        try:
            for folder in below[:-1]:
                inside = os.open(folder, READ | FOLDER, dir_fd=here)
                os.close(here)
                here = inside
            return os.open(below[-1], READ, dir_fd=here)
        finally:
            os.close(here)
    except OSError as error:
        if top.joinpath(*below).is_symlink():
            raise BadSubmission("It's a link: hand in the file itself.") from error
        raise
    except ValueError as error:  # a name that holds NUL
        raise OSError(0, "its name is none") from error


def read_whole(number: int, most: int) -> bytes:
    """Return up to `most` bytes of an open regular file, as it was at one moment. Raises `OSError`, `Changing`."""
    before = os.fstat(number)
    if not stat.S_ISREG(before.st_mode):
        raise OSError(0, "it isn't a regular file")
    with open(number, "rb", closefd=False) as file:
        content = file.read(most)
    if is_changed(number, before):
        raise Changing
    return content


def is_changed(number: int, before: os.stat_result) -> bool:
    """Return whether an open file was written since `before`."""
    after = os.fstat(number)
    return (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)


def tree_of_folder(top: int | Path) -> Tree:
    """Return what's in a folder, held open by a handle where there are handles. Raises `OSError`, `BadSubmission`.

    Links, devices and FIFOs are passed over, and so is what's deeper than any project.
    """
    found: list[FoundFile] = []
    left_out: list[str] = []
    waiting: list[Parts] = [()]
    seen, patience = 0, Patience()
    while waiting:
        folder = waiting.pop()
        patience.check()
        files: list[FoundFile] = []
        folders: list[Parts] = []
        for name, kind, size in _listed(top, folder):
            seen += 1
            if seen > MOST_ENTRIES:
                raise BadSubmission(f"The folder holds more than {MOST_FILES:,} files.")
            parts = (*folder, name)
            if kind == "folder":
                folders.append(parts)
            elif kind == "file" and not name.endswith(".pyc"):
                files.append(FoundFile(parts, size, _reader(top, parts)))
            elif kind == "other":
                left_out.append("/".join(parts))
        if folder and any(entry.parts[-1] == ENVIRONMENT for entry in files):
            left_out.append("/".join(folder) + "/")
            continue
        found += files
        for parts in sorted(folders, reverse=True):
            if is_left_out(parts[-1]) or len(parts) > DEEPEST:
                left_out.append("/".join(parts) + "/")
            else:
                waiting.append(parts)
    return Tree(sorted(found, key=lambda one: one.parts), left_out, "folder")


Kind = Literal["file", "folder", "other"]


def _listed(top: int | Path, folder: Parts) -> Iterator[tuple[str, Kind, int]]:
    """Yield name, kind and size of everything in a folder. Raises `OSError`, `Changing`."""
    number, place = _opened(top, folder)
    try:
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.is_symlink():
                    yield entry.name, "other", 0
                elif entry.is_dir(follow_symlinks=False):
                    yield entry.name, "folder", 0
                elif entry.is_file(follow_symlinks=False):
                    yield entry.name, "file", entry.stat(follow_symlinks=False).st_size
                else:
                    yield entry.name, "other", 0
    except FileNotFoundError as error:
        raise Changing from error
    finally:
        if number is not None:
            os.close(number)


def _opened(top: int | Path, folder: Parts) -> tuple[int | None, int | Path]:
    """Return a handle to be closed, if there's one, and what to list. Raises `OSError`, `Changing`."""
    if isinstance(top, Path):
        return None, top.joinpath(*folder)
    number = _walk_down(top, folder, FOLDER)
    return number, number


def _walk_down(top: int, parts: Parts, flags: int) -> int:
    here = os.dup(top)
    try:
        for part in parts[:-1]:
            inside = os.open(part, READ | FOLDER, dir_fd=here)
            os.close(here)
            here = inside
        return os.open(parts[-1] if parts else ".", READ | flags, dir_fd=here)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Changing from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Changing from error  # a link took its place
        raise
    finally:
        os.close(here)


def _reader(top: int | Path, parts: Parts) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        number = os.open(top.joinpath(*parts), READ) if isinstance(top, Path) else _walk_down(top, parts, 0)
        try:
            return read_whole(number, most)
        finally:
            os.close(number)

    return read
