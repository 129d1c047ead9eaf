"""pytest with the plugin, as a learner runs it: from anywhere, with its options, and with things missing."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ..golden import Screens
from .conftest import Run
from .sample import MAIN

NewCourse = Callable[[dict[str, str]], Path]

KEPT = '''\
import pytest


def test_name(client):
    """The name is told."""
    assert client.get("/me").json() == {"name": "Ada"}


@pytest.mark.deeper
@pytest.mark.parametrize("path", ["/me", "/posts"])
def test_paths(client, path):
    """Both paths answer."""
    assert client.get(path).status_code == 200


def test_in_a_browser(page, served):
    """A browser sees it."""
    page.goto(served.url)
'''
BROKEN = '''\
def test_name(client):
    """The name is told."""
    response = client.get("/me")
    assert response.json() == {"name": "Bob"}


def test_title(client):
    """A title is there."""
    assert "title" in client.get("/posts").json()
'''
TWO = '''\
def test_name(client):
    """The name is told."""
    assert client.get("/me").json() == {"name": "Ada"}


def test_posts(client):
    """The posts are told."""
    assert client.get("/posts").status_code == 200
'''
# A launcher with less patience than the plugin's own.
IMPATIENT = """\
import os
from dataclasses import replace

import pytest

from workbook.serving import choose_launcher


@pytest.fixture(scope="session")
def launcher():
    chosen = choose_launcher(warm=os.environ.get("WORKBOOK_WARM_APPS"))
    open_ = chosen.open
    chosen.open = lambda job: open_(replace(job, patience=4))
    yield chosen
    chosen.close()
"""
NOT_PROVEN = "not proven here: no Chromium, Chrome or Edge was found (workbook doctor says how to get one)"


def stage(tests: str, main: str = MAIN, **more: str) -> dict[str, str]:
    return {"stages/01-notes/main.py": main, "stages/01-notes/test_notes.py": tests} | more


def read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_results_are_lines_of_json(run: Run, new_course: NewCourse, tmp_path: Path) -> None:
    """--workbook-results writes what was collected and how it went; without a browser, that's “not proven”."""
    course, results = new_course(stage(KEPT)), tmp_path / "results.jsonl"

    ended = run(course, "stages/01-notes", "--workbook-results", str(results), WORKBOOK_BROWSER="none")

    assert (ended.status, ended.last_line) == (0, "3 passed, 1 skipped")
    file = str(course / "stages" / "01-notes" / "test_notes.py")
    lines = read(results)
    collected = [tuple(line.values()) for line in lines if line["event"] == "collected"]
    id_ = "stages/01-notes/test_notes.py::test_"
    assert list(lines[0]) == ["event", "test", "name", "file", "line", "promise", "deeper", "as_before"]
    assert collected == [
        ("collected", f"{id_}name", "test_name", file, 4, "The name is told.", False, False),
        ("collected", f"{id_}paths[/me]", "test_paths", file, 9, "Both paths answer.", True, False),
        ("collected", f"{id_}paths[/posts]", "test_paths", file, 9, "Both paths answer.", True, False),
        ("collected", f"{id_}in_a_browser", "test_in_a_browser", file, 16, "A browser sees it.", False, False),
    ]
    assert all(line.pop("seconds") >= 0 for line in lines if line["event"] == "passed")
    assert lines[-1].pop("cpu") > 0
    assert lines[4:] == [
        {"event": "passed", "test": f"{id_}name"},
        {"event": "passed", "test": f"{id_}paths[/me]"},
        {"event": "passed", "test": f"{id_}paths[/posts]"},
        {"event": "skipped", "test": f"{id_}in_a_browser", "reason": NOT_PROVEN},
        {"event": "finished", "status": 0},
    ]


def test_results_hold_the_cards(run: Run, new_course: NewCourse, tmp_path: Path) -> None:
    """A broken promise's line has the parts of its card; promises that wait for the same cause say so."""
    results = tmp_path / "results.jsonl"

    ended = run(new_course(stage(TWO, "app = FastAPI(")), "stages/01-notes", "--workbook-results", str(results))

    assert (ended.status, ended.last_line) == (1, "2 errors")
    first, second = (line for line in read(results) if line["event"] == "failed")
    card = first["card"]
    assert (card["test"], card["promise"]) == ("test_name", "The name is told.")
    assert [label for label, _ in card["sections"]] == ["Not served", "Then"]
    assert card["cause"].startswith("The app has a syntax error:")
    assert second["card"]["cause"] == card["cause"]
    last = read(results)[-1]
    assert (last["event"], last["status"]) == ("finished", 1)


def test_tests_that_cannot_be_collected_are_told(run: Run, new_course: NewCourse, tmp_path: Path) -> None:
    """A test file that can't be read has a line in the results."""
    results = tmp_path / "results.jsonl"

    run(new_course(stage("def test_name(\n")), "stages/01-notes", "--workbook-results", str(results))

    (line,) = (line for line in read(results) if line["event"] == "not-collected")
    assert line["test"] == "stages/01-notes/test_notes.py"
    assert "SyntaxError: '(' was never closed" in line["text"]


def test_no_skips_fails_a_run_that_skips(run: Run, new_course: NewCourse) -> None:
    """With --no-skips, a skipped test is counted and fails the run."""
    ended = run(new_course(stage(KEPT)), "stages/01-notes", "--no-skips", WORKBOOK_BROWSER="none")

    assert ended.status == 1
    assert "1 skipped, and --no-skips was given" in ended.out.splitlines()
    assert ended.last_line == "3 passed, 1 skipped"


