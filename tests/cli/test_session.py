"""`workbook` alone, on a terminal: what you see there, and what the keys do."""

import re
import signal
import socket

import httpx
import pytest

from workbook.course.changes import apply_edits, read_tasks

from ..golden import Screens
from ..runners import Screen, Workbook, replace_in, sole_use_of, wait_until

pytestmark = pytest.mark.exhaustive(sample=9, of="file")

KEYS = "h hint  t task  p promises  m more  b break  n next  r run  l list  q quit"
RIGHT, WRONG = '{"greeting": f"{GREETING} {name}"}', '{"greeting": "Go away"}'
BACK = "Enter brings you back …"
EXPERIMENTS = ("Everybody is welcome", "Another sentence", "Something in the greeting")


def open_session(workbook: Workbook, columns: int = 80, lines: int = 50) -> Screen:
    """Return a session whose first verdict is on the screen."""
    screen = workbook.screen(columns=columns, lines=lines)
    screen.wait_for("A visitor is greeted", "q quit")
    return screen


def quit_session(screen: Screen) -> None:
    screen.press("q")
    assert screen.wait_for_end() == 0


def test_a_first_session(workbook: Workbook, screens: Screens) -> None:
    """The first session says what happened and what's next, shows a verdict for every save, and ends with q."""
    screen = workbook.screen()
    shown = screen.wait_for("✓ A visitor is greeted by name.", KEYS)
    screens("session-first", shown)
    assert "✗" not in shown, "a task that nobody has begun is no failure"

    main = workbook.work / "01-hello/main.py"
    replace_in(main, RIGHT, WRONG)
    screens("session-broken-promise", screen.wait_for("1 promise is broken in your copy.", "'Go away'", KEYS))

    replace_in(main, WRONG, RIGHT)
    shown = screen.wait_for("✓ A visitor is greeted by name.", "The stage's promises are all kept.", KEYS)
    screens("session-mended", shown)
    assert "task 1, farewell: not begun" in shown, "the copy is as it was"

    quit_session(screen)
    assert "Everything is kept. uv run workbook brings you back here." in screen.text
    assert screen.mode == screen.mode_before
    workbook.wait_until_gone()
    assert list(workbook.temporary.iterdir()) == []


def test_a_syntax_error_is_one_card(workbook: Workbook, screens: Screens) -> None:
    """A half-typed line is one card with that line; the promises that wait for it are only counted."""
    screen = open_session(workbook)

    replace_in(workbook.work / "01-hello/main.py", "app = FastAPI()", "app = FastAPI(")

    screens("session-syntax-error", screen.wait_for("The app has a syntax error:", "in your copy.", KEYS))


def test_a_hint_stays_while_saves_are_answered(workbook: Workbook, screens: Screens) -> None:
    """h shows the next hint beside the verdict, on 80 by 24 too; it stays there when a save is answered."""
    screen = open_session(workbook, lines=24)

    screen.press("h")
    screens("session-hint", screen.wait_for("Task 1, hint 1 of 3: Nudge", KEYS))
    replace_in(workbook.work / "01-hello/main.py", RIGHT, WRONG)
    screen.wait_for("1 promise is broken in your copy.", "Task 1, hint 1 of 3: Nudge", "'Go away'", KEYS)
    screen.press("h")
    screen.wait_for("hint 2 of 3: Approach", "1 promise", KEYS)

    quit_session(screen)
    assert [entry.data["level"] for entry in workbook.notes("hint")] == [1, 2]


def test_a_key_shows_a_whole_panel(workbook: Workbook) -> None:
    """In a low window a save's card leaves little of a hint; its key shows all of it, and once more the next hint."""
    hints = workbook.root / "stages/01-hello/tasks/1-farewell/hints.md"
    body = "\n\n".join(f"Line {number}." for number in range(7))
    hints.write_text(f"## Nudge\n\n{body}\n\n## Approach\n\nIt's this.\n", encoding="utf-8")
    screen = open_session(workbook, lines=24)
    screen.press("h")
    screen.wait_for("hint 1 of 2: Nudge", "Line 6.", KEYS)
    replace_in(workbook.work / "01-hello/main.py", RIGHT, WRONG)
    shown = screen.wait_for("1 promise is broken in your copy.", "… h shows all of it", "'Go away'", KEYS)
    assert "Line 6." not in shown

    screen.press("h")
    screen.wait_for("hint 1 of 2: Nudge", "Line 6.", "1 promise is broken in your copy.", KEYS)
    screen.press("h")
    screen.wait_for("hint 2 of 2: Approach", "It's this.", "'Go away'", KEYS)

    quit_session(screen)


