"""The session in rough hands: windows of every size, pastes, Ctrl-Z, storms of saves, a full disk, a second session."""

import contextlib
import threading
from functools import partial
from pathlib import Path

import pytest

from workbook.sandbox.bubblewrap import find_bwrap

from ..golden import Screens, unwrapped
from ..runners import COMMAND, Screen, Workbook, replace_in, wait_until
from .test_session import BACK, KEYS, RIGHT, WRONG, open_session, quit_session

pytestmark = pytest.mark.exhaustive(sample=6, of="file")

PASTED = ["é" * 10_000, "1, 2 or 3\r" * 1000, "2\r2\r" * 2500]
BROKEN = "1 promise is broken in your copy."


def paste(screen: Screen, text: str) -> None:
    """Paste as a terminal does: piece by piece, as fast as it's read."""
    for start in range(0, len(text), 500):
        screen.press(text[start : start + 500])
        assert screen.text is not None  # what's echoed has to be read, otherwise both ends wait for each other


def wait_for_prompt(screen: Screen, prompt: str) -> None:
    """Wait until a prompt is the last that the screen shows: what's pasted has all been read then."""
    wait_until(lambda: screen.text.endswith(prompt), lambda: screen.text)


def goes_on(screen: Screen, prompt: str, asked: int, then: str) -> bool:
    """Whether what comes `then` is shown, or the question once more than it was `asked` before."""
    return then in screen.text or screen.written.count(prompt) > asked


def answer(screen: Screen, prompt: str, line: str, then: str) -> None:
    """Type an answer until it counts: close behind a paste it's a part of that, and the question comes again."""
    while then not in screen.text:
        asked = screen.written.count(prompt)
        screen.press(line + "\r")
        wait_until(partial(goes_on, screen, prompt, asked, then), lambda: screen.text)
        with contextlib.suppress(AssertionError):  # it may have been the answer to the question that came again
            wait_until(lambda: then in screen.text, lambda: "", 3)


# --- the window


def test_a_window_that_is_resized_during_a_check(workbook: Workbook) -> None:
    """A terminal that's resized during a check is drawn again at once, and the verdict comes in the new size."""
    screen = open_session(workbook)
    replace_in(workbook.work / "01-hello/main.py", RIGHT, WRONG)
    screen.wait_for("Saved work/01-hello/main.py; checking …")

    for columns, lines in ((30, 12), (200, 60), (60, 24)):
        screen.resize(columns, lines)

    shown = screen.wait_for(BROKEN, "'Go away'", "q quit")
    assert max(map(len, shown.splitlines())) <= 60
    assert len(shown.splitlines()) <= 24
    quit_session(screen)


@pytest.mark.parametrize("columns, lines", [(20, 6), (10, 3), (1, 1)])
def test_a_window_without_room(workbook: Workbook, columns: int, lines: int) -> None:
    """In a window that's too low for everything, what happened is still there, and q still ends it."""
    screen = open_session(workbook)
    screen.resize(columns, lines)
    replace_in(workbook.work / "01-hello/main.py", RIGHT, WRONG)

    if lines > 1:
        screen.wait_for("1 promise" if columns >= 20 else "1 promis")

    quit_session(screen)
    assert "Traceback" not in screen.written


# --- pastes


@pytest.mark.parametrize("text", ["n" + PASTED[0], "quit\r" * 2000, "hints, please"])
def test_a_paste_into_the_session_is_no_key(workbook: Workbook, text: str) -> None:
    """A text that's pasted into the session presses no key, and the session goes on."""
    screen = open_session(workbook)

    paste(screen, text)
    threading.Event().wait(0.3)  # a key would have been answered by then
    screen.press_until("l", BACK)
    screen.press("\r")
    screen.wait_for("Back from the list.", KEYS)

    quit_session(screen)
    assert not workbook.notes("hint")
    assert not (workbook.work / "02-notes").exists()


@pytest.mark.parametrize("text", PASTED, ids=["one line", "many lines", "lines that would be answers"])
def test_a_paste_is_no_answer(workbook: Workbook, text: str) -> None:
    """A text that's pasted at a question answers nothing; the question is shown again, and it can be answered."""
    screen = open_session(workbook)
    screen.press("b")
    screen.wait_for("Numbers, with commas:")

    paste(screen, text)
    screen.press("\r")
    screen.wait_for("0  none of them", "Numbers from 0 to 3, with commas; 0 for none.")
    wait_for_prompt(screen, "Numbers, with commas:")
    answer(screen, "Numbers, with commas:", "2", "1, 2 or 3:")
    paste(screen, text)
    screen.press("\r")
    wait_for_prompt(screen, "3 certain, 0 choose again.\n1, 2 or 3:")
    answer(screen, "1, 2 or 3:", "2", BACK)
    screen.wait_for("Why", BACK)
    paste(screen, text + "\r")
    screen.press_until("\r", "Back from experiment 1.")  # one that comes together with the paste is a part of it

    screen.press_until("q", "Everything is kept.")
    assert screen.wait_for_end() == 0
    assert [(entry.data["prediction"], entry.data["sure"]) for entry in workbook.notes("predicted")] == [
        ([2], "fairly sure")
    ]


