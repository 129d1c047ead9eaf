"""A small course in a folder, and pytest run on it as a learner would run it."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from workbook.serving import choose_launcher

from ..apps import write
from ..runners import run_pytest
from .sample import SETTINGS


@dataclass(frozen=True)
class Ended:
    """A run of pytest that has ended."""

    status: int
    out: str

    @property
    def last_line(self) -> str:
        """How many passed and failed, without how long it took."""
        return re.sub(r" in [\d.]+s.*", "", self.out.splitlines()[-1].strip("= "))

    @property
    def shown(self) -> dict[str, str]:
        """What's shown of each test that didn't pass, by its name."""
        return shown(self.out)


def shown(out: str) -> dict[str, str]:
    """Return the parts of pytest's report about tests that didn't pass, by the tests' names."""
    parts = re.split(r"^_{3,} (?:ERROR at setup of )?(\S+) _{3,}$", out, flags=re.MULTILINE)
    texts = [re.split(r"^={3,}.*={3,}$", text, flags=re.MULTILINE)[0].strip("\n") for text in parts[2::2]]
    return dict(zip(parts[1::2], texts, strict=True))


Run = Callable[..., Ended]


@pytest.fixture(scope="session")
def run() -> Iterator[Run]:
    """Run pytest in a folder: `run(folder, "stages/01-notes", "--tracebacks")`; keywords are variables."""
    launcher = choose_launcher()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "WORKBOOK_"))}
    kept |= {"COLUMNS": "80", "PYTHONUTF8": "1"}
    if isinstance(address := getattr(launcher, "address", None), str):  # one helper for all runs saves seconds
        kept["WORKBOOK_WARM_APPS"] = address

    def run(folder: Path, *arguments: str, **env: str) -> Ended:
        ended = run_pytest(*arguments, cwd=folder, env=kept | env)
        return Ended(ended.status, ended.out + ended.err)

    yield run
    launcher.close()


@pytest.fixture(scope="session")
def new_course(tmp_path_factory: pytest.TempPathFactory) -> Callable[[dict[str, str]], Path]:
    """Make a folder with pytest's settings and the given files, under a path with spaces."""

    def make(files: dict[str, str]) -> Path:
        return write(tmp_path_factory.mktemp("kurs") / "FastAPI für Ada", {"pyproject.toml": SETTINGS} | files)

    return make
