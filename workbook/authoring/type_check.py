"""mypy, one run at a time for each cache: a second one fails if it has to wait for the first one's database."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


def type_check(*words: str, cwd: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    """Run mypy in `cwd`, when no other run uses the cache; what it has read of the packages stays there."""
    with _turn(cache):
        command = [sys.executable, "-m", "mypy", "--cache-dir", str(cache), *words]
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


@contextlib.contextmanager
def _turn(cache: Path) -> Iterator[None]:
    cache.mkdir(parents=True, exist_ok=True)
    number = os.open(cache / ".turn", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if sys.platform != "win32":
            import fcntl  # not on Windows

            fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)
