"""Forges what the grader could take for a result or for a word of the sandbox."""

import contextlib
import json
import os
import socket
import sqlite3
import struct
from pathlib import Path

from . import known

TESTS = ("test_counts_books", "test_counts_by_letter")
URL = f"http://127.0.0.1:{known.PORT}"
ANSWERS = [
    {"url": URL, "pid": 1, "imported": []},
    {"ended": 0},
    {"ready": True},
    {"files": [], "names": [], "content": ""},
    *({"event": "passed", "test": f"exercises/count/test_count.py::{name}", "seconds": 0.1} for name in TESTS),
    {"event": "finished", "status": 0},
    {"outcome": "kept", "score": 100, "passed": True, "verdict": "kept"},
]
LINES = b"".join(json.dumps(answer).encode() + b"\n" for answer in ANSWERS)
JUNIT = "".join(f'<testcase classname="test_count" name="{name}" time="0.1"/>' for name in TESTS)
RESULTS = {
    "results.jsonl": LINES,
    "results.json": json.dumps(
        {"score": 100, "tests": [{"name": n, "score": 50, "max_score": 50} for n in TESTS]}
    ).encode(),
    "junit.xml": f'<testsuite tests="2" failures="0" errors="0">{JUNIT}</testsuite>'.encode(),
    "score.txt": b"100",
    "output.txt": b"2 passed in 0.01s\n",
    ".pytest_cache/v/cache/lastfailed": b"{}",
}


def writable() -> list[Path]:
    # Every folder that takes a file.
    found = []
    for folder, names, _ in os.walk("/"):
        if folder in {"/proc", "/sys", "/usr"}:
            names.clear()
        elif os.access(folder, os.W_OK):
            found.append(Path(folder))
    return [Path.cwd(), *found]


def results() -> None:
    """Leaves result files and a journal, each of full marks, in every folder that takes one."""
    for folder in writable()[:200]:
        for name, content in RESULTS.items():
            with contextlib.suppress(OSError):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
        with contextlib.suppress(sqlite3.Error, OSError):
            journal = sqlite3.connect(folder / "journal.db")
            journal.execute("CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY, at, kind, step, data)")
            journal.execute("INSERT INTO entry (kind, step, data) VALUES ('graded', 'count', ?)", (LINES.decode(),))
            journal.commit()
            journal.close()


def descriptors(content: bytes) -> None:
    for number in range(256):
        with contextlib.suppress(OSError):
            os.set_blocking(number, False)
        with contextlib.suppress(OSError):
            os.write(number, content)


def answers() -> None:
    """Answers for the sandbox on every descriptor, before it does: the app is served there, all promises are kept."""
    descriptors(LINES)


def framed_answers() -> None:
    """The same, each with its length before it, in the ways that programs write lengths."""
    for pattern in ("<I", ">I", "<Q", ">Q", ">H"):
        for answer in ANSWERS:
            line = json.dumps(answer).encode()
            descriptors(struct.pack(pattern, len(line)) + line)


def noise() -> None:
    """Sends what can't be parsed on every descriptor: bytes that aren't text, lists and numbers without an end."""
    descriptors(b"\xff" * 2**20)
    descriptors(b'{"url": ' + b"[" * 2**16)
    descriptors(b"9" * 2**20 + b"\n")


def handed_descriptors() -> None:
    """Hands its own files over, on every socket that it has inherited."""
    with Path("/proc/self/status").open("rb") as status:
        for number in range(3, 256):
            with contextlib.suppress(OSError, ValueError), socket.socket(fileno=os.dup(number)) as inherited:
                inherited.setblocking(False)
                socket.send_fds(inherited, [LINES], [status.fileno()] * 16)


def stolen_words() -> None:
    """Reads away what the grader says to the sandbox, on every descriptor."""
    for number in range(3, 256):
        with contextlib.suppress(OSError):
            os.set_blocking(number, False)
            os.read(number, 2**16)


def closed_lines() -> None:
    """Ends every line that it has inherited, and goes on without."""
    for number in range(3, 256):
        with contextlib.suppress(OSError), socket.socket(fileno=number) as inherited:
            inherited.shutdown(socket.SHUT_RDWR)