def test_tracebacks_are_shown_on_demand(run: Run, new_course: NewCourse) -> None:
    """--tracebacks shows Python's own report instead of a card."""
    report = run(new_course(stage(BROKEN)), "stages/01-notes", "--tracebacks").shown["test_name"]

    assert "BROKEN" not in report
    assert ">       assert response.json() == {" in report
    assert "AssertionError" in report


def test_several_processes_work(run: Run, new_course: NewCourse) -> None:
    """With pytest-xdist's `-n 2`, tests pass, fail and show their cards as in one process."""
    files = stage(BROKEN) | {"stages/02-more/main.py": MAIN, "stages/02-more/test_more.py": TWO}

    ended = run(new_course(files), "stages", "-n", "2")

    assert (ended.status, ended.last_line) == (1, "2 failed, 2 passed")
    assert sorted(ended.shown) == ["test_name", "test_title"]
    assert all(f"BROKEN  {promise}" in ended.out for promise in ("The name is told.", "A title is there."))


@pytest.mark.parametrize(
    "folder, arguments",
    [(".", ["stages/01-notes", "--no-skips"]), ("stages/01-notes", []), ("stages/01-notes", ["test_notes.py"])],
    ids=["from the root", "from the stage", "from the stage, its file"],
)
def test_it_runs_from_anywhere(run: Run, new_course: NewCourse, folder: str, arguments: list[str]) -> None:
    """Tests run from the course's root and from inside the stage, even below a path with spaces."""
    course = new_course(stage(TWO))

    ended = run(course / folder, *arguments)

    assert (ended.status, ended.last_line) == (0, "2 passed")
    assert sorted(path.name for path in (course / "stages" / "01-notes").iterdir() if path.is_file()) == [
        "main.py",
        "test_notes.py",
    ]


@pytest.mark.parametrize("launcher", ["fork", "spawn"] if sys.platform == "linux" else ["spawn"])
def test_an_app_that_does_not_start_has_one_card(
    run: Run, new_course: NewCourse, launcher: str, screens: Screens
) -> None:
    """An app that can't be served has one card, and every other test of its module waits for that."""
    ended = run(new_course(stage(TWO, "app = FastAPI(")), "stages/01-notes", "--launcher", launcher)

    assert list(ended.shown) == ["test_name", "test_posts"]
    screens("card-syntax-error", "\n\n".join(ended.shown.values()))
    assert (ended.status, ended.last_line) == (1, "2 errors")


def test_a_fresh_app_that_does_not_start_tells_its_variables(run: Run, new_course: NewCourse, screens: Screens) -> None:
    """If certain variables keep an app from starting, its card shows them."""
    main = "import os\n\nif os.environ.get('MODE') == 'production':\n    raise RuntimeError('no key')\n"
    tests = 'def test_production(fresh_app):\n    """It starts in production."""\n    fresh_app(MODE="production")\n'

    ended = run(new_course(stage(tests, main + MAIN)), "stages/01-notes")

    screens("card-fresh-app", ended.shown["test_production"])


def test_a_stage_without_its_app_is_told(run: Run, new_course: NewCourse, screens: Screens) -> None:
    """A folder without main.py gets the same kind of card as an app that doesn't start."""
    ended = run(new_course({"stages/01-notes/test_notes.py": TWO}), "stages/01-notes")

    screens("card-no-app", ended.shown["test_name"])
    assert ended.last_line == "2 errors"


def test_an_app_that_hangs_is_waited_for_once(run: Run, new_course: NewCourse, screens: Screens) -> None:
    """The next module doesn't try an app that hangs again; its tests wait for the first card's cause."""
    hangs = "import time\n\nopen(__file__ + '.tried', 'a').write('x')\ntime.sleep(99)\n"
    files = stage(TWO, hangs) | {"stages/01-notes/test_more.py": TWO, "stages/01-notes/conftest.py": IMPATIENT}
    course = new_course(files)

    ended = run(course, "stages/01-notes")

    assert ended.last_line == "4 errors"
    (card,) = re.findall(r"^BROKEN .*?^ +Then [^\n]*$", ended.out, re.MULTILINE | re.DOTALL)
    screens("card-app-hangs", card)
    assert re.findall(r"^(BROKEN|WAITS) +The name is told\.$", ended.out, re.MULTILINE) == ["BROKEN", "WAITS"]
    assert (course / "stages" / "01-notes" / "main.py.tried").read_text() == "x"


def test_a_start_up_of_fastapi_that_hangs_is_told(run: Run, new_course: NewCourse, screens: Screens) -> None:
    """If a FastAPI app's lifespan waits forever, the card shows the line that it's waiting at."""
    lifespan = """\
import asyncio
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI


@asynccontextmanager
async def connected(app):
    await asyncio.Event().wait()
    yield


app = FastAPI()
app.include_router(APIRouter(lifespan=connected))
"""
    files = stage(TWO, lifespan) | {"stages/01-notes/conftest.py": IMPATIENT}

    ended = run(new_course(files), "stages/01-notes")

    screens("card-start-up-hangs", ended.shown["test_name"])


def test_a_mistake_of_the_author_stays_pythons(run: Run, new_course: NewCourse) -> None:
    """If a test asks for an unknown fixture, pytest reports it as usual."""
    ended = run(new_course(stage("def test_name(client, clint):\n    pass\n")), "stages/01-notes")

    assert "fixture 'clint' not found" in ended.shown["test_name"]
