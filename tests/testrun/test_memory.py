"""Tests of what a run says about itself."""

import contextlib
import sys
from pathlib import Path

import pytest

from workbook.testrun.runner import WarmRunner

from ..apps import write

MIB = 2**20
CHILD = "import subprocess, sys\n\n\ndef test_it():\n    large = 'kept = bytearray(%d); print(len(kept))'\n"
CHILD += "    subprocess.run([sys.executable, '-c', large], check=True)\n"


@pytest.mark.skipif(sys.platform != "linux", reason="not proven here: runs are forked on Linux alone")
@pytest.mark.parametrize(
    "code, least, most",
    [(CHILD % (700 * MIB), 10, 400), ("def test_it():\n    assert len(bytearray(500 * 2**20))\n", 500, 900)],
    ids=["of a process that it started", "its own"],
)
def test_the_memory_is_that_of_the_tests(tmp_path: Path, code: str, least: int, most: int) -> None:
    """The memory of a run is what its own process had, without that of apps and others that it has waited for."""
    folder = write(tmp_path, {"test_it.py": code, "pyproject.toml": "[tool.pytest.ini_options]\n"})
    with contextlib.closing(WarmRunner(apps=False)) as runner:
        found = runner.start(folder, [folder / "test_it.py"]).result()

    assert not found.trouble, found.trouble
    assert least * MIB < found.memory < most * MIB
