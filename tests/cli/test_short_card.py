"""A card in short: what says what's wrong, and nothing that doesn't."""

import io
import re
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


@pytest.mark.parametrize("hint, said", [("", "workbook hint 01-hello"), ("press h", "press h")])
def test_a_hint_is_named_as_it_is_taken_here(hint: str, said: str) -> None:
    """Where a key gives the hint, the card names the key and not the command."""
    out = io.StringIO()
    card = {"test": "test_it", "sections": [SAID, ["Hint", ["workbook hint 01-hello"]]]}
    promise = Promise("test_it", "It holds.", Path("test_it.py"), 1, deeper=False, outcome="broken", cards=[card])

    show_cards(Terminal(plain=True, file=out), [promise], limit=1, hint=hint)

    assert [line.split(maxsplit=1)[1] for line in out.getvalue().splitlines() if " Hint " in line] == [said]


class Narrow(io.StringIO):
    """A terminal of 40 columns."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> Narrow:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    return Narrow()


def test_a_long_line_of_a_diff_keeps_its_sign(narrow: Narrow) -> None:
    """Each row of a line that's wrapped begins with the line's + or -, and is indented further than its first."""
    long = "    return [name for name in names if name.startswith(letter)]"

    Terminal(file=narrow).code(f"--- main.py\n-{long}\n+{long.replace('name', 'word')}\n same")

    rows = [re.sub(r"\x1b\[[0-9;]*m", "", row).rstrip() for row in narrow.getvalue().splitlines()]
    assert rows == [
        "--- main.py",
        "-    return [name for name in names if",
        "-        name.startswith(letter)]",
        "+    return [word for word in words if",
        "+        word.startswith(letter)]",
        " same",
    ]


def test_a_narrow_terminal_wastes_no_rows(narrow: Narrow) -> None:
    """On 40 columns a label is above its lines, and lines that go on without a label follow at once."""
    terminal = Terminal(plain=True, file=narrow)

    terminal.field("Next", ["predict and break"], prose=True)
    terminal.field("", ["press b"])

    assert narrow.getvalue().splitlines() == [" Next", "   predict and break", "   press b"]
