"""Tiny apps, and what can be seen of the processes that serve them."""

import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 60.0  # seconds: a deadline for a loaded machine, never waited for where all is well
LAUNCHERS = ["fork", "spawn"] if sys.platform == "linux" else ["spawn"]

# The end of an app that imports no framework, so that it starts at once: `answer(path)` makes its responses.
PLAIN = """

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    body = str(answer(scope["path"])).encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    await after(scope["path"])


async def after(path):
    pass
"""
HELLO = "def answer(path):\n    return f'hello {path}'\n" + PLAIN


def write(folder: Path, files: dict[str, str]) -> Path:
    """Make an app directory of `files`, or add them to one."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def wait_until(condition: Callable[[], object], what: str | Callable[[], str], seconds: float = PATIENCE) -> None:
    """Return as soon as `condition` holds; fail with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain: {what() if callable(what) else what}"
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    """Return whether the process has ended; on Linux, a zombie counts as ended too."""
    try:
        os.kill(pid, 0)
        return sys.platform == "linux" and stat_of(pid)[0] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return True


def stat_of(pid: int) -> list[str]:
    """Return what Linux says about a process: its state, its parent's id, and more."""
    return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()


def parent_of(pid: int) -> int:
    return int(stat_of(pid)[1])


def children_of(pid: int) -> list[int]:
    """Return the processes that `pid` has started and not reaped."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if parent_of(int(folder.name)) == pid:
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def open_files_of(pid: int) -> int:
    """Return how many file descriptors a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def without_marks(text: str) -> str:
    """Return a text without the ^^^^ below a traceback's code, because each Python draws them differently."""
    return re.sub(r"^ +[~^]+\n(?! *SyntaxError)", "", text, flags=re.MULTILINE)