def test_the_task_says_where_its_rest_is(workbook: Workbook) -> None:
    """t shows which task it is and what it asks for; in a low window it says where the rest of it is."""
    readme = workbook.root / "stages/01-hello/tasks/1-farewell/README.md"
    rows = "\n".join(f"| case {number} | 200 |" for number in range(30))
    readme.write_text(f"# Say goodbye\n\nA story.\n\n| it's done when | |\n|---|---|\n{rows}\n", encoding="utf-8")
    screen = open_session(workbook, lines=24)

    screen.press("t")
    shown = screen.wait_for("Task 1: Say goodbye", "it's done when", "case 1", KEYS)

    assert "or: stages/01-hello/tasks/1-farewell/README.md" in shown
    assert "\n\n\n" not in shown
    quit_session(screen)


def test_a_task_names_its_text_before_its_turn(workbook: Workbook) -> None:
    """While experiments are left, t shows which file says what to do, because what comes next names another one."""
    readme = workbook.root / "stages/01-hello/tasks/1-farewell/README.md"
    readme.write_text("# Say goodbye\n\nA story.\n\n| it's done when | |\n|---|---|\n| a | b |\n", encoding="utf-8")
    screen = open_session(workbook, lines=24)

    screen.press("t")

    screen.wait_for("Task 1: Say goodbye", "Read  stages/01-hello/tasks/1-farewell/README.md", "press b", KEYS)
    quit_session(screen)


def test_a_save_says_what_a_card_of_a_task_is_about(workbook: Workbook) -> None:
    """If the stage's promises are kept and the card is a task's, the line below it names the task."""
    screen = open_session(workbook)
    main = workbook.work / "01-hello/main.py"

    main.write_text(main.read_text(encoding="utf-8") + "\n\nBEGUN = True\n", encoding="utf-8")

    screen.wait_for("✗", "The stage's promises are all kept. Task 1 isn't done yet.", KEYS)
    quit_session(screen)


def test_tasks_are_not_counted_while_the_app_does_not_start(workbook: Workbook) -> None:
    """A typo doesn't undo a task: it waits, like the promises, and isn't called “not begun”."""
    screen = open_session(workbook)

    replace_in(workbook.work / "01-hello/main.py", "app = FastAPI()", "app = FastAPI(")
    shown = screen.wait_for("The app has a syntax error:", "task 1, farewell: waits until that's fixed", KEYS)

    assert "not begun" not in shown
    quit_session(screen)


def test_list_comes_back(workbook: Workbook, screens: Screens) -> None:
    """l shows every step on a separate screen; Enter brings you back, and so does Ctrl-C."""
    screen = open_session(workbook)

    screen.press("l")
    screens("session-list", screen.wait_for("› 01-hello", BACK))
    screen.press("\x03")
    screen.wait_for("Back from the list.", KEYS)

    quit_session(screen)


def test_keys_and_saves_lead_back_too(workbook: Workbook) -> None:
    """On a separate screen, a session's key does what it says, and a save brings back the session with its verdict."""
    screen = open_session(workbook)

    screen.press("l")
    screen.wait_for("› 01-hello", BACK)
    screen.press("xh")
    shown = screen.wait_for("Task 1, hint 1 of 3: Nudge", KEYS)
    assert BACK not in shown

    replace_in(workbook.work / "01-hello/main.py", RIGHT, WRONG)
    screen.wait_for("1 promise is broken in your copy.", KEYS)
    screen.press("m")
    screen.wait_for("Repeat it", BACK)
    replace_in(workbook.work / "01-hello/main.py", WRONG, RIGHT)
    screen.wait_for("✓ A visitor is greeted by name.", "The stage's promises are all kept.", KEYS)

    screen.press("l")
    screen.wait_for("› 01-hello", BACK)
    quit_session(screen)


def test_break_asks_and_comes_back(workbook: Workbook, screens: Screens) -> None:
    """b asks for a prediction and how sure you are, insists on it, judges it, records both, and comes back."""
    screen = open_session(workbook)

    screen.press("b")
    screen.wait_for("Numbers, with commas:")
    screen.press("all\r")
    screen.wait_for("Numbers from 0 to 3, with commas; 0 for none.")
    screen.press("1\r")
    screen.wait_for("1, 2 or 3:")
    screen.press("very\r")
    wait_until(lambda: screen.text.count("1, 2 or 3:") == 2, lambda: screen.text)
    screen.press("3\r")
    screens("session-break", screen.wait_for("Why", BACK))
    screen.press("\r")
    screens("session-after-break", screen.wait_for("Back from experiment 1.", "✓ A visitor", KEYS))

    quit_session(screen)
    assert [entry.data for entry in workbook.notes("predicted")] == [
        {"experiment": "Everybody is welcome", "prediction": [1], "right": False, "sure": "certain"}
    ]


