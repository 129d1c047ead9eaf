"""What the learner's commands do where there's no POSIX. Imitations of Windows and macOS: neither has been tried."""

import contextlib
import importlib
import signal
import sys
from collections import deque
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest

from workbook.cli import keyboard
from workbook.cli.terminal import Terminal
from workbook.serving import SpawnLauncher, choose_launcher
from workbook.testrun import ColdRunner, warm_runner
from workbook.testrun.kept_warm import kept_warm

from ..runners import Workbook, replace_in
from .test_session import RIGHT, WRONG

browser = importlib.import_module("workbook.plugin.browser")  # its package has a fixture of this name
# Python imports it when it starts: no fork, no Unix sockets, no fcntl, termios or resource, and it's called win32.
ELSEWHERE = {"PYTHONPATH": str(Path(__file__).parent.parent / "elsewhere")}
BEFORE = ["env", f"PYTHONPATH={ELSEWHERE['PYTHONPATH']}"]


@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize(
    "words, said",
    [
        ("list", "01-hello"),
        ("start 2", "02-notes"),
        ("check 1 --shipped", "PASS A visitor is greeted by name."),
        ("check 1 --shipped --launcher spawn", "PASS A visitor is greeted by name."),
        ("break 1 1 --predict 2", "Why"),
        ("read 1", "# "),
        ("review", "Nothing is due."),
        ("doctor", "PASS"),
    ],
)
def test_the_commands_need_nothing_of_posix(workbook: Workbook, words: str, said: str) -> None:
    """An imitation of Windows: the command, pytest and the apps run in a Python that lacks what Windows lacks."""
    ended = workbook(*words.split(), before=BEFORE)

    assert said in ended.out
    assert "Traceback" not in ended.out + ended.err
    assert "bug in the workbook" not in ended.err


@pytest.mark.exhaustive
def test_saves_are_answered_without_posix(workbook: Workbook) -> None:
    """An imitation of Windows: `watch` answers a save with a fresh pytest and apps in new interpreters."""
    main = workbook.put_into_work("01-hello") / "main.py"
    watching = workbook.start("watch", env=ELSEWHERE)
    seen = watching.wait_for("PASS A visitor is greeted by name.")

    replace_in(main, RIGHT, WRONG)

    watching.wait_for("FAIL A visitor is greeted by name.", after=seen)
    assert "Traceback" not in watching.end(signal.SIGINT).out
    workbook.wait_until_gone()


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_apps_and_runs_are_started_anew(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    """An imitation: on Windows and macOS nothing is forked, neither apps nor runs, and who asks for that hears why."""
    monkeypatch.setattr(sys, "platform", platform)

    with contextlib.closing(choose_launcher("auto")) as launcher:
        assert isinstance(launcher, SpawnLauncher)
    with pytest.raises(ValueError, match="needs Linux; use --launcher spawn"):
        choose_launcher("fork")
    assert isinstance(warm_runner(), ColdRunner)
    with kept_warm(browser=False, rehearses=True) as runner:
        assert isinstance(runner, ColdRunner)


@pytest.mark.parametrize(("platform", "found"), [("linux", False), ("win32", True), ("darwin", True)])
def test_an_installed_browser_is_found_by_its_channel(
    monkeypatch: pytest.MonkeyPatch, platform: str, found: bool
) -> None:
    """An imitation: where no command is in the PATH, playwright is asked for Chrome or Edge, but on Linux it isn't."""
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(browser, "find_browser", lambda: None)
    monkeypatch.delenv("WORKBOOK_BROWSER", raising=False)
    monkeypatch.delenv("WORKBOOK_WARM_BROWSER", raising=False)
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright isn't installed")
    asked: list[str] = []

    def launch(channel: str, **_: object) -> str:
        asked.append(channel)
        if channel == "chrome":
            raise sync_api.Error("no Chrome")
        return channel

    chromium = SimpleNamespace(launch=launch)
    monkeypatch.setattr(sync_api, "sync_playwright", lambda: contextlib.nullcontext(SimpleNamespace(chromium=chromium)))
    opened: Iterator[object] = browser.browser.__wrapped__()

    if found:
        assert next(opened) == "msedge"
        assert asked == ["chrome", "msedge"]
    else:
        with pytest.raises(pytest.skip.Exception, match="no Chromium, Chrome or Edge was found"):
            next(opened)


class Console:
    """A Windows console's keyboard, as `msvcrt` knows it."""

    def __init__(self, typed: str) -> None:
        self.typed = deque(typed)

    def kbhit(self) -> bool:
        return bool(self.typed)

    def getwch(self) -> str:
        return self.typed.popleft()


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("n", ["n"]),
        ("nb", ["n", "b"]),
        ("\xe0H", ["\x1b"]),
        ("\0h", ["\x1b"]),
        ("quit, and nothing of this is a command" * 250, []),
        ("", []),
    ],
    ids=["one", "two", "arrow", "F1 with Alt", "pasted", "nothing"],
)
def test_keys_on_windows(monkeypatch: pytest.MonkeyPatch, typed: str, keys: list[str]) -> None:
    """An imitation of `msvcrt`: on Windows too, an arrow isn't a letter, and a pasted text presses no key."""
    console = Console(typed)
    monkeypatch.setitem(sys.modules, "msvcrt", console)
    monkeypatch.setattr(sys, "platform", "win32")

    read = [key for _ in range(3) if (key := keyboard.read_key(0.05))]

    assert read == keys
    assert not console.typed


def test_what_was_typed_before_a_question_is_forgotten_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """An imitation of `msvcrt`: what was typed before there was a question to it isn't an answer."""
    console = Console("1\r2\r")
    monkeypatch.setitem(sys.modules, "msvcrt", console)
    monkeypatch.setattr(sys, "platform", "win32")

    keyboard.forget_typed()

    assert not console.typed


def test_a_legacy_console_gets_no_escape_sequences(monkeypatch: pytest.MonkeyPatch) -> None:
    """An imitation of the old console of Windows: the session's screen is written by rich, which knows that console."""
    monkeypatch.setenv("TERM", "xterm-256color")
    out = StringIO()
    monkeypatch.setattr(out, "isatty", lambda: True)
    terminal = Terminal(file=out)
    lines = terminal.lines_of(lambda: terminal.line("Broken", "red"))
    assert "\x1b[31m" in lines[0]
    printed: list[tuple[str, str]] = []
    monkeypatch.setattr(terminal._console, "legacy_windows", True)
    monkeypatch.setattr(
        terminal._console,
        "print",
        lambda text, end="\n", **_: printed.append((text.plain, str(text.spans[0].style) + end)),
    )

    terminal.show([*lines, *lines])

    assert printed == [("Broken", "color(1)\n"), ("Broken", "color(1)")]
    assert out.getvalue() == ""
