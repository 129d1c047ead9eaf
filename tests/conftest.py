"""Fixtures for the tests of the command: the command itself in a small course, and the screens it should print."""

import contextlib
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbook.sandbox import NoSandbox, bubblewrap

from . import golden
from .runners import Workbook

# A shell starts background jobs with Ctrl-C ignored, and what they start inherits that: here Ctrl-C is tested.
signal.signal(signal.SIGINT, signal.default_int_handler)

collect_ignore = ["small_course"]  # the small course is material, not tests
COURSE = Path(__file__).parent / "small_course"

# What mypy has read of the packages is for all that the tests have it check: a dozen folders and solutions.
os.environ.setdefault("MYPY_CACHE_DIR", str(Path(__file__).parents[1] / ".mypy_cache"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes the screens."""
    parser.addoption(golden.OPTION, action="store_true", help="write tests/screens/ instead of comparing with it")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name long bytes after the argument: in an archive is the time, so that even its length differs by process."""
    return argname if isinstance(val, bytes) and len(val) > 32 else None


@pytest.fixture(scope="session")
def needs_sandbox() -> None:
    """Skip the test, and say why, where bubblewrap can't keep a submission apart."""
    try:
        bubblewrap.check_namespaces()
    except NoSandbox as error:
        pytest.skip(f"not proven here: {error.why}; next: {error.then}")


@contextlib.contextmanager
def _in_a_course(root: Path) -> Iterator[Workbook]:
    shutil.copytree(COURSE, root, ignore=shutil.ignore_patterns("__pycache__"))
    with contextlib.closing(Workbook(root)) as workbook:
        yield workbook


@pytest.fixture
def workbook(tmp_path: Path) -> Iterator[Workbook]:
    """The command in a small course made for one test. If it leaves a process behind, the test fails."""
    with _in_a_course(tmp_path / "course") as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbook]:
    """The command in a small course that a module's tests share, for commands that don't change anything in it."""
    with _in_a_course(tmp_path_factory.mktemp("shared") / "course") as opened:
        yield opened


@pytest.fixture
def screens(request: pytest.FixtureRequest) -> golden.Screens:
    """Compare what the command prints with the screen we've kept: `screens("name", text)`; see golden.py."""
    used = next((name for name in ("workbook", "shared") if name in request.fixturenames), "")
    root = request.getfixturevalue(used).root if used else None
    return golden.Screens(update=golden.is_updating(request.config), root=root)