def test_break_can_be_left(workbook: Workbook) -> None:
    """Ctrl-C in an experiment brings you back to the session, and the experiment stays open."""
    screen = open_session(workbook)

    screen.press("b")
    screen.wait_for("Numbers, with commas:")
    screen.press("\x03")
    screen.wait_for("Left, unfinished.", "experiment 1 of 3", KEYS)

    quit_session(screen)
    assert workbook.notes("predicted") == []


def test_run_serves_until_ctrl_c(workbook: Workbook) -> None:
    """r serves your copy on port 8000; Ctrl-C ends that, but not the session."""
    workbook.put_into_work("02-notes")
    screen = workbook.screen()
    screen.wait_for("A note that was written can be read.", KEYS)

    with sole_use_of(8000):
        screen.press("r")
        screen.wait_for("App  http://127.0.0.1:8000", "Ctrl-C ends it.")
        assert httpx.get("http://127.0.0.1:8000/notes", trust_env=False).json() == []
        screen.press("\x03")
        screen.wait_for("Stopped.", BACK)
    screen.press("\r")
    screen.wait_for("The app is stopped.", KEYS)

    quit_session(screen)


def test_run_says_that_its_port_is_taken(workbook: Workbook) -> None:
    """If port 8000 is in use, r says so and suggests another way; the session goes on."""
    workbook.put_into_work("02-notes")
    screen = workbook.screen()
    screen.wait_for("A note that was written can be read.", KEYS)

    with sole_use_of(8000), socket.create_server(("127.0.0.1", 8000)):
        screen.press("r")
        screen.wait_for("Port 8000 is in use", "uv run workbook run 02-notes --port 8001", BACK)
    screen.press("\r")
    screen.wait_for(KEYS, "A note that was written can be read.")

    quit_session(screen)


def test_the_session_moves_on_only_when_told(workbook: Workbook, screens: Screens) -> None:
    """A finished step stays on the screen until n; then you're in the next one, and see how to go back."""
    for title in EXPERIMENTS:
        workbook.note("predicted", "01-hello", experiment=title, right=True)
    screen = open_session(workbook)
    screens("session-task-at-hand", screen.wait_for("task 1: Say goodbye", "task 1, farewell: not begun", KEYS))

    task_1, task_2 = read_tasks(workbook.root / "stages/01-hello")
    apply_edits(task_1.solution(), workbook.work / "01-hello")
    screens(
        "session-task-done",
        screen.wait_for("Task 1 is done. Press c to compare", "✓ task 1, farewell: done"),
    )
    apply_edits(task_2.solution(), workbook.work / "01-hello")
    screens("session-step-done", screen.wait_for("Task 2 is done.", "press n", KEYS))
    assert not (workbook.work / "02-notes").exists()

    screen.press("n")
    screens("session-next-step", screen.wait_for("Now in 02-notes", "✓ A note that was written", KEYS))

    quit_session(screen)
    assert "02-notes" in workbook("list").lines[-1]


def test_keys_are_answered_during_a_check(workbook: Workbook) -> None:
    """A key works even during a check; unknown keys and arrows do nothing."""
    screen = workbook.screen()
    screen.wait_for("Checking it …", KEYS)

    screen.press("x")
    screen.press("\x1b[A")
    screen.press_until("l", BACK)
    screen.press("\r")

    screen.wait_for("✓ A visitor is greeted by name.", "Back from the list.")
    quit_session(screen)


def test_tests_that_are_gone_end_no_session(workbook: Workbook) -> None:
    """If the tests are missing from your copy, the session says how to put them back, and goes on."""
    copy = workbook.put_into_work("01-hello")
    gone = "The tests of 01-hello are missing. Next: uv run workbook start 01-hello"
    for file in list(copy.rglob("test_*.py")):
        file.unlink()
    screen = workbook.screen()
    screen.wait_for(gone, KEYS)

    workbook.put_into_work("01-hello")
    screen.wait_for("✓ A visitor is greeted by name.")
    for file in list(copy.rglob("test_*.py")):
        file.unlink()
    screen.wait_for(gone, KEYS)

    quit_session(screen)


