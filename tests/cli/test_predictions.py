"""Predictions are asked once, and can't be made by elimination."""

import io
import sqlite3
import termios
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from workbook.cli.predicting import PROMPTS, about_experiment
from workbook.cli.terminal import Terminal
from workbook.course.changes import Edit, Experiment
from workbook.course.model import Course
from workbook.course.promises import CHOICES, PromiseText, choices_for, read_promises

from ..golden import Screens
from ..learner.test_review import ACROSS
from ..runners import Screen, Workbook, wait_until
from .test_session import BACK, KEYS, open_session, quit_session

COURSE = Course.find(Path(__file__).parents[2])
STAGES = [step for step in COURSE.steps if step.kind == "stage"]
TITLES = {1: "Everybody is welcome", 3: "Something in the greeting"}  # of the small course
PROMISES = [PromiseText(f"test_{n}", f"Promise {n}.", deeper=n > 3) for n in range(20)]


class Tty(io.StringIO):
    """Standard output that says it's a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def experiment(title: str, *red: str, unclear: tuple[str, ...] = ()) -> Experiment:
    return Experiment(title, "?", frozenset(red), "So.", (Edit("main.py", "a", "b"),), unclear=frozenset(unclear))


def test_what_is_offered_gives_nothing_away() -> None:
    """Core promises and those that break are always offered; the others differ from one experiment to the next."""
    offers = [{promise.name for promise in choices_for(experiment(f"No. {n}", "test_9"), PROMISES)} for n in range(40)]

    assert all(offer > {"test_0", "test_1", "test_2", "test_3", "test_9"} for offer in offers)
    assert {len(offer) for offer in offers} == {CHOICES}
    assert set.union(*offers) == {promise.name for promise in PROMISES}
    assert choices_for(experiment("No. 1", "test_9"), PROMISES) == choices_for(experiment("No. 1", "test_9"), PROMISES)


def test_promises_that_do_not_decide_are_not_offered() -> None:
    """A promise whose sentence doesn't decide whether the edit breaks it isn't offered, red or not."""
    offered = choices_for(experiment("A", "test_9", "test_12", unclear=("test_1", "test_12")), PROMISES)

    names = {promise.name for promise in offered}
    assert {"test_0", "test_2", "test_3", "test_9"} < names
    assert not names & {"test_1", "test_12"}


def test_no_place_tells_what_an_experiment_does() -> None:
    """Neither the one that breaks nothing nor the one that hides its edit has the same place, or number, everywhere."""
    everywhere = [COURSE.experiments(step) for step in STAGES]
    hidden = [[number for number, one in enumerate(found) if one.hidden] for found in everywhere]
    harmless = [[number for number, one in enumerate(found) if not one.red] for found in everywhere]

    for places in (hidden, harmless):
        assert max(places.count(place) for place in places) <= len(STAGES) / 2
    assert len({len(found) for found in everywhere}) > 1
    assert len({len(found) for found in harmless}) > 1


@pytest.mark.parametrize(
    "number, answer, kept", [(1, "2", "break-again-1"), (3, "1", "break-again-3")], ids=["shown", "hidden"]
)
def test_a_prediction_is_asked_once(workbook: Workbook, number: int, answer: str, kept: str, screens: Screens) -> None:
    """An experiment that you've predicted shows what came, and doesn't ask again; nothing more is recorded."""
    title = TITLES[number]
    workbook.note("predicted", "01-hello", experiment=title, prediction=[int(answer)], right=False, sure="certain")

    screen = workbook.screen("break", "01", str(number))

    assert screen.wait_for_end() == 0
    screens(kept, screen.text)
    assert len(workbook.notes("predicted")) == 1


def test_the_session_asks_once_too(workbook: Workbook) -> None:
    """When every experiment is predicted, b shows the first again, without a question."""
    for title in ("Everybody is welcome", "Another sentence", "Something in the greeting"):
        workbook.note("predicted", "01-hello", experiment=title, prediction=[1], right=True, sure="a guess")
    screen = open_session(workbook)

    screen.press("b")
    screen.wait_for("You've predicted this one before, and you were right.", "Why", BACK)
    screen.press("\r")
    screen.wait_for("Back from experiment 1.", KEYS)

    quit_session(screen)


LONG = (
    """
