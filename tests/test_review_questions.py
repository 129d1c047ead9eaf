"""The answers to the questions across stages, tried on apps that are put together as they say."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from workbook.course.changes import Edit, scratch_copy
from workbook.course.model import Course
from workbook.course.questions import read_across
from workbook.plugin.client import Client
from workbook.serving import Launcher, ServedApp

from .apps import wait_until

COURSE = Course.find(Path(__file__).parent.parent)
FIRST = "    middleware=[  # the outermost first\n"
LAST = "        Middleware(HeadMiddleware),\n"
IMPORTS = "from fastapi.middleware import Middleware\n"
CRASHES = """
from starlette.middleware.errors import ServerErrorMiddleware


async def failure(request: Request, exc: Exception) -> Response:
    return JSONResponse({"success": False}, status_code=500)
"""
HANDLERS = """
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as AnyHTTPException


@app.exception_handler(AnyHTTPException)
@app.exception_handler(RequestValidationError)
async def one_shape(request, exc):
    return JSONResponse({"success": False}, status_code=getattr(exc, "status_code", 422))
"""


@contextmanager
def changed(launcher: Launcher, name: str, *edits: tuple[str, str], more: str = "", **env: str) -> Iterator[Client]:
    """Serve a stage with texts of its main module replaced, and lines behind it."""
    step = COURSE.step(name)
    file = "app/main.py" if (COURSE.folder(step) / "app").is_dir() else "main.py"
    with scratch_copy(COURSE.folder(step), tuple(Edit(file, find, replace) for find, replace in edits)) as copy:
        with (copy / file).open("a", encoding="utf-8") as main:
            main.write(more)
        with ServedApp(launcher, copy, env={"API_KEY": "key", **env}) as app, Client(app, []) as client:
            yield client


def test_every_question_is_about_steps_of_the_course() -> None:
    """Each names stages that there are, in their order, and no two share a title."""
    names = [step.name for step in COURSE.steps]
    questions = read_across(COURSE.root)

    assert questions
    assert all(question.about == sorted(question.about, key=names.index) for question in questions)
    titles = [question.title for question in questions]
    titles += [experiment.title for step in COURSE.steps for experiment in COURSE.experiments(step)]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("before, is_marked", [(FIRST, False), (LAST, True)], ids=["outside", "inside"])
def test_a_guard_is_marked_by_what_is_outside_it(launcher: Launcher, before: str, is_marked: bool) -> None:
    """A refusal has a request id only behind the layer that gives it, and a line only behind the log."""
    guard = (
        "class Guard:\n    def __init__(self, app): self.app = app\n"
        "    async def __call__(self, scope, receive, send):\n"
        "        if scope['type'] == 'http':\n"
        "            return await JSONResponse({}, 403)(scope, receive, send)\n"
        "        await self.app(scope, receive, send)\n\n\napp = FastAPI(\n"
    )
    edits = ("app = FastAPI(\n", guard), (before, f"{before}        Middleware(Guard),\n")
    with changed(launcher, "02", *edits) as client:
        response = client.get("/health")

        assert response.status_code == 403
        if is_marked:  # the app's log is read beside the response
            wait_until(lambda: "asgi GET /health 403" in client.app.log, lambda: client.app.log)
        assert ("x-request-id" in response.headers, "asgi GET /health 403" in client.app.log) == (is_marked, is_marked)


def test_cors_behind_the_key_answers_no_preflight(launcher: Launcher) -> None:
    """Innermost, CORSMiddleware never sees the preflight, because the guard refuses it."""
    cors = 'Middleware(CORSMiddleware, allow_origins=["https://a.example"], allow_headers=["X-API-Key"]),\n'
    edits = (
        (IMPORTS, f"{IMPORTS}from fastapi.middleware.cors import CORSMiddleware\n"),
        (LAST, f"{LAST}        {cors}"),
    )
    asks = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    with changed(launcher, "02", *edits) as client:
        asks["Access-Control-Request-Headers"] = "X-API-Key"
        assert client.request("OPTIONS", "/health", headers=asks).status_code == 200
        refused = client.request("OPTIONS", "/internal/stats", headers=asks)

    assert (refused.status_code, "access-control-allow-origin" in refused.headers) == (401, False)


def test_the_pure_log_waits_for_the_task(launcher: Launcher) -> None:
    """A background task counts for the pure ASGI log, and not for the function with `call_next`."""
    route = """

@app.get("/later")
async def later(background_tasks: BackgroundTasks):
    background_tasks.add_task(asyncio.sleep, 0.5)
    return {}
"""
    with changed(launcher, "02", ("import FastAPI,", "import BackgroundTasks, FastAPI,"), more=route) as client:
        client.get("/later")
        wait_until(lambda: "asgi GET /later" in client.app.log, lambda: client.app.log)

        took = {line.split()[0]: line.split()[4] for line in client.app.log.splitlines() if " /later 200 " in line}
        assert int(took["asgi"].removesuffix("ms")) >= 490
        assert int(took["simple"].removesuffix("ms")) < 400


@pytest.mark.parametrize("before, is_marked", [(FIRST, False), (LAST, True)], ids=["first", "last"])
def test_a_crash_is_marked_by_what_is_outside(launcher: Launcher, before: str, is_marked: bool) -> None:
    """The 500 has a request id only if it's made behind the layer that gives it."""
    entry = f"{before}        Middleware(ServerErrorMiddleware, handler=failure),\n"
    with changed(launcher, "02", (IMPORTS, IMPORTS + CRASHES), (before, entry)) as client:
        response = client.get("/crash")

    assert (response.status_code, response.json()) == (500, {"success": False})
    assert ("x-request-id" in response.headers) == is_marked


def test_a_task_that_crashes_comes_too_late(launcher: Launcher) -> None:
    """The client has its 201 already."""
    route = (
        CRASHES
        + """

def fail():
    raise RuntimeError("a bug")


@app.post("/later", status_code=201)
def later(background_tasks: BackgroundTasks) -> None:
    background_tasks.add_task(fail)


app.add_middleware(ServerErrorMiddleware, handler=failure)
"""
    )
    with changed(launcher, "03", more=route) as client:
        assert client.post("/later").status_code == 201
        wait_until(lambda: "RuntimeError: a bug" in client.app.log, lambda: client.app.log)


def test_handlers_do_not_shape_a_limit(launcher: Launcher) -> None:
    """An announced length that's too large is refused in plain text, whatever handlers there are."""
    with changed(launcher, "04", more=HANDLERS, TOKENS='{"t": "ada"}') as client:
        headers = {"Authorization": "Bearer t", "Content-Type": "multipart/form-data; boundary=x"}
        refused = client.post("/uploads/image", content=b"x" * 8 * 1024 * 1024, headers=headers)
        shaped = client.post("/uploads/image", headers=headers, content=b"--x--")

    assert (refused.status_code, refused.headers["content-type"].partition(";")[0]) == (413, "text/plain")
    assert shaped.json() == {"success": False}


def test_a_text_for_a_number_is_a_422(launcher: Launcher) -> None:
    """Stage 05 refuses it before any query; it's the handler for validation that answers."""
    with changed(launcher, "05", SECRET_KEY="a-key-for-tests-and-for-nothing-else") as client:
        assert client.get("/posts/first").status_code == 422
