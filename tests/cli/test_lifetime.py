"""Killed or interrupted at any moment: nothing is lost, and no process stays behind."""

import contextlib
import os
import random
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workbook.journal import Journal
from workbook.plugin.browser import find_browser
from workbook.serving import Job
from workbook.serving.fork import ForkLauncher

from ..conftest import COURSE
from ..runners import PATIENCE, Running, Workbook, free_port, wait_until

pytestmark = pytest.mark.exhaustive(sample=6, of="file")

# The app doesn't answer for a long time, so there's time to kill the process that waits for it.
HANGING = "import time\n\ntime.sleep(60)\n"
IN_A_BROWSER = '''
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page


def test_in_a_browser(page: Page, site: Callable[[Path], str]) -> None:
    """A page is seen in a real browser."""
    page.goto(site(Path(__file__).parent / "page"))
    assert page.title() == "A page on another origin"
    Path(__file__).with_name("seen").touch()
    if Path(__file__).with_name("wait").exists():
        page.wait_for_timeout(60_000)
'''


def hanging_check(workbook: Workbook, *words: str) -> Running:
    """Return a command in the middle of a check, because the app that it started hangs."""
    main = workbook.put_into_work("01-hello") / "main.py"
    main.write_text(f"open({str(workbook.root / 'began')!r}, 'w').close()\n" + HANGING, encoding="utf-8")
    running = workbook.start(*words)
    wait_until((workbook.root / "began").exists, lambda: running.text)
    return running


@pytest.mark.parametrize(
    "words, ending, status",
    [
        ("check", signal.SIGKILL, -9),
        ("check", signal.SIGINT, 130),
        ("check --launcher spawn", signal.SIGKILL, -9),
        ("check --launcher spawn", signal.SIGTERM, 143),
        ("watch", signal.SIGKILL, -9),
        ("watch", signal.SIGINT, 0),  # how it is meant to end
    ],
)
def test_ended_in_the_middle_of_a_check(workbook: Workbook, words: str, ending: signal.Signals, status: int) -> None:
    """However a command ends in the middle of a check, its helpers and apps are gone within seconds."""
    running = hanging_check(workbook, *words.split())

    ended = running.end(ending)

    assert (ended.status, "Traceback" in ended.out) == (status, False)
    workbook.wait_until_gone()
    if ending != signal.SIGKILL:
        assert list(workbook.temporary.iterdir()) == []


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT], ids=lambda ending: ending.name)
def test_an_experiment_that_is_ended(workbook: Workbook, ending: signal.Signals) -> None:
    """An experiment that's killed or left leaves no process, records nothing, and can be tried again."""
    began = workbook.root / "began"
    main = workbook.root / "stages/02-notes/app/main.py"
    text = main.read_text(encoding="utf-8")
    main.write_text(f"open({str(began)!r}, 'w').close()\n{HANGING}\n{text}", encoding="utf-8")
    running = workbook.start("break", "02", "1", "--predict", "none")
    wait_until(began.exists, lambda: running.text)

    ended = running.end(ending)

    assert (ended.status, "Traceback" in ended.out) == ({signal.SIGKILL: -9, signal.SIGINT: 130}[ending], False)
    workbook.wait_until_gone()
    assert workbook.notes("predicted") == []
    main.write_text(text, encoding="utf-8")
    assert "That's what you predicted." in workbook("break", "02", "1", "--predict", "none").lines


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM], ids=lambda ending: ending.name)
def test_a_run_that_is_ended(workbook: Workbook, ending: signal.Signals) -> None:
    """If `run` is killed, its app ends too, and what the app stored is still there."""
    running = workbook.start("run", "02", "--port", str(free_port()))
    running.wait_for("Ctrl-C ends it.")
    (workbook.work / "data/02-notes/notes.txt").write_text("milk\n", encoding="utf-8")

    running.end(ending)

    workbook.wait_until_gone()
    assert (workbook.work / "data/02-notes/notes.txt").read_text(encoding="utf-8") == "milk\n"


def test_a_session_that_is_killed(workbook: Workbook) -> None:
    """If the session is killed, all its warm processes end too, and the next session goes on."""
    screen = workbook.screen()
    screen.wait_for("✓ A visitor is greeted by name.")
    assert len(workbook.processes()) > 1

    screen.kill(signal.SIGKILL)

    workbook.wait_until_gone()
    assert workbook().lines[3] == "Welcome back to 01-hello."


