"""Failure cards: every way to break a promise, and what its learner reads."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from ..apps import without_marks
from .conftest import Ended, Run, shown
from .sample import DYING, MAIN, TASK, TESTS

CARDS = shown((Path(__file__).parent / "cards.txt").read_text(encoding="utf-8"))
STAGE = {
    "stages/01-notes/main.py": MAIN,
    "stages/01-notes/test_notes.py": TESTS,
    "stages/01-notes/test_dying.py": DYING,
    "stages/01-notes/tasks/1-bob/test_bob.py": TASK,
    "stages/01-notes/tasks/1-bob/hints.md": "# Hints\n",
}
NewCourse = Callable[[dict[str, str]], Path]


@pytest.fixture(scope="module")
def broken(run: Run, new_course: NewCourse) -> Ended:
    """Run a stage that doesn't keep any promise."""
    return run(new_course(STAGE), *(name for name in STAGE if "test_" in name))


@pytest.mark.parametrize("name", CARDS)
def test_a_broken_promise_has_its_card(broken: Ended, name: str) -> None:
    """For a test that fails there's a card, and none of Python's own reports."""
    assert without_marks(broken.shown[name]) == without_marks(CARDS[name])


def test_every_test_of_the_sample_has_a_card(broken: Ended) -> None:
    """Each test of the sample stage is broken and has a card."""
    names = [name for text in (TESTS, DYING, TASK) for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)]

    assert sorted({name.partition("[")[0] for name in broken.shown}) == sorted(names)
    assert broken.status == 1


def test_cards_fit_a_terminal_of_80_columns(broken: Ended) -> None:
    """No line of a card is longer than 80 columns, except what you'd copy or what the app wrote."""
    long = [line for card in broken.shown.values() for line in card.splitlines() if len(line) > 80]

    assert [line for line in long if not re.match(r" +(\w+=\$\(curl |curl |\{'type)", line)] == []


SERVED_BY_ITSELF = '''\
import pytest

from workbook.plugin.cards import exchanges_of
from workbook.plugin.client import Client
from workbook.serving import ServedApp


@pytest.fixture
def another(launcher, app_directory, tmp_path, request):
    with ServedApp(launcher, app_directory, data=tmp_path) as app, Client(app, exchanges_of(request.node)) as opened:
        yield opened


def test_a_name(another):
    """Bob is called Bob."""
    assert another.get("/me").json()["name"] == "Bob", "this isn't Bob"
'''


def test_an_app_that_a_test_serves_by_itself_has_cards_too(run: Run, new_course: NewCourse) -> None:
    """A test whose fixture serves the app in its own way, with other files for example, has a card like any other."""
    course = new_course({"stages/01-notes/main.py": MAIN, "stages/01-notes/test_another.py": SERVED_BY_ITSELF})

    (card,) = run(course, "stages/01-notes/test_another.py").shown.values()

    assert "this isn't Bob" in card
    assert "'Bob'" in card
    assert "Traceback" not in card
