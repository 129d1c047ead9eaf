"""Apps that are started before they're asked for."""

import contextlib
from pathlib import Path

import httpx
import pytest

from workbook.serving import AppFailed, AppsAhead, Launcher, ServedApp

from ..apps import HELLO, is_gone, wait_until, write


def starts_of(folder: Path) -> int:
    """Count the starts that the app itself has noted."""
    with contextlib.suppress(FileNotFoundError):
        return len((folder / "starts").read_text(encoding="utf-8"))
    return 0


NOTES = "import os\n\nwith open(os.environ['NOTES'], 'a') as file:\n    file.write('.')\n\n\n" + HELLO


@pytest.fixture
def app(folder: Path) -> tuple[Path, dict[str, str]]:
    """An app directory whose app notes each of its starts, and the environment that says where."""
    return write(folder, {"main.py": NOTES}), {"NOTES": str(folder / "starts")}


def test_an_app_is_there_before_it_is_asked_for(
    launcher: Launcher, app: tuple[Path, dict[str, str]], temporary: Path
) -> None:
    """Who asks gets the app that has been started, once; the next one, and one of other settings, starts it."""
    folder, env = app
    with contextlib.closing(AppsAhead(launcher, [(str(folder), env)])) as ahead:
        wait_until(lambda: starts_of(folder) == 1, "it isn't started")

        taken = ahead.take(folder, env)

        assert taken
        assert httpx.get(taken.url, trust_env=False).text == "hello /"
        assert (ahead.take(folder, env), ahead.take(folder, {**env, "A": "1"})) == (None, None)
        ahead.stop(taken)
    assert is_gone(taken.pid)
    assert starts_of(folder) == 1


def test_what_no_one_asks_for_is_stopped(
    launcher: Launcher, app: tuple[Path, dict[str, str]], temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more than three apps wait at a time, and what wasn't asked for ends with the run."""
    folder, env = app
    pids: list[int] = []
    begin = ServedApp.__init__

    def noting(self: ServedApp, *args: object, **options: object) -> None:
        begin(self, *args, **options)  # type: ignore[arg-type]
        pids.append(self.pid)

    monkeypatch.setattr(ServedApp, "__init__", noting)
    with contextlib.closing(AppsAhead(launcher, [(str(folder), env)] * 5)):
        wait_until(lambda: len(pids) == 3, "three aren't started")

    assert [pid for pid in pids if not is_gone(pid)] == []
    assert len(pids) == 3


def test_a_start_that_fails_is_for_the_one_who_asks(launcher: Launcher, folder: Path, temporary: Path) -> None:
    """The error of an app that doesn't start is raised where it's asked for, and no other is started ahead."""
    write(folder, {"main.py": "1 / 0\n"})
    with contextlib.closing(AppsAhead(launcher, [(str(folder), {}), (str(folder), {"A": "1"})])) as ahead:
        wait_until(lambda: ahead._begun, "it isn't begun")

        with pytest.raises(AppFailed, match="ZeroDivisionError"):
            ahead.take(folder, {})

        assert ahead.take(folder, {"A": "1"}) is None
