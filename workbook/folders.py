"""Temporary folders that belong to one process: it removes them, or the next command does if it was killed.

Each folder has a lock that its owner holds for as long as it lives. If the lock is free, the owner is gone.
"""

import contextlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

PREFIX = "workbook-"
OWNER = ".owner"

_locks: dict[Path, int] = {}
_swept: set[tuple[int, str]] = set()


def make_folder(what: str, place: str | None = None) -> Path:
    """Make a folder called workbook-`what`-… in `place`, the usual one if None; its maker calls `remove_folder`."""
    place = place or tempfile.gettempdir()
    if (os.getpid(), place) not in _swept:
        _swept.add((os.getpid(), place))
        sweep(Path(place))
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{what}-", dir=place)).resolve()
    if sys.platform != "win32":
        import fcntl  # not on Windows

        lock = os.open(folder / "owner", os.O_RDWR | os.O_CREAT, 0o600)
        with contextlib.suppress(OSError):  # a file system that can't: then it stays if its owner is killed
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            (folder / "owner").rename(folder / OWNER)  # so that the name is never there without the lock
        _locks[folder] = lock
    return folder


def remove_folder(folder: Path) -> None:
    """Remove a folder that `make_folder` made, with all that's in it. Harmless when called twice."""
    shutil.rmtree(folder, ignore_errors=True)
    if (lock := _locks.pop(folder, None)) is not None:
        os.close(lock)


@contextlib.contextmanager
def turn_in(folder: Path) -> Iterator[None]:
    """Wait until no other process has its turn in `folder`, and make that if it's not there."""
    folder.mkdir(parents=True, exist_ok=True)
    number = os.open(folder / ".turn", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if sys.platform != "win32":
            import fcntl  # not on Windows

            fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


@contextlib.contextmanager
def temporary_folder(what: str, place: str | None = None) -> Iterator[Path]:
    """Yield a folder called workbook-`what`-…, and remove it."""
    folder = make_folder(what, place)
    try:
        yield folder
    finally:
        remove_folder(folder)


def sweep(place: Path) -> None:
    """Remove what killed commands of this user have left in `place`, and nothing else; on Windows nothing."""
    with contextlib.suppress(OSError), os.scandir(place) as found:
        for entry in found:
            if entry.name.startswith(PREFIX):
                with contextlib.suppress(OSError):
                    _remove_if_left(Path(entry.path))


def _remove_if_left(folder: Path) -> None:
    if sys.platform == "win32":
        return
    import fcntl

    about = folder.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.geteuid():
        return
    lock = os.open(folder / OWNER, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises while its owner lives
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
