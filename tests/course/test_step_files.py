"""What a learner shouldn't see too early: a file in its place, or a text in the learner edition's pack."""

from pathlib import Path

import pytest

from workbook.course.changes import read_experiments, read_tasks
from workbook.course.step_files import PACK, is_there, pack_held_back, read_held_back

HINTS = "stages/01-one/tasks/1-two/hints.md"


def write_pack(root: Path, texts: dict[str, str]) -> None:
    (root / PACK).parent.mkdir(parents=True, exist_ok=True)
    (root / PACK).write_bytes(pack_held_back(texts))


def test_a_packed_text_is_read_like_its_file(tmp_path: Path) -> None:
    """A file that's in the pack can be read at its path; a file in its place comes first."""
    write_pack(tmp_path, {HINTS: "# Packed é\n"})

    assert is_there(tmp_path / HINTS)
    assert read_held_back(tmp_path / HINTS) == "# Packed é\n"
    (tmp_path / HINTS).parent.mkdir(parents=True)
    (tmp_path / HINTS).write_text("# Mine\n", encoding="utf-8")
    assert read_held_back(tmp_path / HINTS) == "# Mine\n"


def test_a_new_pack_counts_at_once(tmp_path: Path) -> None:
    """If the pack changes while a session runs, the new texts count."""
    for text in ("one", "three"):
        write_pack(tmp_path, {HINTS: text})
        assert read_held_back(tmp_path / HINTS) == text


@pytest.mark.parametrize("content", [None, b"", b"no pack", pack_held_back({})])
def test_what_is_in_neither_is_not_there(tmp_path: Path, content: bytes | None) -> None:
    """Without a pack, or with a broken one, what isn't in its place isn't there."""
    (tmp_path / "stages/01-one/tasks/1-two").mkdir(parents=True)
    (tmp_path / "stages/01-one/tasks/1-two/README.md").write_text("# Two\n", encoding="utf-8")
    if content is not None:
        (tmp_path / PACK).write_bytes(content)

    assert not is_there(tmp_path / HINTS)
    assert read_experiments(tmp_path / "stages/01-one") == []
    assert [task.title for task in read_tasks(tmp_path / "stages/01-one")] == ["Two"]
    with pytest.raises(FileNotFoundError):
        read_held_back(tmp_path / HINTS)