@pytest.mark.skipif(find_browser() is None, reason="no Chromium, Chrome or Edge is installed")
@pytest.mark.parametrize("words", [["check"], ["watch"]], ids=" ".join)
def test_a_browser_ends_with_the_command(workbook: Workbook, words: list[str]) -> None:
    """If `check` or `watch` is killed, its browser ends too."""
    copy = workbook.put_into_work("01-hello")
    (copy / "test_in_browser.py").write_text(IN_A_BROWSER, encoding="utf-8")
    (copy / "wait").touch()
    running = workbook.start(*words, env={"WORKBOOK_BROWSER": find_browser() or ""})
    wait_until((copy / "seen").exists, lambda: running.text)

    running.end(signal.SIGKILL)

    workbook.wait_until_gone(30)


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment(workbook: Workbook, seed: int) -> None:
    """Whenever a command is killed, the learner's code and progress are whole, and no process stays."""
    chance = random.Random(seed)
    workbook.put_into_work("01-hello")
    mine = b"# mine\n" * 1000
    (workbook.work / "01-hello/main.py").write_bytes(mine)
    shipped = workbook.root / "stages/02-notes"

    for words in (["start", "02"], ["hint", "01"], ["break", "01", "2", "--predict", "none"], ["watch"]):
        running = workbook.start(*words)
        time.sleep(chance.uniform(0.1, 1.5))  # the moment is what is tried here
        running.end(signal.SIGKILL)
    workbook.wait_until_gone()

    assert (workbook.work / "01-hello/main.py").read_bytes() == mine
    assert workbook("start", "02").status == 0
    for file in (workbook.work / "02-notes").rglob("*"):
        if file.is_file() and not file.name.endswith(".part"):
            assert file.read_bytes() == (shipped / file.relative_to(workbook.work / "02-notes")).read_bytes()
    assert {entry.kind for entry in Journal(workbook.work / "journal.sqlite").entries()} <= {
        "started",
        "hint",
        "predicted",
    }


def test_an_app_whose_owner_was_killed_before_it_read_the_answer(tmp_path: Path) -> None:
    """If an owner dies before it reads an app's message, the app ends anyway."""
    folder = tmp_path / "served"
    (folder / "data").mkdir(parents=True)
    job = Job(app=COURSE / "stages/01-hello", folder=folder, data=folder / "data", log=folder / "log")
    with contextlib.closing(ForkLauncher()) as launcher, socket.socket(socket.AF_UNIX) as owner:
        owner.connect(launcher.address)
        owner.sendall(job.to_line())
        assert select.select([owner], [], [], PATIENCE)[0], "the app did not answer"

        owner.close()

        wait_until(lambda: not folder.exists(), lambda: (folder / "log").read_text(encoding="utf-8"), 20)


# It rests as long as it wrote: SQLite isn't fair, and one of four that never rest could wait for longer than it may.
WRITER = """
import sys, time
from pathlib import Path
from workbook.journal import Journal

journal = Journal(Path(sys.argv[1]))
for number in range(100_000):
    began = time.monotonic()
    journal.record("hint", sys.argv[2], number=number, text="x" * 3000)
    print(number, flush=True)
    time.sleep(time.monotonic() - began)
"""


def test_journal_writers_killed_at_random(tmp_path: Path) -> None:
    """Writers killed at random lose nothing that they knew was written, and leave no half entry."""
    path = tmp_path / "work/journal.sqlite"
    chance = random.Random(7)
    written: dict[str, int] = {}
    running: dict[str, subprocess.Popen[str]] = {}
    for number in range(12):
        name = f"writer-{number}"
        writer = running[name] = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), name], stdout=subprocess.PIPE, text=True, env=os.environ
        )
        assert writer.stdout
        assert select.select([writer.stdout], [], [], PATIENCE)[0], f"{name} hasn't written anything"
        if len(running) == 4:
            time.sleep(chance.uniform(0.2, 0.6))  # the moment is what is tried here
            victim = chance.choice(sorted(running))
            written[victim] = end_writer(running.pop(victim))
    for name, process in running.items():
        written[name] = end_writer(process)

    entries = Journal(path).entries()

    for name, last in written.items():
        numbers = [entry.data["number"] for entry in entries if entry.step == name]
        assert numbers == list(range(len(numbers)))
        assert len(numbers) in {last + 1, last + 2}, "the last one may have been written and not yet told"
    assert {len(entry.data["text"]) for entry in entries} == {3000}
    assert min(written.values()) >= 0


def end_writer(process: subprocess.Popen[str]) -> int:
    """Kill a writer; return the last number that it reported as written, or -1."""
    process.kill()
    told, _ = process.communicate()
    whole = told.rpartition("\n")[0].split()
    return int(whole[-1]) if whole else -1