# --- Ctrl-Z


def test_a_session_goes_on_after_ctrl_z(workbook: Workbook) -> None:
    """Ctrl-Z leaves the terminal to the shell; `fg` draws the session again, with the verdict of what was saved."""
    screen = workbook.shell()
    screen.press(" ".join(COMMAND) + "\r")
    screen.wait_for("✓ A visitor is greeted by name.", KEYS)

    for _ in range(2):
        screen.press("\x1a")
        screen.wait_for("Stopped", "$")
        screen.press("echo the shell has $((6 * 7)) lines\r")
        screen.wait_for("the shell has 42 lines")
        replace_in(workbook.work / "01-hello/main.py", RIGHT, WRONG)
        screen.press("fg\r")
        screen.wait_for(BROKEN, "'Go away'", KEYS)
        screen.press("h")  # single keys are read again, unechoed
        screen.wait_for("Hint", KEYS)
        replace_in(workbook.work / "01-hello/main.py", WRONG, RIGHT)
        screen.wait_for("The stage's promises are all kept.", KEYS)

    screen.press("q")
    screen.wait_for("Everything is kept.", "$")
    assert "Traceback" not in screen.written


def test_a_question_goes_on_after_ctrl_z(workbook: Workbook) -> None:
    """After Ctrl-Z at a question, `fg` writes the prompt again, and the answer counts."""
    screen = workbook.shell()
    screen.press(" ".join([*COMMAND, "break", "01", "1"]) + "\r")
    screen.wait_for("Numbers, with commas:")

    screen.press("\x1a")
    screen.wait_for("Stopped", "$")
    screen.press("clear\r")
    wait_until(lambda: "Numbers" not in screen.text, lambda: screen.text)
    screen.press("fg\r")
    screen.wait_for("Numbers, with commas:")
    screen.press("2\r")
    screen.wait_for("1, 2 or 3:")
    screen.press("2\r")

    screen.wait_for("That's what you predicted.", "$")


# --- saves


def test_a_storm_of_saves(workbook: Workbook) -> None:
    """Saves every 50 ms, as of a tool gone wild, neither pile up checks nor lose keys; the verdict is of the last."""
    screen = open_session(workbook)
    main = workbook.work / "01-hello/main.py"
    at_once = 0

    for number in range(40):
        with main.open("a", encoding="utf-8") as file:
            file.write(f"# {number}\n")
        threading.Event().wait(0.05)
        at_once = max(at_once, len(list(workbook.temporary.glob("workbook-run-*"))))
        if number == 20:
            screen.press("p")
    replace_in(main, RIGHT, WRONG)

    screen.wait_for(BROKEN, "'Go away'", KEYS)
    screen.wait_for("A visitor is greeted by name.")
    assert at_once <= 3, "one that ends, one that begins, and one that's rehearsed"
    quit_session(screen)
    workbook.wait_until_gone()
    assert list(workbook.temporary.iterdir()) == []


SLOW = """

def test_the_door_opens(client: Client) -> None:
    \"\"\"The door opens.\"\"\"
    until = time.monotonic() + (5 if client.get("/health").json() == {"status": "ok"} else 0)
    while time.monotonic() < until:
        time.sleep(0.1)
    assert client.get("/hello/Ada").json() == {"greeting": "Hello Ada"}
"""


def test_a_check_that_takes_its_time(workbook: Workbook) -> None:
    """While tests still wait, the card of what's broken is there already, and how far they are."""
    tests = workbook.work / "01-hello/test_hello.py"
    screen = open_session(workbook)
    tests.write_text("import time\n" + tests.read_text(encoding="utf-8") + SLOW, encoding="utf-8")
    screen.wait_for("The stage's promises are all kept.")

    replace_in(workbook.work / "01-hello/main.py", RIGHT, WRONG)
    seen = screen.wait_for("'Go away'", "checking … ", " of ", "m shows all that was sent")
    assert "are broken" not in seen, "that's said when all has been tried"
    screen.press("m")
    screen.wait_for("Repeat it", BACK)
    screen.press("\r")

    screen.wait_for("2 promises are broken in your copy.")
    quit_session(screen)