def test_the_screen_follows_the_terminal(workbook: Workbook) -> None:
    """If you resize the terminal, it's drawn again in its new size; Ctrl-L draws it again too."""
    screen = open_session(workbook)
    assert "─" * 80 in screen.text

    screen.resize(50, 50)
    shown = screen.wait_for("Welcome. Your copy of the first step is in\nwork/01-hello.")
    assert "─" * 50 in shown

    drawn = screen.written.count("A small course")
    screen.press("\x0c")
    wait_until(lambda: screen.written.count("A small course") > drawn, lambda: screen.text)
    quit_session(screen)


@pytest.mark.parametrize("columns", [40, 80])
def test_no_line_is_wider_than_the_terminal(workbook: Workbook, columns: int) -> None:
    """Everything in the session fits the terminal, except commands and paths that you'd copy."""
    screen = open_session(workbook, columns)
    replace_in(workbook.work / "01-hello/main.py", RIGHT, WRONG)
    screen.wait_for("is broken in your copy.")
    screen.press("h")
    screen.wait_for("Hint 1 of 3")
    for key in "lm":
        screen.press(key)
        screen.wait_for(BACK)
        screen.press("\r")
        screen.wait_for("q quit")
    screen.press("b")
    screen.wait_for("Numbers, with commas:")
    screen.press("2\r")
    screen.wait_for("1, 2 or 3:")
    screen.press("2\r")
    screen.wait_for(BACK)
    screen.press("\r")
    screen.wait_for("q quit")
    quit_session(screen)

    too_long = [line for line in screen.lines_written if len(line) > columns]
    assert [line for line in too_long if not re.match(r"(   | {12})([A-Z_]+=\S* )*(uv run|curl|\S+$)", line)] == []


@pytest.mark.parametrize("ending", ["q", "Ctrl-C", "SIGTERM", "an error"])
def test_the_terminal_is_as_before(workbook: Workbook, ending: str) -> None:
    """However the session ends, the terminal has its old settings, and nothing is still running."""
    screen = open_session(workbook)
    wait_until(lambda: screen.mode != screen.mode_before, lambda: "single keys are not read unechoed")

    if ending == "q":
        screen.press("q")
    elif ending == "Ctrl-C":
        screen.press("\x03")
    elif ending == "SIGTERM":
        screen.kill(signal.SIGTERM)
    else:
        (workbook.root / "workbook.toml").write_text("title = 1", encoding="utf-8")
        screen.press("n")
    status = screen.wait_for_end()

    assert status == {"q": 0, "Ctrl-C": 0, "SIGTERM": 143, "an error": 2}[ending]
    assert screen.mode == screen.mode_before
    assert "Traceback" not in screen.written
    workbook.wait_until_gone()
    assert list(workbook.temporary.iterdir()) == []


def test_a_closed_terminal_ends_the_session(workbook: Workbook) -> None:
    """If you close its terminal, the session ends with everything that it started."""
    screen = open_session(workbook)

    screen.hang_up()

    workbook.wait_until_gone()
    assert list(workbook.temporary.iterdir()) == []


@pytest.mark.parametrize(
    "words, env",
    [(["--plain"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"}), (["list"], {"NO_COLOR": "1"})],
    ids=["--plain", "NO_COLOR", "TERM=dumb", "list with NO_COLOR"],
)
def test_plain_text_on_a_terminal(workbook: Workbook, words: list[str], env: dict[str, str]) -> None:
    """With --plain, NO_COLOR or a dumb terminal, it prints plain text, without redraws or keys, and ends."""
    screen = workbook.screen(*words, env=env)

    assert screen.wait_for_end() == 0

    assert "\x1b" not in screen.written
    assert "01-hello" in screen.written


def test_an_ascii_terminal(workbook: Workbook) -> None:
    """On a terminal that shows only ASCII, marks, quotes and rules are ASCII."""
    screen = workbook.screen(env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    screen.wait_for("+ A visitor is greeted by name.", "- task 1, farewell", "-" * 80)
    replace_in(workbook.work / "01-hello/main.py", RIGHT, WRONG)
    screen.wait_for("x A visitor is greeted by name.", "1 promise is broken in your copy.")
    screen.press("l")
    screen.wait_for("> 01-hello", "Enter brings you back ...")
    screen.press("\r")
    screen.wait_for("Back from the list.")
    quit_session(screen)

    assert screen.written.isascii()
