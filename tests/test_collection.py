"""Every process collects the same tests: workers compare their lists, and a difference ends the whole run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .test_repo import ROOT

ANOTHER_TIME = """\
import itertools
import time

now, calls = time.time, itertools.count()
time.time = lambda: now() + 7919 * next(calls)  # so that no two files of an archive are of the same time
"""


@pytest.mark.exhaustive
def test_another_process_at_another_time_collects_the_same(tmp_path: Path) -> None:
    """What's made while tests are collected, and named in an id, owes nothing to the clock, a seed or an address."""
    (tmp_path / "another_time.py").write_text(ANOTHER_TIME, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    later = os.environ | {"PYTHONHASHSEED": "2", "PYTHONPATH": str(tmp_path), "TZ": "Pacific/Kiritimati"}
    found = [
        subprocess.run([*command, *more], cwd=ROOT, env=env, capture_output=True, text=True).stdout.splitlines()
        for more, env in (([], os.environ | {"PYTHONHASHSEED": "1"}), (["-p", "another_time"], later))
    ]
    first, second = (sorted(line for line in lines if "::" in line) for lines in found)

    assert len(first) > 1000, found[0][-5:]
    assert first == second
