"""A card in short: what says what's wrong, and nothing that doesn't."""

import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from workbook.cli.screens import show_card, show_cards
from workbook.cli.terminal import Terminal
from workbook.testrun import Promise

SAID = ["It says", ["this is still the plain list"]]


def shown(*sections: Sequence[object]) -> str:
    """The short card of a broken promise that has these sections."""
    out = io.StringIO()
    promise = Promise("test_it", "It holds.", Path("test_it.py"), 1, deeper=False, outcome="broken")
    show_card(Terminal(plain=True, file=out), promise, {"test": "test_it", "sections": list(sections)})
    return out.getvalue()


@pytest.mark.parametrize("expected, got", [("True", "False"), ("False", "True")])
def test_a_bare_condition_that_is_explained_shows_no_values(expected: str, got: str) -> None:
    """“Expected True, got False” says nothing beside a sentence; without one it's all there is."""
    values = (["Expected", [expected]], ["Got", [got]])

    assert "Expected" not in shown(SAID, *values)
    assert "the plain list" in shown(SAID, *values)
    assert "Expected" in shown(*values)


def test_values_beside_a_sentence_stay() -> None:
    """Values that say something stay beside the sentence."""
    assert "Expected  True" in shown(SAID, ["Expected", ["True"]], ["Got", ["None"]])


def test_a_traceback_shows_what_was_raised() -> None:
    """Of a long traceback, the short card keeps what was raised and the line that raised it."""
    frames = [f'  File "app/{name}.py", line 1, in <module>\n    from . import it' for name in "abcdef"]
    lines = ["The app couldn't be imported:", *"\n".join([*frames, "NameError: name 'Comment'"]).splitlines()]

    card = shown(["Not served", lines])

    assert "couldn't be imported" in card
    assert 'File "app/f.py", line 1' in card
    assert "NameError: name 'Comment'" in card
    assert "app/a.py" not in card
    assert len(card.splitlines()) < 13


@pytest.mark.parametrize(
    "asked, said", [("GET /hello: 200 OK", "m shows all that was sent"), ("", "m shows the whole card")]
)
def test_more_names_what_there_is(asked: str, said: str) -> None:
    """The line below a short card promises requests only if some were sent: an app with a typo gets none."""
    out = io.StringIO()
    card = {"test": "test_it", "sections": [SAID], "asked": asked}
    promise = Promise("test_it", "It holds.", Path("test_it.py"), 1, deeper=False, outcome="broken", cards=[card])

    show_cards(Terminal(plain=True, file=out), [promise], limit=1, more="m")

    assert said in out.getvalue()


def test_a_narrow_terminal_wastes_no_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """On 40 columns a label is above its lines, and lines that go on without a label follow at once."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    out = io.StringIO()
    monkeypatch.setattr(out, "isatty", lambda: True)
    terminal = Terminal(plain=True, file=out)

    terminal.field("Next", ["predict and break"], prose=True)
    terminal.field("", ["press b"])

    assert out.getvalue().splitlines() == [" Next", "   predict and break", "   press b"]