[[experiment]]
title = "A long one"
question = "The refusal has become a long text. Which promise misses it?"
red = ["test_nobody_is_not_greeted"]
why = "So."

[[experiment.edit]]
file = "main.py"
find = "Nobody is here"
replace = '''
"""
    + "".join(f"line {number}\n" for number in range(14))
    + "'''\n"
)


def test_a_question_fits_a_low_screen(workbook: Workbook) -> None:
    """Where a question and its promises don't fit one screen, Enter turns the page; an empty answer turns it back."""
    (workbook.root / "stages/01-hello/experiments.toml").write_text(LONG, encoding="utf-8")
    screen = workbook.screen("break", "01", "1", lines=24)

    first = screen.wait_for("Enter shows what to choose from …")
    assert {"Experiment 1 of 1: A long one", "+line 13"} <= set(first.splitlines())
    screen.press("\r")
    second = screen.wait_for("Numbers, or Enter for the edit:")
    assert "The refusal has become a long text. Which promise misses it?" in second
    assert "1  A visitor is" in second
    assert "+line 13" not in second
    screen.press("\r")
    screen.wait_for("+line 13", "Enter shows what to choose from …")
    screen.press("\r")
    screen.wait_for("1  A visitor is", "Numbers, or Enter")
    screen.press("2\r")
    screen.wait_for("1, 2 or 3:")
    screen.press("3\r")

    assert screen.wait_for_end() == 0
    assert workbook.notes("predicted")[0].data["right"]


def test_no_answer_leaves_a_tiny_screen_unseen(workbook: Workbook) -> None:
    """Where the answers don't fit one screen, they come in parts, each of whole answers, and none scrolls off."""
    (workbook.root / "stages/01-hello/experiments.toml").write_text(LONG, encoding="utf-8")
    screen = workbook.screen("break", "01", "1", columns=40, lines=8)

    screen.wait_for("Enter shows what to choose from …")
    screen.press("\r")
    seen = [screen.wait_for("Enter shows more to choose from …")]
    while "more to choose" in seen[-1]:
        screen.press("\r")
        wait_until(lambda: screen.text != seen[-1] and "Enter" in screen.text, lambda: screen.text)
        seen.append(screen.text)

    assert "Numbers, or Enter for the edit:" in seen[-1]
    shown = [" ".join(page.split()) for page in seen]
    promises = ["1 A visitor is greeted by name.", "0 none of them"]
    assert [sum(promise in page for page in shown) for promise in promises] == [1, 1]
    assert "Which promises will break?" in shown[0]


def test_every_prompt_can_be_left(workbook: Workbook) -> None:
    """Ctrl-C leaves a question at each of its prompts, also at the one that turns the page."""
    (workbook.root / "stages/01-hello/experiments.toml").write_text(LONG, encoding="utf-8")

    for pressed in ((), ("\r", "Numbers, or Enter"), ("\r", "Numbers, or Enter", "2\r", "1, 2 or 3:")):
        screen = workbook.screen("break", "01", "1", lines=24)
        screen.wait_for("Enter shows what to choose from …")
        for key, prompt in zip(pressed[::2], pressed[1::2], strict=True):
            screen.press(key)
            screen.wait_for(prompt)
        screen.press("\x03")
        assert screen.wait_for_end() == 130, screen.text

    assert workbook.notes("predicted") == []


def test_a_refused_answer_says_how_to_leave(workbook: Workbook) -> None:
    """If you type something that's no answer, you see what would be one, and how to leave; q doesn't do that."""
    screen = workbook.screen("break", "01", "1")
    screen.wait_for("Numbers, with commas:")
    screen.press("q\r")
    screen.wait_for("Numbers from 0 to 3, with commas; 0 for none. Ctrl-C leaves the question.")
    screen.press("2\r")
    screen.wait_for("1, 2 or 3:")
    screen.press("sure\r")
    screen.wait_for("One number: 1, 2 or 3, or 0. Ctrl-C leaves the question.")
    screen.press("\x03")

    assert screen.wait_for_end() == 130
    assert workbook.notes("predicted") == []


