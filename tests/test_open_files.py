"""A shell that allows few open files: as many as the system allows are taken, or a sentence says what's needed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there's no such limit on Windows")
ROOT = Path(__file__).parents[1]
TELL = """import resource, workbook.open_files
print(workbook.open_files.allow_open_files(), *resource.getrlimit(resource.RLIMIT_NOFILE))"""
HIGHEST = (
    "$(n=$(ulimit -Hn); [ $n != unlimited ] && [ $n -lt 2000 ] && echo $n || echo 2000)"  # a machine may allow less
)


def narrow(limits: str, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of Python's in a shell that has called ulimit."""
    words = ["sh", "-c", f'{limits}; exec "$@"', "sh", sys.executable, *command]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}  # not as a worker
    return subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    "limits, told",
    [
        ("ulimit -Sn 64", "1024 1024"),
        ("ulimit -Sn 64; ulimit -Hn 200", "200 200 200"),
        (f"ulimit -Sn {HIGHEST}; echo $(ulimit -n)", "1024 HIGHEST"),
    ],
)
def test_as_many_as_the_system_allows_are_taken(limits: str, told: str) -> None:
    """A soft limit is raised to what's needed, or to the hard one; one that's high enough stays as it is."""
    *before, now = narrow(limits, "-c", TELL).stdout.splitlines()

    assert now.startswith(told.replace("HIGHEST", "".join(before)))


def test_the_whole_suite_says_what_it_needs() -> None:
    """Where the hard limit is too low for all tests, one sentence says what to raise, before any test runs."""
    ended = narrow("ulimit -n 300", "-m", "pytest", "-q")

    said = "ERROR: The whole suite needs 1024 open files and gets 300 here. Next: ulimit -n 1024, as root"
    assert (ended.returncode, ended.stderr.strip()) == (4, said)


@pytest.mark.exhaustive(of="suite")
@pytest.mark.usefixtures("needs_sandbox")
def test_a_class_is_graded_in_a_narrow_shell(tmp_path: Path) -> None:
    """Grading needs more than the 64 files that a shell allows, and takes them; where it can't, it says so at once."""
    grade = ("-m", "workbook", "class", "grade", str(tmp_path), "--exercise", "pagination")
    (tmp_path / "ada.zip").write_bytes(b"")

    assert "ulimit" not in narrow("ulimit -Sn 64", *grade).stderr
    assert "a sandbox needs 192 open files, and gets 64 here" in " ".join(narrow("ulimit -n 64", *grade).stderr.split())
