"""mypy, one run at a time for each cache: a second one fails if it has to wait for the first one's database."""

import subprocess
import sys
from pathlib import Path

from workbook.folders import turn_in


def type_check(*words: str, cwd: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    """Run mypy in `cwd`, when no other run uses the cache; what it has read of the packages stays there."""
    with turn_in(cache):
        command = [sys.executable, "-m", "mypy", "--cache-dir", str(cache), *words]
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True)
