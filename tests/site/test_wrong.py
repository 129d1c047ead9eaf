"""What the internet gets wrong: complete, short, and each cure names a test that exists."""

import ast
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from workbook.plugin.client import Client
from workbook.serving import ServedApp, choose_launcher

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "wrong.md").read_text(encoding="utf-8")
STAGES = ["CORS", "Middleware", "Background tasks", "File uploads", "Routers", "Errors"]
MYTHS = 33
APP = """
import threading
from fastapi import BackgroundTasks, FastAPI
from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask

app = FastAPI()
go_on = threading.Event()


@app.get("/own")
def own(tasks: BackgroundTasks):
    tasks.add_task(print, "TASK added", flush=True)
    return JSONResponse({}, background=BackgroundTask(print, "TASK of the response", flush=True))


@app.get("/added")
def added(tasks: BackgroundTasks):
    tasks.add_task(print, "TASK added alone", flush=True)
    return JSONResponse({})


@app.get("/hold")
async def hold(tasks: BackgroundTasks):
    tasks.add_task(go_on.wait, 30)


@app.get("/release")
async def release():
    go_on.set()


@app.get("/ping")
def ping():
    return "pong"
"""


def entries() -> dict[str, str]:
    """Return each claim's heading and what's below it."""
    parts = re.split(r"^#{2,3} (.+)$", PAGE, flags=re.MULTILINE)[1:]
    titles = re.findall(r"^### (.+)$", PAGE, flags=re.MULTILINE)
    below = dict(zip(parts[::2], parts[1::2], strict=True))
    return {title: below[title] for title in titles}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """Return a client of an app that does what the page describes."""
    (tmp_path / "main.py").write_text(APP, encoding="utf-8")
    app = ServedApp(choose_launcher("spawn"), tmp_path, env={})
    with Client(app, []) as opened:
        yield opened
    app.stop()


def test_all_are_there() -> None:
    """The page has all 33, each under a separate heading, below the stage that it belongs to."""
    assert len(entries()) == MYTHS
    headings = re.findall(r"^## (.+)$", PAGE, flags=re.MULTILINE)
    assert headings[: len(STAGES)] == STAGES


@pytest.mark.parametrize("title", entries())
def test_each_is_claim_evidence_cure_and_proof(title: str) -> None:
    """Each has Said, Seen and Cure in at most 90 words, and then names an existing test as its proof."""
    told, _, proof = entries()[title].partition("\nProof: ")
    assert re.findall(r"^- \*(\w+):\*", told, re.MULTILINE) == ["Said", "Seen", "Cure"]
    assert len(re.sub(r"[`*#-]+", " ", told).split()) <= 90
    named = re.findall(r"`([^`]+)`", proof.split("\n\n")[0])
    assert named
    for name in named:
        file, _, function = name.partition("::")
        functions = {
            node.name
            for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8")))
            if isinstance(node, ast.FunctionDef)
        }
        assert function in functions, name


def test_a_response_with_its_own_task_drops_the_added_ones(client: Client) -> None:
    """If a response has its own task, FastAPI doesn't run the added ones."""
    client.get("/own")
    client.get("/added")
    deadline = time.monotonic() + 10
    while "TASK added alone" not in client.app.log and time.monotonic() < deadline:
        time.sleep(0.01)
    tasks = [line for line in client.app.log.splitlines() if line.startswith("TASK")]
    assert tasks == ["TASK of the response", "TASK added alone"]


def test_forty_tasks_hold_all_threads(client: Client) -> None:
    """While forty `def` tasks run, a `def` route doesn't respond; when they end, it does."""
    for _ in range(39):
        client.get("/hold")
    assert client.get("/ping").json() == "pong"
    client.get("/hold")
    with pytest.raises(httpx.ReadTimeout):
        client.get("/ping", timeout=1)
    client.get("/release")
    assert client.get("/ping").json() == "pong"
