"""Launchers, and folders to serve from: under a path with spaces and letters that are not ASCII."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from workbook.serving import Launcher, ServedApp, choose_launcher

from ..apps import LAUNCHERS, write

collect_ignore = [] if sys.platform == "linux" else ["test_on_linux.py"]


@pytest.fixture(scope="session", params=LAUNCHERS)
def launcher(request: pytest.FixtureRequest) -> Iterator[Launcher]:
    """Return each launcher of this platform, one for all tests."""
    chosen = choose_launcher(request.param)
    yield chosen
    chosen.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty app directory."""
    made = tmp_path / "Ada Löwes Kurs" / "my app"
    made.mkdir(parents=True)
    return made


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return where served apps have their folders; if one of them stays behind, the test fails."""
    made = tmp_path / "für Zwischendurch"
    made.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(made))
    yield made
    assert list(made.iterdir()) == []


@pytest.fixture
def serve(launcher: Launcher, folder: Path, temporary: Path) -> Iterator[Callable[..., ServedApp]]:
    """Serve files from `folder`: `serve({"main.py": …})`. Options are those of `ServedApp`."""
    served: list[ServedApp] = []

    def start(files: dict[str, str], **options: Any) -> ServedApp:
        served.append(ServedApp(launcher, write(folder, files), **options))
        return served[-1]

    yield start
    for app in served:
        app.stop()
