"""A served app ends together with its owner, however either of them behaves, and leaves nothing behind."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from workbook.serving import Launcher, ServedApp

from ..apps import HELLO, PLAIN, is_gone, wait_until, write

pytestmark = pytest.mark.exhaustive(sample=10, of="file")

Serve = Callable[..., ServedApp]

ANSWER = """\
import asyncio
import re
import signal
import threading
import time


def answer(path):
    return path
"""
BEGIN = """

async def after(path):
    print("begun", flush=True)
"""
STUBBORN = {
    "ignores SIGTERM": BEGIN + "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n",
    "has a thread of its own": BEGIN + "    threading.Thread(target=time.sleep, args=(9999,), daemon=False).start()\n",
    "runs a synchronous task": BEGIN + "    await asyncio.to_thread(time.sleep, 9999)\n",
    "blocks its event loop": BEGIN + "    time.sleep(9999)\n",
    "runs in circles": BEGIN + "    while True:\n        pass\n",
    "lets no other thread run": BEGIN + "    re.match('(a+)+$', 'a' * 99 + 'b')\n",
    "never ends its lifespan": """

async def app(scope, receive, send, served=app):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.sleep(9999)
    await served(scope, receive, send)
    print("begun", flush=True)
""",
}
TASK = BEGIN + "    await asyncio.sleep(1.5)\n    open('done', 'w').close()\n"

# Serves the apps in its arguments after the first, the launcher's name. The last one never starts.
OWNER = """\
import sys
from pathlib import Path

from workbook.serving import ServedApp, choose_launcher

launcher = choose_launcher(sys.argv[1])
apps = [ServedApp(launcher, Path(app), patience=600) for app in sys.argv[2:]]
"""
TELLS_ITS_PID = """\
import os
from pathlib import Path

Path(__file__).with_name("pid").write_text(f"{os.getpid()} {os.getcwd()}")
"""


def get(app: ServedApp, path: str = "/") -> str:
    return httpx.get(app.url + path, trust_env=False, timeout=60).text


def begin(app: ServedApp) -> None:
    """Send the app a request, and wait until it does what it does after its response."""
    assert get(app) == "/"
    wait_until(lambda: "begun" in app.log, "the app does something after its response")


@pytest.mark.parametrize("behaviour", STUBBORN)
def test_stopping_ends_a_stubborn_app(serve: Serve, behaviour: str) -> None:
    """Whatever an app does, it's gone once its owner has stopped it."""
    app = serve({"main.py": ANSWER + PLAIN + STUBBORN[behaviour]}, patience=3)
    begin(app)

    app.stop()

    assert is_gone(app.pid)


def test_an_app_may_live_longer_than_its_patience(serve: Serve) -> None:
    """The time limit for hangs doesn't end an app that works, even if it closed its standard error."""
    slow = """\
import io
import sys
import time

sys.stderr = io.StringIO()


def answer(path):
    time.sleep(4)
    return path
"""
    app = serve({"main.py": slow + PLAIN}, patience=3)

    assert get(app) == "/"
    assert get(app, "/again") == "/again"


def test_an_app_that_ignores_sigterm_lives_on(serve: Serve) -> None:
    """An app that ignores SIGTERM lives on until its connection to the owner ends."""
    app = serve({"main.py": ANSWER + PLAIN + STUBBORN["ignores SIGTERM"]})
    begin(app)

    os.kill(app.pid, signal.SIGTERM)

    assert get(app, "/still") == "/still"


@pytest.fixture
def kill_owner(launcher: Launcher) -> Iterator[Callable[..., None]]:
    """Let a separate process serve app directories, and kill it once `ready`; nothing may stay behind."""
    short = Path(tempfile.mkdtemp(prefix="wb-"))  # sockets lie in it: their paths are short

    def kill(*apps: Path, ready: Callable[[], object]) -> None:
        command = [sys.executable, "-c", OWNER, launcher.name, *map(str, apps)]
        with subprocess.Popen(command, env=os.environ | {"TMPDIR": str(short)}) as owner:
            try:
                wait_until(ready, "the owner's apps run")
                assert list(short.iterdir()) != []
            finally:
                owner.kill()
        wait_until(lambda: list(short.iterdir()) == [], "every folder is gone")

    yield kill
    shutil.rmtree(short)


def test_a_killed_owner_takes_its_apps_along(kill_owner: Callable[..., None], tmp_path: Path) -> None:
    """If the owner is killed, its apps end and their folders are deleted without anyone's help."""
    waits = "import threading\nimport time\n\nthreading.Thread(target=time.sleep, args=(9999,)).start()\n"
    apps = [
        write(tmp_path / "served", {"main.py": TELLS_ITS_PID + HELLO}),
        write(tmp_path / "not daemonic", {"main.py": TELLS_ITS_PID + waits + HELLO}),
        write(tmp_path / "still starting", {"main.py": TELLS_ITS_PID + "import time\n\ntime.sleep(9999)\n"}),
    ]
    told = [app / "pid" for app in apps]

    kill_owner(*apps, ready=lambda: all(file.exists() and file.read_text() for file in told))

    pids, folders = zip(*(file.read_text().split(maxsplit=1) for file in told), strict=True)
    wait_until(lambda: all(is_gone(int(pid)) for pid in pids), "every app is gone")
    assert [folder for folder in folders if Path(folder).exists()] == []


def test_an_app_that_has_ended_can_be_stopped(serve: Serve) -> None:
    """Stopping an app twice, or one that has ended by itself, does no harm."""
    app = serve({"main.py": ANSWER + PLAIN + BEGIN + "    import os\n\n    os._exit(3)\n"})
    begin(app)
    wait_until(lambda: is_gone(app.pid), "the app has ended")

    app.stop()
    app.stop()

    assert not app.folder.exists()


def test_a_signal_to_the_owners_terminal_does_not_reach_the_app(serve: Serve) -> None:
    """Ctrl-C in the owner's terminal doesn't reach the app, which has its own session."""
    app = serve({"main.py": HELLO})

    assert os.getsid(app.pid) != os.getsid(0)


def test_stopping_lets_the_lifespan_end(serve: Serve, tmp_path: Path) -> None:
    """Stopping an app runs what's after its lifespan's `yield`."""
    lifespan = """

async def app(scope, receive, send):
    assert scope["type"] == "lifespan"
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    open("closed", "w").close()
    await send({"type": "lifespan.shutdown.complete"})
"""
    app = serve({"main.py": lifespan}, data=tmp_path / "data")

    app.stop()

    assert (tmp_path / "data" / "closed").exists()


def test_sigterm_waits_for_a_running_task(serve: Serve) -> None:
    """On SIGTERM, a task that's running after the response can finish, as with uvicorn."""
    app = serve({"main.py": ANSWER + PLAIN + TASK})
    begin(app)

    os.kill(app.pid, signal.SIGTERM)

    wait_until(lambda: is_gone(app.pid), "the app has ended")
    assert (app.data / "done").exists()
    assert "Finished server process" in app.log


@pytest.mark.parametrize("grace, done", [(60, True), (0, False)])
def test_grace_decides_whether_tasks_end(serve: Serve, tmp_path: Path, grace: float, done: bool) -> None:
    """With grace, stopping waits for running tasks; without it, stopping doesn't wait."""
    data = tmp_path / "data"
    app = serve({"main.py": ANSWER + PLAIN + TASK}, data=data, grace=grace)
    begin(app)

    app.stop()

    assert (data / "done").exists() == done
    assert is_gone(app.pid)
