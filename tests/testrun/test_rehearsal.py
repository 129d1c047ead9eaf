"""Tests of runs that were rehearsed: of the same tests again and again, as in the learner's loop."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbook.testrun import Check
from workbook.testrun.kept_warm import RehearsingRunner

from ..apps import HELLO, wait_until, write

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="not proven here: runs are forked on Linux alone")

ASKS = '''def test_it(client):
    """It says hello."""
    assert client.get("/").text == "hello /"
'''
ALSO = """

def test_also(fresh_app):
    assert fresh_app(NAME="a").get("/").text == "hello /"
"""


@pytest.fixture
def runner() -> Iterator[RehearsingRunner]:
    with contextlib.closing(RehearsingRunner()) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {"main.py": HELLO, "test_it.py": ASKS, "pyproject.toml": "[tool.pytest.ini_options]\n"}
    return write(tmp_path / "course", files)


def check(runner: RehearsingRunner, folder: Path) -> Check:
    found = runner.start(folder, sorted(folder.glob("test_*.py"))).result()
    assert not found.trouble, found.trouble
    return found


def test_a_rehearsed_run_tries_the_app_as_it_was_saved(runner: RehearsingRunner, folder: Path) -> None:
    """What is saved after the tests were collected is what they find, run after run."""
    outcomes = []
    for text in (HELLO, HELLO, HELLO.replace("hello", "bye"), HELLO):
        write(folder, {"main.py": text})
        outcomes.append([promise.outcome for promise in check(runner, folder).promises])

    assert outcomes == [["kept"], ["kept"], ["broken"], ["kept"]]


@pytest.mark.parametrize("name", ["test_it.py", "test_more.py", "conftest.py", "helping.py"])
def test_tests_that_were_saved_after_the_rehearsal_count(runner: RehearsingRunner, folder: Path, name: str) -> None:
    """If a test file has changed since the tests were collected, or there's another, the run is of what's there now."""
    write(folder, {"helping.py": "TEXT = 'hello /'\n"})
    uses = "import helping\n\n\ndef test_it(client):\n    assert client.get('/').text == helping.TEXT\n"
    write(folder, {"test_it.py": uses})
    assert [promise.outcome for promise in check(runner, folder).promises] == ["kept"]
    assert [promise.outcome for promise in check(runner, folder).promises] == ["kept"]

    fails = "def test_it():\n    raise AssertionError\n"
    fixture = "import pytest\n\n\n@pytest.fixture\ndef client():\n    raise AssertionError\n"
    changed = {"conftest.py": fixture, "helping.py": "TEXT = 'bye'\n"}
    write(folder, {name: changed.get(name, fails)})

    assert "broken" in {promise.outcome for promise in check(runner, folder).promises}


def test_tests_that_could_not_be_collected(runner: RehearsingRunner, folder: Path) -> None:
    """Tests that a rehearsal can't collect are tried again when they're needed, and then they may be sound."""
    check(runner, folder)
    write(folder, {"test_it.py": "def test_it(:\n"})
    assert "SyntaxError" in runner.start(folder, [folder / "test_it.py"]).result().trouble

    write(folder, {"test_it.py": ASKS})

    assert [promise.outcome for promise in check(runner, folder).promises] == ["kept"]


def test_apps_that_were_asked_for_twice_are_started_ahead(runner: RehearsingRunner, folder: Path) -> None:
    """Apps that two runs asked for are started before the third asks, with the same verdict; a broken one is a card."""
    write(folder, {"test_it.py": ASKS + ALSO})
    runs = [check(runner, folder) for _ in range(4)]
    assert [[promise.outcome for promise in found.promises] for found in runs] == [["kept", "kept"]] * 4
    assert [[env for _, env in found.served] for found in runs] == [[{}, {"NAME": "a"}]] * 4

    write(folder, {"main.py": "1 / 0\n"})
    broken = check(runner, folder)
    write(folder, {"main.py": HELLO})

    assert [promise.outcome for promise in broken.promises] == ["broken", "waiting"]
    assert "ZeroDivisionError" in str(broken.promises[0].cards)
    assert [promise.outcome for promise in check(runner, folder).promises] == ["kept", "kept"]


def test_a_run_that_is_cancelled_is_followed_by_another(runner: RehearsingRunner, folder: Path) -> None:
    """A rehearsed run can be ended at any time, and the next one is whole."""
    check(runner, folder)
    for _ in range(3):
        run = runner.start(folder, [folder / "test_it.py"])
        run.cancel()
        run.result()

    assert [promise.outcome for promise in check(runner, folder).promises] == ["kept"]


WAITS = """import time

import pytest


@pytest.mark.parametrize("number", range(3))
def test_it_waits(number):
    time.sleep(2.1 if number == 0 else 0)
    assert number == 3


@pytest.mark.parametrize("number", range(3))
def test_it_fails(number):
    assert number == 3
"""


def test_a_long_wait_in_vain_comes_once(runner: RehearsingRunner, folder: Path) -> None:
    """Of a promise that a case has failed to see after a long wait, no other case is tried; of a quick one, all are."""
    write(folder, {"test_it.py": WAITS})

    found = check(runner, folder)

    assert [promise.outcome for promise in found.promises] == ["broken", "broken"]
    assert [list(promise.cases.values()) for promise in found.promises] == [
        ["failed", "skipped", "skipped"],
        ["failed"] * 3,
    ]


def test_a_run_says_how_far_it_is(runner: RehearsingRunner, folder: Path, tmp_path: Path) -> None:
    """While a run is under way, it can say which tests have ended, and how; then its result has all of them."""
    go = tmp_path / "go"
    waits = (
        f"from pathlib import Path\n\n\ndef test_it_ends():\n    while not Path({str(go)!r}).exists():\n        pass\n"
    )
    write(folder, {"test_a.py": ASKS.replace("hello", "bye"), "test_b.py": waits})
    (folder / "test_it.py").unlink()

    run = runner.start(folder, sorted(folder.glob("test_*.py")))
    wait_until(lambda: run.so_far().tests_ended == (1, 2), "the first test never ends")
    before = [promise.outcome for promise in run.so_far().promises]
    go.touch()

    assert before == ["broken", "unknown"]
    assert [promise.outcome for promise in run.result().promises] == ["broken", "kept"]
