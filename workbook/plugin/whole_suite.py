"""The whole suite: in as many processes as the machine can feed, and of what's exhaustive only a sample.

What is named runs in one process, which is easier to follow, and all of it. Otherwise each commit runs another sample.

`@pytest.mark.exhaustive(sample=3)` on a test with many cases: about three of them run. Without cases, or with
`sample=0`, none does. With `of="file"`, all tests of a file count as the cases of one; with `of="folder"`, given by a
conftest.py, each file of a folder does. A test's own mark counts instead of its file's. With `of="suite"`, all tests so
marked count as the cases of one, and a quarter of them run: it's for what takes long, and can come in addition.

`--exhaustive` runs all, and so does a run that names what it wants. `--rest` runs what the sample leaves out: a plain
run and one with it make an exhaustive one. With `at_most=20`, even `--exhaustive` runs about twenty of them, because
all would take hours; only naming the file runs all.
"""

import math
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from workbook.open_files import ENOUGH, allow_open_files

from .submissions import refuse_foreign_settings

OPTION = "--sampled"


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Take samples if no tests are named, and add xdist's options if it's installed, as in the tests' group.

    Before that, and before any conftest.py is imported, refuse the settings of a submission.
    """
    refuse_foreign_settings(early_config)
    given = early_config.known_args_namespace
    files = allow_open_files()
    whole = not given.file_or_dir and (early_config.rootpath / "workbook.toml").is_file()
    if not whole or "PYTEST_XDIST_WORKER" in os.environ:
        return
    if files < ENOUGH:
        said = f"The whole suite needs {ENOUGH} open files and gets {files} here"
        raise pytest.UsageError(f"{said}. Next: ulimit -n {ENOUGH}, as root")
    if not (given.exhaustive or given.rest or given.keyword or given.markexpr or given.sampled >= 0):
        args += [OPTION, str(sample_of(early_config.rootpath))]
    _keep_bytecode()
    if find_spec("xdist") is None or given.collectonly:
        return
    if getattr(given, "numprocesses", None) is None and not getattr(given, "usepdb", False):
        # Two more than there are cores: many tests wait, for a server, a terminal or a browser.
        args += ["-n", str((os.cpu_count() or 1) + 2), "--dist", "worksteal"]


def _keep_bytecode() -> None:
    """Let Python write bytecode in this run, also where the environment forbids it.

    The suite starts hundreds of interpreters. Without bytecode each compiles every package that it imports, which takes
    longer than all tests together.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def add_options(group: pytest.OptionGroup) -> None:
    """Add the options that say whether this run takes samples."""
    group.addoption(
        "--exhaustive",
        action="store_true",
        help="run everything that's otherwise only sampled; with `-m exhaustive`, nothing but that",
    )
    group.addoption(
        "--rest", action="store_true", help="run what a plain run leaves out on this commit: both are an exhaustive one"
    )
    group.addoption(OPTION, type=int, default=-1, metavar="N", help="take the Nth sample (default: by the commit)")


def declare_marker(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line(
        "markers",
        "exhaustive(sample=0, at_most=all, of='test'): many cases, of which the whole suite runs about so many",
    )


def sample_of(root: Path) -> int:
    """Return the number of this commit in its history, so that the next commit takes the next sample; 0 without git."""
    command = ["git", "rev-list", "--count", "HEAD"]
    try:
        return int(subprocess.run(command, cwd=root, capture_output=True, check=True).stdout)
    except (OSError, subprocess.CalledProcessError):
        return 0


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Let each process of xdist take the sample that was chosen for all of them."""
    node.workerinput["sampled"] = node.config.getoption("sampled")


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say that this run takes samples, and how to run all."""
    number = config.getoption("sampled")
    return f"sample {number} of what's exhaustive; --exhaustive runs all of it" if number >= 0 else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the cases that are not in this run's sample."""
    number: int = getattr(config, "workerinput", {}).get("sampled", config.getoption("sampled"))
    rest, everything = bool(config.getoption("rest")), bool(config.getoption("exhaustive"))
    if number < 0 and not everything and not rest:
        return
    number = sample_of(config.rootpath) if everything or rest else number
    left_out = _left_out(items, number, everything or rest)
    if rest:
        left_out |= set(items) - _left_out(items, number, everything=False)
    if left_out:
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
        items[:] = [item for item in items if item not in left_out]


def _left_out(items: list[pytest.Item], number: int, everything: bool) -> set[pytest.Item]:
    """Return what isn't in the sample of that number, or beyond `at_most` where everything is to run."""
    numbers = dict.fromkeys(items, number)
    left_out: set[pytest.Item] = set()
    for kinds in ({"suite"}, {"folder"}, {"file", "test"}):
        for marker, cases in _marked(items, kinds):
            asked = marker.kwargs if "suite" not in kinds else {"sample": math.ceil(len(cases) / 4)}
            kept = _kept(len(cases), asked, numbers[cases[0][0]], everything)
            for at, case in enumerate(cases):
                if at not in kept:
                    left_out.update(case)
                for item in case:
                    numbers[item] //= kept.step  # a file that has its turn again takes another sample of its tests
    return left_out


def _marked(items: list[pytest.Item], kinds: Container[str]) -> Iterator[tuple[pytest.Mark, list[list[pytest.Item]]]]:
    """Yield each mark of these kinds with its cases: an item, a test with its items, or a file with its tests.

    An item's closest mark of these kinds counts.
    """
    marks: dict[tuple[Path, str], pytest.Mark] = {}
    found: dict[tuple[Path, str], dict[object, list[pytest.Item]]] = defaultdict(lambda: defaultdict(list))
    for item in items:
        closest = (one for one in item.iter_markers("exhaustive") if one.kwargs.get("of", "test") in kinds)
        if marker := next(closest, None):
            of = marker.kwargs.get("of", "test")
            name = getattr(item, "originalname", item.name)
            group, case = {
                "suite": ((item.config.rootpath, ""), (item.path, name)),
                "folder": ((item.path.parent, ""), item.path),
                "file": ((item.path, ""), item),
                "test": ((item.path, name), item),
            }[of]
            marks[group] = marker
            found[group][case].append(item)
    for group, cases in found.items():
        yield marks[group], list(cases.values())


def _kept(cases: int, asked: Mapping[str, Any], number: int, everything: bool) -> range:
    """Return which of a mark's cases run: all, or every nth, so that a sample has something of each kind."""
    size = asked.get("at_most", cases) if everything else asked.get("sample", 0)
    if size <= 0:
        return range(0)
    stride = max(1, -(-cases // size))
    return range(number % stride, cases, stride)
