"""The page's Python beside uvicorn: the same responses, the same promises kept and broken, and blocking that blocks."""

from collections.abc import Callable
from typing import Any

import pytest

from workbook.course.changes import Experiment, apply_edits, scratch_copy
from workbook.course.model import Step
from workbook.playground import examples
from workbook.playground.examples import app_files
from workbook.serving import Launcher

from .beside import COURSE, EXAMPLES, EXPERIMENTS, STAGES, comparable

WASM_PAGE = 64 * 1024
Run = Callable[[dict[str, Any]], list[dict[str, Any]]]
BLOCKING = """
import asyncio, time
from fastapi import FastAPI
app = FastAPI()

async def count(seen):
    while True:
        await asyncio.sleep(0.01)
        seen.append(1)

@app.get("/{way}")
async def wait(way: str):
    counting = asyncio.create_task(count(seen := []))
    await asyncio.sleep(0)
    time.sleep(0.3) if way == "blocks" else await asyncio.sleep(0.3)
    counting.cancel()
    return len(seen) > 5
"""


def names(one: object) -> str:
    return one.name if isinstance(one, Step) else str(one) if isinstance(one, int) else ""


def job(text: str, requests: str = "GET /", **env: str) -> dict[str, Any]:
    return {"files": {"main.py": text}, "env": env, "needs": [], "requests": requests}


@pytest.mark.parametrize("step", STAGES, ids=names)
def test_responses_are_uvicorns(
    step: Step, run: Run, launcher: Launcher, by_uvicorn: Callable[[Step, Launcher], list[dict[str, Any]]]
) -> None:
    """Every request of every stage gets the same status, headers and body in the page as from uvicorn."""
    example = EXAMPLES[step.name]
    here = run(examples.job(COURSE, step, example))
    there = by_uvicorn(step, launcher)

    assert [one.get("problem") for one in here] == [None] * len(there)
    assert [comparable(reply) for reply in here] == [comparable(reply) for reply in there]


@pytest.mark.parametrize("step", STAGES, ids=names)
def test_promises_are_kept_in_the_page(step: Step, run: Run) -> None:
    """In the page, the original stage keeps every promise that the page checks."""
    example = EXAMPLES[step.name]
    for check in example.check:
        wanted = {"requests": check.requests, "expect": examples.expectations(check)}
        told = run(examples.job(COURSE, step, example) | wanted)
        assert told[-1] == {"verdict": ""}, check.promise


@pytest.mark.exhaustive(sample=4, at_most=10)
@pytest.mark.parametrize("step, number, experiment", EXPERIMENTS, ids=names)
def test_an_experiment_breaks_the_same_in_the_page(step: Step, number: int, experiment: Experiment, run: Run) -> None:
    """An experiment turns the same checks red in the page as its tests do on a machine."""
    example = EXAMPLES[step.name]
    with scratch_copy(COURSE.folder(step)) as copy:
        apply_edits(experiment.edits, copy)
        files = app_files(copy)
    red = set()
    for check in example.check:
        wanted = {"files": files, "requests": check.requests, "expect": examples.expectations(check)}
        last = run(examples.job(COURSE, step, example) | wanted)[-1]
        if last.get("problem") or last["verdict"]:
            red.add(check.promise)

    assert red == {check.promise for check in example.check} & experiment.red


def test_sleep_blocks_as_on_a_server(run: Run) -> None:
    """`time.sleep` in `async def` stops every other request, but `await asyncio.sleep` doesn't."""
    told = run(job(BLOCKING, "GET /blocks\n\n###\nGET /awaits"))

    assert [reply["body"] for reply in told] == ["false", "true"]


def test_tasks_come_after_the_response(run: Run) -> None:
    """A background task runs after the response is complete, even a `def` one, and its log is shown apart."""
    text = (
        "import time\nfrom fastapi import BackgroundTasks, FastAPI\napp = FastAPI()\n"
        "def work():\n    time.sleep(0.2)\n    print('worked')\n"
        "@app.get('/')\ndef answer(tasks: BackgroundTasks):\n    print('asked')\n    tasks.add_task(work)\n"
    )
    (reply,) = run(job(text))

    assert (reply["status"], reply["log"], reply["log_after"]) == (200, "asked\n", "worked\n")
    assert reply["after_ms"] > 190 > 0.5 * reply["ms"]


@pytest.mark.parametrize(
    "text, line, says",
    [
        ("from fastapi import FastAPI\napp = FastAPI(\n", 2, "SyntaxError"),
        ("import nothing_of_this_name\n", 1, "'nothing_of_this_name'. This page has"),
        ("x = 1\ny = x / 0\n", 2, "ZeroDivisionError"),
        ("x = 1\n", None, "a variable called app is missing"),
        ("raise SystemExit('enough')\n", 1, "enough"),
        ("from fastapi import FastAPI\nasync def start(app):\n    raise OSError('no disk')\n    yield\n"
         "app = FastAPI(lifespan=start)\n", 3, "no disk"),
    ],
    ids=["syntax", "import", "division", "no app", "exit", "lifespan"],
)  # fmt: skip
def test_an_error_names_the_readers_line(run: Run, text: str, line: int | None, says: str) -> None:
    """An error in the reader's code is shown with its file and line."""
    (told,) = run(job(text))

    assert says in told["problem"]
    assert (told.get("file"), told.get("line")) == (("main.py", line) if line else (None, None))


def test_a_crash_names_the_readers_line_alone(run: Run) -> None:
    """A route's traceback shows only the reader's code, not the packages'."""
    text = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\ndef crash():\n    return 1 / 0\n"
    (reply,) = run(job(text))

    assert reply["status"] == 500
    assert 'File "main.py", line 5, in crash' in reply["log_after"]
    assert "site-packages" not in reply["log_after"]


def test_runs_do_not_see_one_another(run: Run) -> None:
    """A run starts with an empty folder, its own settings, and no loggers or modules of the run before."""
    text = (
        "import logging, os, sys, warnings\nfrom pathlib import Path\nfrom fastapi import FastAPI\napp = FastAPI()\n"
        "found = [os.listdir(), os.environ.get('KEY'), logging.root.handlers, len(warnings.filters)]\n"
        "found.append('other' in sys.modules)\n"
        "logging.basicConfig(level=10)\nwarnings.simplefilter('error')\nPath('left.txt').touch()\nimport other\n"
        "@app.get('/')\ndef tell():\n    return found\n"
    )
    both = job(text, KEY="first") | {"files": {"main.py": text, "other.py": "x = 1\n"}}
    first, second = run(both)[0], run(both | {"env": {}})[0]

    assert first["body"].replace('"first"', "null") == second["body"]


def test_memory_does_not_grow(run: Run, tab: Any) -> None:
    """After 50 runs, Python uses at most 1.2 times the memory that it used after 5."""
    step = STAGES[-1]
    whole = examples.job(COURSE, step, EXAMPLES[step.name])
    sizes = []
    for number in range(1, 51):
        assert all("problem" not in told for told in run(whole))
        if number in (5, 50):
            sizes.append(tab.evaluate("import('/assets/playground/python.js').then((python) => python.memory())"))

    assert sizes[1] <= 1.2 * sizes[0] + WASM_PAGE, sizes  # it grows by a fifth at a time, rounded up to a page
