"""What only Linux lets us see: file descriptors, zombies, and the helper that forks apps."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from workbook.course.model import Course, Step
from workbook.serving import Launcher, ServedApp, choose_launcher
from workbook.serving.warm import WarmHelper

from ..apps import HELLO, children_of, is_gone, open_files_of, parent_of, stat_of, wait_until, write

pytestmark = pytest.mark.exhaustive(sample=5, of="file")

Serve = Callable[..., ServedApp]
COURSE = Course.find(Path(__file__).parent)
STEPS = [
    step for step in COURSE.steps if any((COURSE.folder(step) / name).exists() for name in ("main.py", "app/main.py"))
]


def get(app: ServedApp, path: str = "/") -> str:
    return httpx.get(app.url + path, trust_env=False, timeout=60).text


def test_cycles_leak_nothing(launcher: Launcher, folder: Path, temporary: Path) -> None:
    """Starting and stopping 20 apps doesn't leave any file descriptor, process or folder."""
    write(folder, {"main.py": HELLO})
    me = os.getpid()

    def cycle() -> tuple[set[int], int, int]:
        with ServedApp(launcher, folder) as app:
            helper = parent_of(app.pid)
        return {*children_of(me), *children_of(helper)}, open_files_of(me), open_files_of(helper)

    states = [cycle()]

    def has_settled() -> bool:
        """The helper imports on while it has nothing to do, with a file open now and then."""
        states.append(cycle())
        return states[-1] == states[-2]

    wait_until(has_settled, lambda: f"it never is as it was before: {states[-3:]}")
    for _ in range(19):
        after = cycle()

    assert after == states[-1]
    assert list(temporary.iterdir()) == []


def test_an_app_outlives_the_helper_and_ends_with_its_owner(folder: Path) -> None:
    """If the helper is killed, its app lives on, and still ends with its owner's connection."""
    launcher = choose_launcher("fork")
    with contextlib.closing(launcher), ServedApp(launcher, write(folder, {"main.py": HELLO})) as app:
        helper = parent_of(app.pid)

        os.kill(helper, signal.SIGKILL)
        wait_until(lambda: is_gone(helper), "the helper is gone")

        assert get(app, "/ada") == "hello /ada"
    wait_until(lambda: is_gone(app.pid), "the app is gone")
    assert not app.folder.exists()


def test_a_stopped_app_is_reaped(serve: Serve) -> None:
    """A stopped app doesn't become a zombie."""
    app = serve({"main.py": HELLO})

    app.stop()

    with pytest.raises(FileNotFoundError):
        stat_of(app.pid)


@pytest.fixture(scope="module")
def forks() -> Iterator[Launcher]:
    with contextlib.closing(choose_launcher("fork")) as chosen:
        yield chosen


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_the_helper_has_imported_what_apps_import(forks: Launcher, step: Step) -> None:
    """A forked app imports only its own modules, because `APP_MODULES` names all the others."""
    app_directory = COURSE.folder(step)
    own = {path.stem if path.is_file() else path.name for path in app_directory.iterdir()}
    missing: list[str] = []

    def complete() -> bool:
        with ServedApp(forks, app_directory, env=step.run.env, report_imports=True) as app:
            missing[:] = [name for name in app.imported if name.partition(".")[0] not in own]
        return not missing

    # The helper imports some of them while it has nothing else to do.
    wait_until(complete, lambda: f"missing in APP_MODULES: {missing}", seconds=30)


def test_the_helper_keeps_away_from_the_terminal() -> None:
    """A warm helper doesn't hold a terminal, because Node, started by playwright, would change its modes."""
    helper = WarmHelper(["json"], "json:dumps")
    with contextlib.closing(helper):
        helper.wait_until_ready()
        streams = [str(Path(f"/proc/{helper.pid}/fd/{fd}").readlink()) for fd in range(3)]

    assert [stream for stream in streams if not stream.startswith(("pipe:", str(helper.folder)))] == []
