"""`workbook tour` on a terminal, and from the session."""

import re
from typing import Any

import pytest

from ..golden import Screens
from ..runners import Screen, Workbook
from .test_tour import ANSWERS, PROMPT, QUESTIONS

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\r")
BACK = "Enter brings you back …"


def open_tour(workbook: Workbook, columns: int = 80, **options: Any) -> Screen:
    screen = workbook.screen("tour", columns=columns, **options)
    screen.wait_for("Question 1 of 8", PROMPT)
    return screen


@pytest.mark.parametrize("columns", [80, 40])
def test_a_tour_on_a_terminal(workbook: Workbook, columns: int) -> None:
    """On a terminal, one question follows the other, and only paths may be wider than it."""
    screen = open_tour(workbook, columns)
    screen.press("nothing\r")
    screen.wait_for("final has no file “nothing”. It has:", "tests/  test_books.py")
    screen.press("config\r")
    screen.wait_for("Not app/config.py (“Settings,", "Once more:")
    screen.press("main\r")
    screen.wait_for("That's it, at the second try.", "final/app/main.py:16", "Question 2 of 8")
    for n, name in enumerate(ANSWERS[1:], 2):
        screen.wait_for(f"Question {n} of 8")
        screen.press(f"{name}\r")
    shown = screen.wait_for("Every question is answered:")

    assert screen.wait_for_end() == 0
    assert "7 of 8 at the first try." in " ".join(shown.split())
    assert "\x1b[" in screen.written, "a terminal has colours"
    lines = ESCAPES.sub("", screen.written).split("\n")
    assert [line for line in lines if len(line) > columns and not line.startswith("   uv run")] == []


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_a_tour_can_be_left(workbook: Workbook, key: str, screens: Screens) -> None:
    """Ctrl-C and Ctrl-D leave the tour with exit 0, keep your answers, and say how to go on."""
    screen = open_tour(workbook)
    screen.press("main\r")
    screen.wait_for("Question 2 of 8")
    screen.press("main\r")
    screen.wait_for("Once more:")

    screen.press(key)

    assert screen.wait_for_end() == 0
    screens("tour-left", re.sub(r"\^[CD]", "", screen.text))  # the terminal may show the key
    assert "Traceback" not in screen.written
    assert screen.mode == screen.mode_before
    assert [entry.data["question"] for entry in workbook.notes("toured")] == QUESTIONS[:1]


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_left_before_the_first_answer(workbook: Workbook, key: str, screens: Screens) -> None:
    """If you leave before the first answer, the tour says that you've answered none, and records nothing."""
    screen = open_tour(workbook)

    screen.press(key)

    assert screen.wait_for_end() == 0
    screens("tour-left-at-once", screen.text.replace("^C", ""))
    assert not (workbook.work / "journal.sqlite").exists()


def test_a_plain_tour(workbook: Workbook) -> None:
    """With --plain, the tour also asks on a terminal, but without colours."""
    screen = workbook.screen("tour", "--plain")
    screen.wait_for(PROMPT)
    screen.press("main\r")
    screen.wait_for("That's it.")
    screen.press("\x03")

    assert screen.wait_for_end() == 0
    assert "\x1b[3" not in screen.written


def test_an_ascii_tour(workbook: Workbook) -> None:
    """On a terminal that shows only ASCII, the tour is ASCII."""
    screen = open_tour(workbook, env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    screen.press("nothing\r")
    screen.wait_for('final has no file "nothing".')
    screen.press("config\r")
    screen.wait_for('Not app/config.py ("Settings')
    screen.press("\x04")

    assert screen.wait_for_end() == 0
    assert screen.written.isascii()


# --- in the session


def test_the_session_has_a_key_for_the_tour(workbook: Workbook, screens: Screens) -> None:
    """In a project, t continues the tour and comes back; b and h say that a project has none of theirs."""
    workbook.put_into_work("final")
    keys = "t tour  p promises  m more  n next  r run  l list  q quit"
    screen = workbook.screen()
    screens("session-project", screen.wait_for("✓ A book that was put on the shelf is there.", keys))

    screen.press("b")
    screen.wait_for("final doesn't have experiments; t goes on with its tour.", keys)
    screen.press("h")
    screen.wait_for("final doesn't have tasks, so there are no hints; t goes on with its tour.", keys)
    screen.press("t")
    assert keys not in screen.wait_for("Question 1 of 8", PROMPT)
    screen.press("main\r")
    screen.wait_for("Question 2 of 8")
    screen.press("\x03")
    screen.wait_for("Left, unfinished.", "the tour: question 2 of 8", keys)
    screen.press("t")
    for n, name in enumerate(ANSWERS[1:], 2):
        screen.wait_for(f"Question {n} of 8")
        screen.press(f"{name}\r")
    screen.wait_for("Every question is answered: 8 of 8 at the first try.", BACK)
    screen.press("\r")
    screen.wait_for("Back from the tour.", "this step is done; on to count", keys)

    screen.press("q")
    assert screen.wait_for_end() == 0
    assert [entry.data["question"] for entry in workbook.notes("toured")] == QUESTIONS


def test_a_stage_has_no_key_for_a_tour(workbook: Workbook) -> None:
    """In a stage, t isn't offered and does nothing."""
    screen = workbook.screen()
    screen.wait_for(
        "✓ A visitor is greeted by name.",
        "h hint  t task  p promises  m more  b break  n next  r run  l list  q quit",
    )

    screen.press("t")
    screen.press_until("l", BACK)

    assert "has no tour" not in screen.written
