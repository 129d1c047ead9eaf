"""What was handed in, read once: what is hashed is what travels and what is graded, whatever happens to the file."""

import contextlib
import hashlib
import io
import os
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .reading import MOST_BYTES, MOST_FILES, BadSubmission, open_submission

EPOCH = (1980, 1, 1, 0, 0, 0)
LEFT_OUT = {"__pycache__", "__MACOSX", "node_modules", "venv", "site-packages"}
AGAIN = 3
NAME = "submission.zip"
READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Changing(Exception):
    """It changes while it is read."""


@dataclass(frozen=True)
class Snapshot:
    """A zip's bytes, or a folder's files as those of one. `refused` is why it was not read to its end, if so."""

    content: bytes
    refused: str = ""

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.refused.encode() + b"\0" + self.content).hexdigest()

    @contextlib.contextmanager
    def project(self, called: str) -> Iterator[Path]:
        """Yield the freshly unpacked folder that holds its app/main.py, and remove it. Raises `BadSubmission`."""
        if self.refused:
            raise BadSubmission(self.refused)
        with tempfile.TemporaryDirectory(prefix="workbook-submission-", ignore_cleanup_errors=True) as folder:
            file = Path(folder) / NAME
            file.write_bytes(self.content)
            try:
                with open_submission(file) as project:
                    yield project
            except BadSubmission as error:
                raise BadSubmission(str(error).replace(NAME, called)) from error


def take_snapshot(path: Path) -> Snapshot:
    """Read the zip or the folder. Raises `OSError`, `Changing`."""
    if path.is_symlink():
        return Snapshot(b"", "It is a link: hand in the file itself.")
    for _ in range(AGAIN):
        with contextlib.suppress(Changing):
            if path.is_dir():
                return _of_folder(path)
            return Snapshot(read_once(path, MOST_BYTES + 1))  # what is larger is refused when it is opened
    raise Changing


def read_once(path: Path, most: int) -> bytes:
    """Return up to `most` bytes of a regular file, as it was at one moment. Raises `OSError`, `Changing`."""
    number = os.open(path, READ)
    with os.fdopen(number, "rb") as file:
        before = os.fstat(number)
        if not stat.S_ISREG(before.st_mode):
            raise OSError(0, "it is no regular file")
        content = file.read(most)
        after = os.fstat(number)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise Changing
    return content


def _of_folder(folder: Path) -> Snapshot:
    packed = io.BytesIO()
    left, count = MOST_BYTES, 0
    with zipfile.ZipFile(packed, "w") as archive:
        for path in _files(folder):
            name = path.relative_to(folder).as_posix()
            count += 1
            if count > MOST_FILES:
                return Snapshot(b"", f"The folder holds more than {MOST_FILES:,} files.")
            content = read_once(path, left + 1)
            left -= len(content)
            if left < 0:
                return Snapshot(b"", f"The folder holds more than {MOST_BYTES // 2**20} MiB.")
            try:
                archive.writestr(zipfile.ZipInfo(name, EPOCH), content)
            except UnicodeEncodeError:
                return Snapshot(b"", f"The folder holds a name that no project needs: {name[:60]!r}.")
    return Snapshot(packed.getvalue())


def _files(folder: Path) -> Iterator[Path]:
    """Yield the folder's regular files in order, except links, hidden folders, environments and what running leaves."""

    def refuse(error: OSError) -> None:
        raise error

    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT and not name.startswith("."))
        for name in sorted(names):
            path = Path(place) / name
            if not name.endswith(".pyc") and stat.S_ISREG(path.lstat().st_mode):
                yield path