# --- the disk


def test_a_disk_that_is_full(needs_sandbox: None, workbook: Workbook) -> None:
    """On a full disk every screen says so and what to do; with room again, the session goes on where it was."""
    workbook.work.mkdir()
    small = ["--dev-bind", "/", "/", "--size", str(2**20), "--tmpfs", str(workbook.work)]
    screen = workbook.shell(before=[find_bwrap(), *small])
    screen.press("cd work; mkdir tmp; export TMPDIR=$PWD/tmp; cd ..; clear\r")
    screen.press(" ".join(COMMAND) + "\r")
    screen.wait_for("✓ A visitor is greeted by name.", KEYS)

    screen.press("\x1a")
    screen.wait_for("Stopped", "$")
    screen.press("head -c 2M /dev/zero > work/much; echo >> work/01-hello/main.py; fg\r")
    screen.wait_for("The disk is full:", "Make room there.", KEYS)
    screen.press_until("n", "device.")
    assert "No space left on device. Next: make room on the disk" in " ".join(screen.wait_for(KEYS).split())
    screen.press("b")
    screen.wait_for("Numbers, with commas:")
    screen.press("\x03")
    screen.wait_for("Left, unfinished.", KEYS)
    screen.press("\x1a")
    screen.wait_for("Stopped", "$")
    screen.press("clear; rm work/much; echo >> work/01-hello/main.py; fg\r")
    screen.wait_for("✓ A visitor is greeted by name.", "The stage's promises are all kept.", KEYS)
    screen.press("n")
    screen.wait_for("Now in 02-notes", "✓ A note that was written", KEYS)

    screen.press("q")
    screen.wait_for("Everything is kept.")
    assert "Traceback" not in screen.written


def test_work_is_a_link(workbook: Workbook, tmp_path: Path) -> None:
    """If work/ is a link to a folder elsewhere, everything works there, and paths are those that you know."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    workbook.work.symlink_to(elsewhere)
    screen = open_session(workbook)

    replace_in(elsewhere / "01-hello/main.py", RIGHT, WRONG)
    screen.wait_for(BROKEN, "'Go away'", "work/01-hello/test_hello.py")
    quit_session(screen)

    assert workbook("reset", "01").status == 0
    assert workbook("check", "--launcher", "spawn").status == 0
    assert (elsewhere / "journal.sqlite").is_file()


def test_work_is_a_link_to_nowhere(workbook: Workbook, tmp_path: Path, screens: Screens) -> None:
    """If work/ is a link to what isn't there, as with a drive that's not plugged in, commands say so."""
    workbook.work.symlink_to(tmp_path / "unplugged")

    said = unwrapped(workbook.refusals("", "start 01", "run 02", status=1))
    screens("work-is-a-link-to-nowhere", said, unplugged=str(tmp_path / "unplugged"))
    doctor = workbook("doctor")
    assert (doctor.status, doctor.lines[-1]) == (1, "Mend first: work/.")
    assert workbook("list").status == 0


# --- two at once


def test_two_sessions_at_once(workbook: Workbook) -> None:
    """Two sessions of one course both answer a save, and each knows what was done in the other."""
    one, other = open_session(workbook), open_session(workbook)

    replace_in(workbook.work / "01-hello/main.py", RIGHT, WRONG)
    for screen in (one, other):
        screen.wait_for(BROKEN, "'Go away'", KEYS)
    replace_in(workbook.work / "01-hello/main.py", WRONG, RIGHT)
    for screen in (one, other):
        screen.wait_for("The stage's promises are all kept.", "experiment 1 of 3", KEYS)
    one.press("b")
    for question, answer in (("Numbers, with commas:", "2\r"), ("1, 2 or 3:", "3\r"), (BACK, "\r")):
        one.wait_for(question)
        one.press(answer)
    one.wait_for("experiment 2 of 3", KEYS)
    other.press("p")
    other.wait_for("experiment 2 of 3", KEYS)
    one.press("n")
    one.wait_for("Now in 02-notes", "✓ A note that was written", KEYS)
    other.press("l")
    other.wait_for("You are in 02-notes.", BACK)
    other.press("\r")
    other.wait_for("Back from the list.", KEYS)

    for screen in (one, other):
        quit_session(screen)
    workbook.wait_until_gone()
    assert list(workbook.temporary.iterdir()) == []
