"""Snapshots: what's hashed and graded is what was read once."""

import os
from pathlib import Path

import pytest

from workbook.submissions import projects, trees
from workbook.submissions.reading import BadSubmission
from workbook.submissions.snapshot import Changing, take_snapshot

from ..grader.classes import NOTHING, hand_in, project


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def names(path: Path) -> list[str]:
    """Return what's in an unpacked snapshot."""
    with take_snapshot(path).project() as folder:
        return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


def test_a_folder_is_packed_without_what_running_leaves(tmp_path: Path) -> None:
    """Of a folder only regular files are packed: no links, hidden folders, environments or compiled files."""
    files = project(NOTHING)
    folder = write(tmp_path / "ada", files | {".venv/x.py": "", "app/__pycache__/x.pyc": "", "venv/app/main.py": ""})
    (folder / "app/link.py").symlink_to("/etc/passwd")
    (folder / "app/root").symlink_to("/")
    os.mkfifo(folder / "app/pipe.py")

    assert names(folder) == sorted(files)


def test_the_same_files_have_the_same_sum(tmp_path: Path) -> None:
    """Two folders with the same files have the same sum, whatever their dates; one other byte changes it."""
    one, two = (write(tmp_path / name, project(NOTHING)) for name in ("one", "two"))
    os.utime(two / "app/main.py", (0, 0))

    assert take_snapshot(one).digest == take_snapshot(two).digest
    with (two / "app/main.py").open("a") as file:
        file.write("\n")
    assert take_snapshot(one).digest != take_snapshot(two).digest


def test_what_changes_later_changes_nothing(tmp_path: Path) -> None:
    """What's unpacked is what was read, even if the file has changed since."""
    file = hand_in(tmp_path, "ada.zip", "OLD = 1\n")
    taken = take_snapshot(file)

    hand_in(tmp_path, "ada.zip", "NEW = 1\n")

    with taken.project() as folder:
        assert "OLD" in (folder / "app/main.py").read_text(encoding="utf-8")
    assert take_snapshot(file).digest != taken.digest


def test_a_file_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that changes while it's read is read again; if it never stops, there's no snapshot."""
    file = hand_in(tmp_path, "ada.zip", NOTHING)
    real, read = os.fstat, []

    def fstat(number: int) -> os.stat_result:
        found = real(number)
        read.append(number)
        if len(read) <= changes:
            os.utime(file, ns=(len(read), len(read)))
        return found

    calm = take_snapshot(file).digest
    monkeypatch.setattr(os, "fstat", fstat)
    changes = 1
    assert take_snapshot(file).digest == calm
    changes = 1000
    with pytest.raises(Changing):
        take_snapshot(file)


@pytest.mark.parametrize("kind", ["link", "links", "many", "large", "bytes", "text"])
def test_what_cannot_be_taken_is_told(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link, too much data, a name that isn't text or a bad zip gets a sentence for the learner."""
    folder = write(tmp_path / "ada", project(NOTHING))
    monkeypatch.setattr(projects, "MOST_FILES", 10)
    monkeypatch.setattr(trees, "MOST_FILES", 10)
    monkeypatch.setattr(projects, "MOST_BYTES", 5000)
    path, said = folder, ""
    if kind == "link":
        path = tmp_path / "link"
        path.symlink_to("/etc")
        said = "It's a link"
    elif kind == "links":
        path = tmp_path / "link.zip"
        path.symlink_to("/dev/zero")
        said = "It's a link"
    elif kind == "many":
        write(folder, {f"app/m{n}.py": "" for n in range(10)})
        said = "more than 10 files"
    elif kind == "large":
        write(folder, {"app/m.py": "#" * 5000})
        said = "more than 0 MiB"
    elif kind == "bytes":
        with open(os.fsencode(folder) + b"/app/\xff.py", "wb"):  # noqa: PTH123 - pathlib knows no names of bytes
            said = "a name in it that no project needs"
    else:
        path = hand_in(tmp_path, "notes.txt", b"hello")
        said = "notes.txt isn't a whole, plain zip"

    with pytest.raises(BadSubmission, match=said), take_snapshot(path).project():
        pass


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    """Reading a class folder doesn't wait for a FIFO in it."""
    os.mkfifo(tmp_path / "ada.zip")

    with pytest.raises(OSError, match="isn't a regular file"):
        take_snapshot(tmp_path / "ada.zip")
