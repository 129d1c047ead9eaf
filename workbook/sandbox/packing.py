"""Files on their way into a sandbox and out of it: regular files alone, bounded in size and number."""

import io
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

MOST_BYTES = 64 * 1024 * 1024
MOST_FILES = 4_000
DEEPEST = 20


class TooMuch(Exception):
    """More than a submission may hold; the message says of what."""


def pack_folders(folders: dict[str, Path]) -> bytes:
    """Return a tar of the folders' regular files, each folder under its name. Raises `TooMuch`.

    Links, devices and FIFOs are left out; a file that changes meanwhile is packed as it was read.
    """
    target, left = io.BytesIO(), MOST_BYTES
    with tarfile.open(fileobj=target, mode="w") as tar:
        for name, folder in folders.items():
            top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                for inside in entries(top):
                    content = None if "__pycache__" in inside else read_stored(top, inside, left + 1)
                    if content is None:
                        continue
                    left -= len(content)
                    if left < 0:
                        raise TooMuch(f"its files are larger than {MOST_BYTES // 2**20} MiB")
                    member = tarfile.TarInfo(f"{name}/{inside}")
                    member.size = len(content)
                    tar.addfile(member, io.BytesIO(content))
            finally:
                os.close(top)
    return target.getvalue()


def entries(top: int) -> Iterator[str]:
    """Yield the relative path of everything below the folder `top` that isn't a folder. Raises `TooMuch`.

    It follows no link, because an attacker may own the folder, and be changing it.
    """
    waiting, seen = [""], 0
    while waiting:
        folder = waiting.pop()
        try:
            opened = _open(top, folder, os.O_RDONLY | os.O_DIRECTORY) if folder else os.dup(top)
        except OSError:
            continue  # gone, or not to be read
        try:
            with os.scandir(opened) as found:
                for entry in found:
                    seen += 1
                    if seen > MOST_FILES:
                        raise TooMuch(f"it holds more than {MOST_FILES:,} files")
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    if not entry.is_dir(follow_symlinks=False):
                        yield path
                    elif path.count("/") < DEEPEST:
                        waiting.append(path)
        except OSError:
            continue
        finally:
            os.close(opened)


def read_stored(top: int, path: str, most: int) -> bytes | None:
    """Return at most `most` bytes of the regular file at `path` below `top`; None without one, or behind a link."""
    try:
        opened = _open(top, path, os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        return None
    with os.fdopen(opened, "rb") as file:
        return file.read(most)


def _open(top: int, path: str, flags: int) -> int:
    """Open `path` below `top`, no part of which may be a link."""
    *folders, name = path.split("/")
    if len(folders) > DEEPEST or any(part in {"", ".", ".."} for part in (*folders, name)):
        raise OSError("a path that leads elsewhere")
    here = os.dup(top)
    try:
        for part in folders:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = below
        return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)
    finally:
        os.close(here)
