"""Samples of what's exhaustive: the whole suite takes another one at each commit, and any run can take all."""

import re
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Ended, Run
from .sample import MAIN

CASES = 10
TESTS = f'''\
import pytest


@pytest.mark.exhaustive(sample=4)
@pytest.mark.parametrize("number", range({CASES}))
def test_many(number):
    """Many things hold."""


@pytest.mark.exhaustive
def test_dear():
    """Something dear holds."""


def test_plain():
    """Something plain holds."""
'''


OF_A_FOLDER = """\
import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.exhaustive(sample=1, of="folder"))
"""

OF_A_FILE = """\
import pytest

pytestmark = pytest.mark.exhaustive(sample=2, of="file")


def test_first():
    \"\"\"The first of four holds.\"\"\"


def test_second():
    \"\"\"The second of four holds.\"\"\"


@pytest.mark.parametrize("number", range(2))
def test_others(number):
    \"\"\"The others of four hold.\"\"\"
"""


OF_THE_SUITE = """\
import pytest


@pytest.mark.exhaustive(of="suite")
def test_long():
    \"\"\"What takes long holds.\"\"\"


@pytest.mark.exhaustive(of="suite")
@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize("number", range(2))
def test_long_ones(number):
    \"\"\"What takes long holds in many cases.\"\"\"
"""


@pytest.fixture
def course(new_course: Callable[[dict[str, str]], Path]) -> Path:
    """Return a course with one commit and with tests of which some are exhaustive."""
    files = {"workbook.toml": "", "stages/01-notes/main.py": MAIN, "stages/01-notes/test_notes.py": TESTS}
    root = new_course(files)
    commit(root, "init", "-q")
    return root


def commit(root: Path, *first: str) -> None:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    for words in (first, [*who, "commit", "-q", "--allow-empty", "-m", "A commit"]):
        if words:
            subprocess.run(["git", *words], cwd=root, check=True)


def ran(ended: Ended) -> set[int]:
    """Return the numbers of the cases that ran."""
    assert ended.status == 0, ended.out
    return {int(number) for number in re.findall(r"test_many\[(\d+)\] PASSED", ended.out)}


def test_every_commit_has_its_sample(run: Run, course: Path) -> None:
    """The whole suite runs a few cases, spread over all, and others at the next commit, until all had a turn."""
    seen: list[set[int]] = []
    for _ in range(3):
        ended = run(course, "-vv", "-n", "0")
        seen.append(ran(ended))
        assert "test_plain PASSED" in ended.out
        assert "test_dear" not in ended.out
        assert f"sample {len(seen)} of what's exhaustive; --exhaustive runs all of it" in ended.out
        commit(course)

    assert set().union(*seen) == set(range(CASES))
    assert sum(map(len, seen)) == CASES
    assert max(map(len, seen)) - min(map(len, seen)) <= 1


def test_a_file_can_be_sampled_as_one(run: Run, course: Path) -> None:
    """With of="file" a file's tests can be sampled like the cases of one test, so each commit would run some."""
    (course / "stages/01-notes/test_heavy.py").write_text(OF_A_FILE, encoding="utf-8")
    seen: list[set[str]] = []
    for _ in range(2):
        ended = run(course, "-vv", "-n", "0")
        seen.append(set(re.findall(r"test_heavy.py::(\S+) PASSED", ended.out)))
        commit(course)

    assert sorted(map(len, seen)) == [2, 2]
    assert seen[0] | seen[1] == {"test_first", "test_second", "test_others[0]", "test_others[1]"}


def test_the_files_of_a_folder_can_be_sampled(run: Run, course: Path) -> None:
    """With of="folder" a conftest can sample whole files. At a file's next turn other tests of it run."""
    folder = course / "stages/01-notes"
    (folder / "conftest.py").write_text(OF_A_FOLDER, encoding="utf-8")
    for name in ("one", "two"):
        (folder / f"test_{name}.py").write_text(TESTS.replace("sample=4", "sample=5"), encoding="utf-8")
    (folder / "test_notes.py").unlink()
    seen: dict[str, Counter[str]] = {"test_one": Counter(), "test_two": Counter()}
    for _ in range(4):
        ran = re.findall(r"(test_\w+)\.py::(\S+) PASSED", run(course, "-vv", "-n", "0").out)
        (file,) = {file for file, _ in ran}
        seen[file].update(test for _, test in ran)
        commit(course)

    once = {f"test_many[{number}]": 1 for number in range(CASES)}
    assert seen == {"test_one": once | {"test_plain": 2}, "test_two": once | {"test_plain": 2}}


def test_what_takes_long_is_sampled_across_the_suite(run: Run, course: Path) -> None:
    """With of="suite" a quarter of what takes long runs. At its turn, a test takes a sample of its cases."""
    for name in ("one", "two"):
        (course / f"stages/01-notes/test_{name}.py").write_text(OF_THE_SUITE, encoding="utf-8")
    seen: Counter[str] = Counter()
    for _ in range(8):
        ended = run(course, "-vv", "-n", "0")
        (turn,) = re.findall(r"test_(?:one|two)\.py::\S+ PASSED", ended.out)
        seen[turn] += 1
        commit(course)

    assert sorted(seen.values()) == [1, 1, 1, 1, 2, 2]
    rest = run(course, "-vv", "-n", "0", "--rest")
    assert len(re.findall(r"test_(?:one|two)\.py::\S+ PASSED", rest.out)) == 5


def test_the_same_commit_has_the_same_sample(run: Run, course: Path) -> None:
    """The sample depends only on the commit, even if several processes share it, so a run can be repeated."""
    one, several = ran(run(course, "-vv", "-n", "0")), run(course, "-vv", "-n", "2")

    assert several.last_line == f"{len(one) + 1} passed"  # xdist does not count what was left out


def test_the_rest_is_what_the_sample_leaves_out(run: Run, course: Path) -> None:
    """A plain run and one with --rest have run everything, and nothing twice, in several processes too."""
    plain, rest = run(course, "-vv", "-n", "0"), run(course, "-vv", "-n", "0", "--rest")

    assert ran(plain).isdisjoint(ran(rest))
    assert ran(plain) | ran(rest) == set(range(CASES))
    assert "test_dear PASSED" in rest.out
    assert "test_plain" not in rest.out
    assert run(course, "--rest", "-n", "2").last_line == f"{len(ran(rest)) + 1} passed"


@pytest.mark.parametrize(
    "arguments",
    [["--exhaustive"], ["stages"], ["-k", "many or dear"], ["-m", "exhaustive"], ["--exhaustive", "-m", "exhaustive"]],
    ids=" ".join,
)
def test_all_of_it_runs_where_it_is_asked_for(run: Run, course: Path, arguments: list[str]) -> None:
    """With --exhaustive, or if you name what to run, nothing is left out."""
    ended = run(course, "-vv", "-n", "0", *arguments)

    assert ran(ended) == set(range(CASES))
    assert "test_dear PASSED" in ended.out
    assert "sample" not in ended.out


def test_without_git_there_is_a_sample_too(run: Run, course: Path) -> None:
    """Without a history, or without git, the whole suite takes the first sample."""
    assert 0 in ran(run(course, "-vv", "-n", "0", GIT_DIR="/nowhere"))
    assert 0 in ran(run(course, "-vv", "-n", "0", PATH="/nowhere"))
