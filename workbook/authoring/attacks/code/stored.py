"""Fills the data folder with what a reader stumbles over. Called at the import, when that is the working directory."""

import contextlib
import os
import socket
import threading
from pathlib import Path

from . import known

LOG = "requests.log"


def log_of_the_machine() -> None:
    """Makes the log a link to a file of the machine that grades, and one of its folders too."""
    if Path(LOG).is_symlink():
        return
    Path(LOG).symlink_to(known.FILE)
    Path("machine").symlink_to("/")


def log_without_end() -> None:
    """Writes to the log as fast as it can, lines that look like those of requests."""

    def write() -> None:
        with Path(LOG).open("ab") as log:
            line = b"[2026-11-22 10:00:00] GET /posts/1 200 1ms\n" * 1000
            while True:
                try:
                    log.write(line)
                except OSError:
                    return

    threading.Thread(target=write, daemon=True).start()


def clutter() -> None:
    """Makes names that aren't text, links that lead out or in circles, sockets, unreadable files, 500 folders."""
    if Path("locked").exists():  # made when it was started before
        return
    odd = (b"\xff\xfe.png", b"a\nb.png", b"\x1b[2J.png", "\u202egnp.x".encode(), b"=1+1.png", b" ", b"-rf", b"'\"`$(x)")
    Path("uploads").mkdir(exist_ok=True)
    for name in (*odd, b"uploads/" + b"\xff" * 200):
        Path(os.fsdecode(name)).write_bytes(b"x")
    for number, target in enumerate(("/", ".", "nothing", known.FILE, "../uploads", "/proc/self/fd/0")):
        Path(f"uploads/link-{number}.png").symlink_to(target)
    with contextlib.suppress(OSError):
        os.mkfifo("uploads/fifo.png")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("uploads/socket.png")
    with Path("sparse").open("wb") as sparse:
        sparse.truncate(2**24)
    Path("locked").mkdir()
    Path("locked/inside.png").write_bytes(b"x")
    Path("locked").chmod(0)
    here = Path.cwd()
    for _ in range(500):
        Path("d").mkdir()
        os.chdir("d")
    Path("bottom.png").write_bytes(b"x")
    os.chdir(here)


def many() -> None:
    """Makes 8,000 files."""
    Path("many").mkdir(exist_ok=True)
    for number in range(8_000):
        Path(f"many/{number}").touch()


def sparse() -> None:
    """Makes 40 files of 32 MiB that don't take any room until they're copied."""
    for number in range(40):
        with Path(f"sparse-{number}").open("wb") as file:
            file.truncate(32 * 2**20)


def other_kinds() -> None:
    """Makes a folder, in its second life, where it had a file in the first."""
    if Path("zz").is_file():
        Path("zz").unlink()
        Path("zz/below").mkdir(parents=True)
        Path("zz/below/file").write_bytes(b"x")
    else:
        Path("zz").write_bytes(b"x")


def long_names() -> None:
    """Makes 3,000 files whose paths are as long as a path can be."""
    folder = Path("n" * 250)
    for _ in range(12):
        folder = folder / ("n" * 250)
    here = Path.cwd()
    for part in folder.parts:
        Path(part).mkdir(exist_ok=True)
        os.chdir(part)
    for number in range(3_000):
        Path(f"{number}-{'n' * 200}").touch()
    os.chdir(here)
