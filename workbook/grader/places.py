"""Places where something was handed in: in a folder, or in the one zip that a learning platform gives for a class."""

import contextlib
import io
import os
import stat
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Literal, Self

from workbook.submissions.archives import open_archive
from workbook.submissions.projects import DEPTH, MAIN
from workbook.submissions.reading import archive_inside, is_archive, is_unreadable, project_in, read_submission
from workbook.submissions.snapshot import Snapshot, snapshot_of
from workbook.submissions.trees import MOST_BYTES, BadSubmission, Parts, Tree, is_left_out, open_below, read_whole

Kind = Literal["folder", "file", "link", "other"]
MOST_OF_A_CLASS = 2**40
MOST_OF_AN_INNER_CLASS = 256 * 2**20  # a zip in a zip, which is held in memory
SHRUNK = 4  # times: more than a zip in a zip was ever packed
MOST_OF_ITS_DIRECTORY = 32 * 2**20
MOST_IN_A_DOWNLOAD = 200_000  # entries of that directory, and folders that these are in
MOST_IN_A_FOLDER = 100_000


@dataclass(frozen=True)
class Listed:
    """Something in a folder, by its name, and when it was changed."""

    name: str
    kind: Kind
    modified: float = 0.0

    @property
    def may_be_one(self) -> bool:
        """Whether it looks like a submission, apart from its name."""
        return self.kind == "folder" or is_like_archive(self.name) or self.kind == "link"


class Download:
    """A zip with the submissions of a class in it, held open until it's no longer needed."""

    def __init__(self, name: str, opened: Callable[[], BinaryIO]) -> None:
        """Open it. Raises `BadSubmission`, `OSError`."""
        stack = contextlib.ExitStack()
        self.close = weakref.finalize(self, stack.close)
        try:
            stream = stack.enter_context(opened())
            limits = MOST_OF_A_CLASS, MOST_OF_ITS_DIRECTORY, MOST_IN_A_DOWNLOAD
            tree = stack.enter_context(open_archive(stream, name, limits))
            if tree.kind == "archive" and sum(file.size for file in tree.entries) > MOST_BYTES:
                raise BadSubmission("It's too large for a tar of a class: unpack it.")  # a tar is held in memory
            self.files = {file.parts: file for file in tree.entries}
            self.folders = _folders_of(self.files)
        except BaseException:
            self.close()
            raise

    def below(self, folder: Parts) -> Tree:
        """Return the files below a folder, as a separate tree."""
        found, waiting = [], [folder]
        while waiting:
            here = waiting.pop()
            for name, kind in self.folders.get(here, {}).items():
                if kind == "folder":
                    waiting.append((*here, name))
                else:
                    found.append(replace(self.files[*here, name], parts=(*here[len(folder) :], name)))
        return Tree(sorted(found, key=lambda file: file.parts))


def _folders_of(files: Iterable[Parts]) -> dict[Parts, dict[str, Kind]]:
    """Return what's in each folder, from the top one on. Raises `BadSubmission`."""
    found: dict[Parts, dict[str, Kind]] = {(): {}}
    for parts in files:
        for length, name in enumerate(parts):
            kind: Kind = "file" if length == len(parts) - 1 else "folder"
            found.setdefault(parts[:length], {})[name] = kind
        if len(found) > MOST_IN_A_DOWNLOAD:
            raise BadSubmission(f"It holds more than {MOST_IN_A_DOWNLOAD:,} folders.")
    return found


@dataclass(frozen=True)
class HandIn:
    """A folder or file at `below` in the folder `top`, or in a zip, the `download`."""

    top: Path
    below: Parts = ()
    download: Download | None = None

    @property
    def name(self) -> str:
        return self.below[-1] if self.below else self.top.absolute().name

    def __truediv__(self, name: str) -> Self:
        return replace(self, below=(*self.below, name))

    def kind(self) -> Kind:
        """Return what it is, without following a link. Raises `OSError`."""
        if self.download:
            return "file" if self.below in self.download.files else "folder"
        mode = (self.top.joinpath(*self.below)).lstat().st_mode
        return _kind_of(mode)

    def items(self) -> list[Listed]:
        """Return what's in the folder, by name. Raises `OSError`, `BadSubmission`."""
        if self.download:
            inside = self.download.folders.get(self.below, {})
            return [Listed(name, inside[name]) for name in sorted(inside)]
        found: list[Listed] = []
        with self._folder() as number, os.scandir(number) as inside_it:
            for entry in inside_it:
                if len(found) > MOST_IN_A_FOLDER:
                    raise BadSubmission(f"There are more than {MOST_IN_A_FOLDER:,} files.")
                with contextlib.suppress(FileNotFoundError):
                    about = entry.stat(follow_symlinks=False)
                    found.append(Listed(entry.name, _kind_of(about.st_mode), about.st_mtime))
        return sorted(found, key=lambda item: item.name)

    @contextlib.contextmanager
    def _folder(self) -> Iterator[int]:
        flags = os.O_RDONLY | os.O_DIRECTORY  # the instructor's own folder, which they may name by a link
        number = open_below(self.top, self.below) if self.below else os.open(self.top, flags)
        try:
            yield number
        finally:
            os.close(number)

    def read(self, most: int) -> bytes:
        """Return up to `most` bytes of the file. Raises `OSError`, `BadSubmission`, `Changing`."""
        if self.download:
            return self.download.files[self.below].read(most)
        number = open_below(self.top, self.below)
        try:
            return read_whole(number, most)
        finally:
            os.close(number)

    def opened(self) -> Self:
        """Return the inside of a zip. Raises `BadSubmission`, `OSError`."""
        path = self.top.joinpath(*self.below)
        if not self.download:
            return replace(self, top=path, below=(), download=Download(path.name, lambda: path.open("rb")))
        size = self.download.files[self.below].size
        if size > min(MOST_OF_AN_INNER_CLASS, SHRUNK * self.top.stat().st_size):
            raise BadSubmission("It's too large for a zip in a zip: unpack the outer one.")
        content = self.read(size + 1)
        return replace(self, top=path, below=(), download=Download(path.name, lambda: io.BytesIO(content)))

    def has(self, *parts: str) -> bool:
        """Return whether a regular file is there, below the folder, and no link on the way to it."""
        below = (*self.below, *parts)
        if self.download:
            return below in self.download.files
        try:
            number = open_below(self.top, below)
        except (OSError, BadSubmission):
            return False
        try:
            return stat.S_ISREG(os.fstat(number).st_mode)
        finally:
            os.close(number)

    def holds_project(self, depth: int = DEPTH) -> bool:
        """Return whether there's an app/main.py in the folder, or in one at most `depth` below it."""
        if self.has(*MAIN):
            return True
        try:
            inside = self.items() if depth else []
        except (OSError, BadSubmission):
            return False
        return any(
            (self / item.name).holds_project(depth - 1)
            for item in inside
            if item.kind == "folder" and not is_left_out(item.name)
        )

    def snapshot(self) -> Snapshot:
        """Read what's handed in there. Raises `OSError`, `Changing`."""
        if not self.download:
            return snapshot_of(lambda: read_submission(self.top, self.below))
        download, below = self.download, self.below
        if file := download.files.get(below):
            return snapshot_of(lambda: archive_inside(file))
        return snapshot_of(lambda: project_in(download.below(below)))


def _kind_of(mode: int) -> Kind:
    if stat.S_ISLNK(mode):
        return "link"
    return "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "other"


def is_like_archive(name: str) -> bool:
    """Return whether a name is that of an archive, also of a kind that can't be read, and so is refused by name."""
    return is_archive(name) or is_unreadable(name)
