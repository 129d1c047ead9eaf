"""The screens that we keep are compared word for word, and none is left over."""

from pathlib import Path

import pytest

from . import golden
from .golden import Screens, transcript, unused_screens, unwrapped


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of screens with one screen in it."""
    (tmp_path / "greeting.txt").write_text("Hello, Ada\n\n  in {seconds}, at {work}\n", encoding="utf-8")
    monkeypatch.setattr(golden, "FOLDER", tmp_path)
    return tmp_path


def test_every_screen_is_compared_by_a_test() -> None:
    """Each file in tests/screens/ is compared by a test."""
    assert golden.all_screens()
    assert unused_screens(Path(__file__).parent) == set()


def test_what_varies_is_a_placeholder(folder: Path, tmp_path: Path) -> None:
    """A screen is still the same if only seconds, ports, times and folders differ."""
    screens = Screens(update=False, root=Path("/home/ada/course"))

    screens("greeting", "Hello, Ada  \n\n  in 0.42 s, at /home/ada/course/work")


@pytest.mark.parametrize("text", ["Hello, Bob\n\n  in 1 s, at /c/work\n", "Hello, Ada\n", ""])
def test_another_word_is_a_difference(folder: Path, text: str) -> None:
    """If a screen says something different, the test fails, shows the difference and says how to accept it."""
    with pytest.raises(pytest.fail.Exception, match="pytest --update-screens keeps it") as failed:
        Screens(update=False, root=Path("/c"))("greeting", text)

    assert "-Hello, Ada" in str(failed.value) or "-  in {seconds}, at {work}" in str(failed.value)


def test_screens_are_renewed_on_demand(folder: Path) -> None:
    """With --update-screens, what's printed is saved as the new screen, even if there wasn't one before."""
    Screens(update=True)("farewell", "Bye, Ada, from 127.0.0.1:8123 at 2026-11-29 13:05:01", name="Ada")

    assert (folder / "farewell.txt").read_text(encoding="utf-8") == "Bye, {name}, from 127.0.0.1:{port} at {time}\n"


def test_where_an_error_is_broken_does_not_matter() -> None:
    """Lines broken because of a long path are joined; “Next” and each command keep their own line."""
    broken = transcript(
        [
            ("$ workbook a", "workbook:\n/long/path\nis gone.\nNext: look\nelsewhere\n"),
            ("$ workbook b", "workbook: x\n"),
        ]
    )

    assert unwrapped(broken) == (
        "$ workbook a\nworkbook: /long/path is gone.\nNext: look elsewhere\n\n$ workbook b\nworkbook: x\n"
    )