@pytest.mark.parametrize("columns, lines", [(80, 24), (100, 30)])
def test_every_experiment_fits(monkeypatch: pytest.MonkeyPatch, columns: int, lines: int) -> None:
    """Of every experiment of the course, each page fits a screen, with the prompts below it."""
    monkeypatch.setenv("COLUMNS", str(columns))
    terminal = Terminal(file=Tty())
    for step in STAGES:
        promises = read_promises(COURSE.folder(step))
        for one in COURSE.experiments(step):
            if one.hidden:
                continue
            asked = about_experiment(
                terminal, f"Experiment 1 of 4: {one.title}", one, COURSE.folder(step), choices_for(one, promises)
            )
            for page in (asked.about, asked.offer):
                rows = terminal.rows(terminal.dense(terminal.lines_of(page)))
                assert rows + PROMPTS <= lines, f"{step.name}: {one.title}"


def asked_times(screen: Screen, times: int) -> bool:
    return screen.text.count("Its number:") == times


def test_what_was_done_is_one_thing(workbook: Workbook) -> None:
    """A question with one answer takes one number: neither 0, nor two, nor a word."""
    screen = workbook.screen("break", "01", "3")
    screen.wait_for("Its number:")

    for n, line in enumerate(("0", "1, 2", "none"), 2):
        screen.press(f"{line}\r")
        wait_until(partial(asked_times, screen, n), lambda: screen.text)
    assert screen.text.count("One number from 1 to ") == 3
    screen.press("1\r")
    screen.wait_for("1, 2 or 3:")
    screen.press("1\r")

    assert screen.wait_for_end() == 0
    assert len(workbook.notes("predicted")) == 1


def test_a_slip_can_be_mended(workbook: Workbook) -> None:
    """When you've typed another number than you meant, 0 at “How sure are you?” lets you choose again."""
    screen = workbook.screen("break", "01", "1")
    screen.wait_for("Numbers, with commas:")
    screen.press("1\r")
    screen.wait_for("1, 2 or 3:")
    screen.press("0\r")
    wait_until(lambda: screen.text.endswith("Numbers, with commas:"), lambda: screen.text)
    screen.press("2\r")
    screen.wait_for("1, 2 or 3:")
    screen.press("3\r")

    assert screen.wait_for_end() == 0
    assert [entry.data["prediction"] for entry in workbook.notes("predicted")] == [[2]]


def test_what_is_typed_during_a_run_breaks_no_line(workbook: Workbook) -> None:
    """What you type while an experiment runs isn't echoed, and isn't an answer to what comes after."""
    test = workbook.root / "stages/01-hello/test_hello.py"
    test.write_text("import time\n\ntime.sleep(3)\n" + test.read_text(encoding="utf-8"), encoding="utf-8")
    screen = workbook.screen("break", "01", "3")
    screen.wait_for("Breaking it, and running the tests …")
    wait_until(lambda: not screen.mode[3] & termios.ECHO, lambda: screen.text)

    screen.press("987\r")
    shown = screen.wait_for("Its number:")

    assert "987" not in screen.written
    assert shown.endswith("Its number:")
    assert screen.mode == screen.mode_before


def test_review_asks_across_stages(workbook: Workbook, screens: Screens) -> None:
    """`review` asks a question about two stages when both have been gone through, and says why."""
    (workbook.root / "stages/review.toml").write_text(ACROSS, encoding="utf-8")
    for step, titles in {"01-hello": (*TITLES.values(), "Another sentence"), "02-notes": ("Notes are lost",)}.items():
        for title in titles:
            workbook.note("predicted", step, experiment=title, prediction=[1], right=True, sure="certain")
    with closing(sqlite3.connect(workbook.work / "journal.sqlite")) as journal, journal:
        journal.execute("UPDATE entry SET at = ?", ((datetime.now(UTC) - timedelta(days=2)).isoformat(),))

    screen = workbook.screen("review")
    screen.wait_for("Its number:")
    screen.press("1\r")
    screen.wait_for("1, 2 or 3:")
    screen.press("3\r")

    assert screen.wait_for_end() == 0
    screens("review-across", screen.text)
    assert workbook("review").lines[0].startswith("Nothing is due.")
