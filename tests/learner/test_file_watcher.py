"""A save is noticed wherever the folder is, and however an editor saves."""

import queue
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbook.learner import file_watcher
from workbook.learner.file_watcher import SILENT, FileWatcher, is_source

PATIENCE = 60


@pytest.fixture
def saves() -> "queue.Queue[list[Path]]":
    return queue.Queue()


@pytest.mark.parametrize(
    "parent", ["courses", "backups", "uploads", "node_modules", ".venv", ".git/worktrees", "site-packages"]
)
def test_the_folders_above_do_not_matter(parent: str, tmp_path: Path, saves: "queue.Queue[list[Path]]") -> None:
    """A course below a folder of any name is watched: only what is inside the watched folder is filtered."""
    folder = tmp_path / parent / "course" / "work/01"
    folder.mkdir(parents=True)
    (folder / "main.py").write_text("1", encoding="utf-8")
    with FileWatcher(folder, saves.put):
        (folder / "main.py").write_text("22", encoding="utf-8")

        assert saves.get(timeout=PATIENCE) == [folder / "main.py"]


def test_a_link_is_followed(tmp_path: Path, saves: "queue.Queue[list[Path]]") -> None:
    """When work/ is a link, saves are reported under the path that the learner knows."""
    (tmp_path / "elsewhere/01").mkdir(parents=True)
    (tmp_path / "work").symlink_to("elsewhere")
    with FileWatcher(tmp_path / "work/01", saves.put):
        (tmp_path / "elsewhere/01/main.py").write_text("1", encoding="utf-8")

        assert saves.get(timeout=PATIENCE) == [tmp_path / "work/01/main.py"]


def test_a_folder_that_reports_nothing_is_looked_at(
    tmp_path: Path, saves: "queue.Queue[list[Path]]", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the system reports no save, as on a network folder, the watcher finds it, and says so once."""

    def nothing(*_: object, stop_event: object, **__: object) -> Iterator[set[object]]:
        yield from ()

    monkeypatch.setattr(file_watcher, "watch", nothing)
    notices: list[str] = []
    with FileWatcher(tmp_path, saves.put, notices.append):
        for number in range(2):
            (tmp_path / "main.py").write_text("x" * number, encoding="utf-8")
            assert saves.get(timeout=PATIENCE) == [tmp_path / "main.py"]

    assert notices == [SILENT]


def test_an_editor_may_replace_the_file(tmp_path: Path, saves: "queue.Queue[list[Path]]") -> None:
    """A save by a temporary file and a rename is one save of the file, not of the temporary one."""
    (tmp_path / "main.py").write_text("1", encoding="utf-8")
    with FileWatcher(tmp_path, saves.put):
        (tmp_path / "sedQx7").write_text("22", encoding="utf-8")
        (tmp_path / "sedQx7").replace(tmp_path / "main.py")

        assert saves.get(timeout=PATIENCE) == [tmp_path / "main.py"]


@pytest.mark.parametrize(
    "name",
    ["4913", "main.py~", ".main.py.swp", "#main.py#", "main.py.1234", "sedQx7", "blog.db-wal", "app.LOG", "x.pyc"],
)
def test_what_is_left_behind_is_no_save(name: str) -> None:
    """What running or an editor leaves behind starts no check."""
    assert not is_source(name)


@pytest.mark.parametrize("name", ["main.py", ".env", "index.html", "notes.txt", "pyproject.toml"])
def test_what_a_learner_writes_is_a_save(name: str) -> None:
    """Code, settings, pages and texts count."""
    assert is_source(name)
