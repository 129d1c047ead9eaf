"""What is exhaustive by nature: the whole suite runs a sample of it, another one for each commit.

`@pytest.mark.exhaustive(sample=3)` on a test with many cases: about three of them run. Without cases, or with
`sample=0`, none does. With `of="file"`, all tests of a file count as the cases of one. `--exhaustive` runs all, and so
does a run that names what it wants. With `at_most=20`, even `--exhaustive` runs about twenty of them, because all would
take hours; only naming the file runs all.
"""

import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

OPTION = "--sampled"


def add_options(group: pytest.OptionGroup) -> None:
    """Add the options that say whether this run takes samples."""
    group.addoption(
        "--exhaustive",
        action="store_true",
        help="run all of what the whole suite runs a sample of; with `-m exhaustive`, nothing but that",
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
    return f"sample {number} of what is exhaustive; --exhaustive runs all of it" if number >= 0 else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the cases that are not in this run's sample."""
    number: int = getattr(config, "workerinput", {}).get("sampled", config.getoption("sampled"))
    everything = bool(config.getoption("exhaustive"))
    if number < 0 and not everything:
        return
    number = sample_of(config.rootpath) if everything else number
    cases: dict[tuple[Path, str], list[pytest.Item]] = defaultdict(list)
    for item in items:
        if marker := item.get_closest_marker("exhaustive"):
            test = "" if marker.kwargs.get("of") == "file" else getattr(item, "originalname", item.name)
            cases[item.path, test].append(item)
    left_out = {item for test in cases.values() for item in _left_out(test, number, everything)}
    if left_out:
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
        items[:] = [item for item in items if item not in left_out]


def _left_out(cases: list[pytest.Item], number: int, everything: bool) -> set[pytest.Item]:
    """Return the cases of one test that don't run: all but every nth, so that a sample has something of each kind."""
    marker = cases[0].get_closest_marker("exhaustive")
    asked = marker.kwargs if marker else {}
    size = asked.get("at_most", len(cases)) if everything else asked.get("sample", 0)
    if size <= 0:
        return set(cases)
    stride = max(1, -(-len(cases) // size))
    return set(cases) - set(cases[number % stride :: stride])
