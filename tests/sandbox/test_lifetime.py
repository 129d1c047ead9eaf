"""Nothing in a sandbox outlives its owner, and nothing stays on the disk."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from workbook.plugin.client import Client
from workbook.sandbox import TIERS, Sandbox, open_sandbox

from ..apps import PLAIN, is_gone, wait_until, write

pytestmark = [pytest.mark.usefixtures("needs_sandbox"), pytest.mark.exhaustive(sample=3, of="file")]
OWNER = """\
import sys
from pathlib import Path
from workbook.serving import ServedApp
from workbook.sandbox import open_sandbox
from workbook.sandbox.launcher import SandboxLauncher

with open_sandbox(tier=sys.argv[1]) as sandbox:
    with ServedApp(SandboxLauncher(sandbox.folder), Path(sys.argv[2])) as app:
        print("served", flush=True)
        sys.stdin.read()
"""
CLINGS = """\
import ctypes
import signal
import threading
import time

ctypes.CDLL(None).prctl(1, 0)  # its parent's death would otherwise be told by a signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
threading.Thread(target=time.sleep, args=(9999,)).start()


def answer(path):
    return path
"""


def descendants(pid: int) -> set[int]:
    """Return all processes below `pid` that haven't ended."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                state, parent, *_ = (folder / "stat").read_text().rpartition(")")[2].split()
                parents |= {int(folder.name): int(parent)} if state != "Z" else {}
            except (OSError, IndexError):
                continue
    found: set[int] = set()
    while more := {child for child, parent in parents.items() if parent in found | {pid}} - found:
        found |= more
    return found


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, None])
def test_a_sandbox_ends_with_its_owner(tmp_path: Path, tier: str, end: signal.Signals | None) -> None:
    """However the owner ends, no process of the sandbox is left, not even of an app that resists."""
    app = write(tmp_path / "app", {"main.py": CLINGS + PLAIN})
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, tier, str(app)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert owner.stdin is not None
    assert owner.stdout is not None
    with owner, owner.stdin, owner.stdout:
        assert owner.stdout.readline() == b"served\n"
        below = descendants(owner.pid)
        assert len(below) >= 3
        if end is None:
            owner.stdin.close()
        else:
            owner.send_signal(end)
        owner.wait(30)

    wait_until(lambda: all(is_gone(pid) for pid in below), "processes of the sandbox live on", 15)


def test_nothing_stays_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sandbox and its apps don't leave any file behind."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folders = []
    for tier in TIERS:
        with open_sandbox(tier=tier) as sandbox:
            folders.append(sandbox.folder)

    assert list(tmp_path.iterdir()) == []
    assert [folder for folder in folders if folder.exists()] == []  # in /tmp, where tmp_path is too long for a socket


def test_apps_leave_no_descriptor_and_no_process(sandbox: Sandbox, serve: Callable[..., Client]) -> None:
    """Starting and ending apps repeatedly doesn't cost their owner descriptors or processes."""

    def state() -> tuple[int, int]:
        return len(list(Path("/proc/self/fd").iterdir())), len(descendants(os.getpid()))

    def cycle() -> None:
        client = serve("def answer(path):\n    return path\n" + PLAIN)
        client.get("/")
        client.app.stop()

    cycle()
    before = state()
    for _ in range(5):
        cycle()

    wait_until(lambda: state() <= before, lambda: f"{state()} after {before}", 10)
