"""Temporary folders: gone with their owner, or with the next command if it was killed. No other folder is touched."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from workbook.folders import OWNER, make_folder, remove_folder, sweep, temporary_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks on Windows")
MAKES = (
    "import sys\nfrom workbook.folders import make_folder\nprint(make_folder('run'), flush=True)\nsys.stdin.read()\n"
)


def make_elsewhere(place: Path) -> tuple[Path, "subprocess.Popen[str]"]:
    """A folder in `place`, made by another process, which still lives."""
    env = os.environ | {"TMPDIR": str(place)}
    other = subprocess.Popen(
        [sys.executable, "-c", MAKES], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout
    return Path(other.stdout.readline().strip()), other


def test_a_folder_goes_with_what_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder is removed with all that's in it, and twice does no harm."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with temporary_folder("run") as folder:
        (folder / "below").mkdir()
        (folder / "below/file").write_text("x", encoding="utf-8")
    kept = make_folder("run")
    remove_folder(kept)
    remove_folder(kept)

    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_command_left_is_removed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After `kill -9` a folder stays; the next process that makes one removes it, and none of a process that lives."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    killed, first = make_elsewhere(tmp_path)
    living, second = make_elsewhere(tmp_path)
    with first, second:
        first.send_signal(signal.SIGKILL)
        first.wait()
        assert killed.is_dir()

        with temporary_folder("run") as mine:
            assert sorted(tmp_path.iterdir()) == sorted([living, mine])
        second.kill()


def test_nothing_else_is_removed(tmp_path: Path) -> None:
    """A folder without our lock, of another name, a file and a link stay, no matter who owns them."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / OWNER).touch()
    for name in ("workbook-run-of-old", "theirs", "workbook-run-dir"):
        (tmp_path / name).mkdir()
    (tmp_path / "theirs" / OWNER).touch()
    (tmp_path / "workbook-run-dir" / OWNER).mkdir()
    (tmp_path / "workbook-run-link").symlink_to(elsewhere)
    (tmp_path / "workbook-run-file").touch()
    before = sorted(tmp_path.rglob("*"))

    sweep(tmp_path)

    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away")
def test_another_users_folder_stays(tmp_path: Path) -> None:
    """A folder with our lock, and of another user, stays."""
    theirs = tmp_path / "workbook-run-theirs"
    theirs.mkdir()
    (theirs / OWNER).touch()
    os.chown(theirs, 12345, 12345)

    sweep(tmp_path)

    assert theirs.is_dir()
