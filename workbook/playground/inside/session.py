"""One run: a fresh app in an empty folder, and its requests in order."""

import base64
import builtins
import importlib
import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from . import shims
from .asgi import Lifespan, call, reason
from .expect import broken
from .requests import BadRequest, Request, fill, learn, parse
from .state import APP, DATA, Before, Log, settle, tidy

__all__ = ["cell_job", "hand", "install", "prepare", "run_job", "test_job", "tidy", "warm_up"]  # what worker.js calls

USED_BY_MOST = (
    "email_validator",
    "fastapi.middleware.cors",
    "fastapi.responses",
    "fastapi.security",
    "fastapi.staticfiles",
    "pydantic_settings",
    "python_multipart",
    "starlette.middleware.base",
)
ENDS = (Exception, SystemExit, KeyboardInterrupt)  # what may come out of the reader's code
NOT_HERE = "This page has FastAPI and what this stage needs, and no other package."
Job = dict[str, Any]


class Imported:
    """The app of a job, imported in an empty folder but not started yet, and what went wrong with that."""

    def __init__(self, job: Job) -> None:
        self.job, self.before, self.log = job, Before(), Log()
        self.app: Any = None
        self.error: BaseException | None = None
        sys.stdout = sys.stderr = self.log
        try:
            self._import()
        except ENDS as error:
            self.error = error

    def _import(self) -> None:
        for folder in (APP, DATA):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        for name, text in self.job["files"].items():
            path = APP / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        os.chdir(DATA)
        os.environ.update(self.job["env"])
        sys.dont_write_bytecode = True
        if str(APP) not in sys.path:
            sys.path.insert(0, str(APP))
        importlib.invalidate_caches()
        self.app = importlib.import_module("main" if "main.py" in self.job["files"] else "app.main").app

    def is_of(self, job: Job) -> bool:
        return all(self.job[part] == job[part] for part in ("files", "env"))


_imported: Imported | None = None


async def _forget() -> None:
    global _imported
    if _imported is not None:
        imported, _imported = _imported, None
        await imported.before.put_back()


async def prepare(job_text: str) -> None:
    """Import the app of a job ahead, while the reader isn't waiting, so that a run begins with its start."""
    await _import(json.loads(job_text))


async def _import(job: Job) -> Imported:
    global _imported
    if _imported is None or not _imported.is_of(job):
        await _forget()
        _close_notebook()
        _imported = Imported(job)
    return _imported


async def run_job(job_text: str, report: Callable[[str], object]) -> None:
    """Run a job: files, env and requests, as JSON. Each response or error goes to `report`, as JSON too.

    Before a request is sent, `{"asking": …}` names it.
    A job that holds `expect` is a check of a promise: its last report is the verdict, empty if the promise is kept.
    """
    job = json.loads(job_text)
    imported = await _import(job)
    log = imported.log
    try:
        requests = parse(job["requests"])
        if imported.error:
            raise imported.error
        await _run(imported.app, requests, job, log, lambda **told: report(json.dumps(told)))
    except BadRequest as error:
        report(json.dumps({"problem": str(error), "file": "requests", "line": error.line, "log": log.take()}))
    except ENDS as error:
        report(json.dumps({**problem(error), "log": log.take()}))
    finally:
        await _forget()


async def test_job(job_text: str, report: Callable[[str], object]) -> None:
    """Run tests against the app of a job: what testing/session.py describes. Each event goes to `report`, as JSON."""
    from .testing.session import run_tests_of  # late: it's loaded with the first task

    await _forget()
    _close_notebook()
    before = Before()
    try:
        run_tests_of(job_text, report)
    finally:
        await before.put_back()


async def cell_job(job_text: str, report: Callable[[str], object]) -> None:
    """Run a cell of a notebook: what testing/notebook.py describes."""
    from .testing.notebook import run_cell_of  # late, as above

    await _forget()
    run_cell_of(job_text, report)


def _close_notebook() -> None:
    if module := sys.modules.get(f"{__package__}.testing.notebook"):
        module.close_notebook()


def hand(job_text: str) -> str:
    """Return a project's files as a zip, or a zip's files, as testing/handing.py describes it."""
    from .testing.handing import hand as pack_or_unpack  # late, as above

    return pack_or_unpack(job_text)


async def _run(app: Any, requests: list[Request], job: Job, log: Log, report: Callable[..., object]) -> None:
    known: dict[str, str] = {}
    replies: list[dict[str, Any]] = []
    async with Lifespan(app) as state:
        started = log.take()
        for number, request in enumerate(requests):
            ready = fill(request, known)
            said: list[str] = []
            report(asking=f"{ready.method} {ready.target}")
            reply = await call(app, ready, state, lambda said=said: said.append(log.take()))  # type: ignore[misc]
            learn(known, reply.body)
            told: dict[str, Any] = dict(
                number=number,
                title=request.title,
                sent=ready.headers,
                method=ready.method,
                target=ready.target,
                status=reply.status,
                reason=reason(reply.status),
                headers=reply.headers,
                **_readable(reply.body),
                ms=reply.ms,
                after_ms=reply.ended_ms - reply.ms,
                log=started + "".join(said),
                log_after=log.take(),
            )
            body = reply.body.decode("utf-8", "replace")
            replies.append(told | {"body": body, "log": told["log"] + told["log_after"]})
            report(**told)
            started = ""
        if "expect" in job:
            report(verdict=next(filter(None, (broken(one, replies) for one in job["expect"])), ""))


def _readable(body: bytes) -> dict[str, str]:
    try:
        return {"body": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"body": "", "base64": base64.b64encode(body).decode()}


def problem(error: BaseException) -> dict[str, Any]:
    """What went wrong, and where in the reader's own files: the file and the line, if it was there."""
    text = "".join(traceback.format_exception_only(error)).strip()
    place: tuple[str, int] | None = None
    if isinstance(error, SyntaxError) and str(error.filename).startswith(str(APP)):
        place, text = (str(error.filename), error.lineno or 1), f"{type(error).__name__}: {error.msg}"
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename.startswith(str(APP)):
                place = frame.filename, frame.lineno or 1
    if isinstance(error, AttributeError) and place is None:
        text = "This code makes no app: a variable called app is missing."
    if isinstance(error, ModuleNotFoundError):
        text = f"{text}. {NOT_HERE}"
    told = {"problem": text.replace(f"{APP}/", "")}
    return told | ({"file": Path(place[0]).relative_to(APP).as_posix(), "line": place[1]} if place else {})


async def install(needs: Iterable[str]) -> None:
    """Put in place what stands for packages that no browser runs, and import what an example needs."""
    await _forget()
    shims.install_shims(needs)
    settle()


def warm_up() -> None:
    """Import now what every run needs."""
    from .threads import patch

    patch()
    shims.refuse_connections()
    builtins.input = shims.refuse_input
    for name in USED_BY_MOST:
        importlib.import_module(name)
    settle()
