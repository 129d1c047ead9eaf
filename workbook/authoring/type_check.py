"""mypy, one run at a time for each cache: a second one fails if it has to wait for the first one's database."""

import os
import subprocess
import sys
from pathlib import Path

from workbook.folders import turn_in


def mypy_cache(root: Path) -> Path:
    """Return where mypy keeps what it has read: where its own variable says, or below the course."""
    return Path(os.environ.get("MYPY_CACHE_DIR", root / ".mypy_cache"))


def type_check(*words: str, cwd: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    """Run mypy in `cwd`, when no other run uses the cache; what it has read of the packages stays there."""
    with turn_in(cache):
        command = [sys.executable, "-m", "mypy", "--cache-dir", str(cache), *words]
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True)
