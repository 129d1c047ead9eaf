"""One run: a fresh app in an empty folder, and its requests in order."""

import asyncio
import base64
import gc
import importlib
import json
import linecache
import logging
import mimetypes
import os
import shutil
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .asgi import Lifespan, call, reason
from .expect import broken
from .requests import BadRequest, fill, learn, parse
from .stand_ins import install

__all__ = ["install", "run", "tidy", "warm_up"]  # what worker.js calls

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
HOME = Path("/home/reader")
APP, DATA = HOME / "app", HOME / "data"


class Log:
    """Standard output and standard error, both; `take` gives what was written since the last time."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def write(self, text: str) -> int:
        self._parts.append(text)
        return len(text)

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return False

    def take(self) -> str:
        text, self._parts = "".join(self._parts), []
        return text.replace(f"{APP}/", "")


class _Before:
    """What a run may change in the interpreter, as it was before: put back at the end."""

    def __init__(self) -> None:
        self.modules = set(sys.modules)
        self.environ = os.environ.copy()
        self.filters = list(warnings.filters)
        self.loggers = set(logging.root.manager.loggerDict)
        self.converter = logging.Formatter.converter
        self.streams = sys.stdout, sys.stderr
        self.tasks = asyncio.all_tasks()

    async def put_back(self) -> None:
        await _cancel(asyncio.all_tasks() - self.tasks - {asyncio.current_task()})
        sys.stdout, sys.stderr = self.streams
        os.environ.clear()
        os.environ.update(self.environ)
        warnings.filters[:] = self.filters  # type: ignore[index]
        logging.Formatter.converter = self.converter
        self._forget_loggers()
        mimetypes.init()
        for name in set(sys.modules) - self.modules:
            if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(APP)):
                del sys.modules[name]
        for name in [name for name in linecache.cache if name.startswith(str(APP))]:
            del linecache.cache[name]  # the packages' lines stay: tracebacks of the next run need them again
        os.chdir("/")

    def _forget_loggers(self) -> None:
        known = logging.root.manager.loggerDict
        for logger in [logging.root, *(known[name] for name in set(known) - self.loggers)]:
            for handler in list(getattr(logger, "handlers", ())):
                logger.removeHandler(handler)  # type: ignore[union-attr]
                handler.close()
        for name in set(known) - self.loggers:
            del known[name]
        logging.root.setLevel(logging.WARNING)


async def _cancel(tasks: set["asyncio.Task[Any]"]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=0.5)


async def run(job_text: str, report: Callable[[str], object]) -> None:
    """Run a job: files, env and requests, as JSON. Each reply, or what went wrong, goes to `report`, as JSON too.

    A job that holds `expect` is a check of a promise: its last report is the verdict, empty if the promise is kept.
    """
    job = json.loads(job_text)
    before, log = _Before(), Log()
    sys.stdout = sys.stderr = log
    try:
        await _run(job, log, lambda **told: report(json.dumps(told)))
    except BadRequest as error:
        report(json.dumps({"problem": str(error), "file": "requests", "line": error.line, "log": log.take()}))
    except (Exception, SystemExit) as error:
        report(json.dumps({**problem(error), "log": log.take()}))
    finally:
        await before.put_back()


async def _run(job: dict[str, Any], log: Log, report: Callable[..., object]) -> None:
    requests = parse(job["requests"])
    for folder in (APP, DATA):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for name, text in job["files"].items():
        path = APP / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    os.chdir(DATA)
    os.environ.update(job["env"])
    sys.dont_write_bytecode = True
    if str(APP) not in sys.path:
        sys.path.insert(0, str(APP))
    importlib.invalidate_caches()
    app = importlib.import_module("main" if "main.py" in job["files"] else "app.main").app
    known: dict[str, str] = {}
    replies: list[dict[str, Any]] = []
    async with Lifespan(app) as state:
        started = log.take()
        for number, request in enumerate(requests):
            ready = fill(request, known)
            said: list[str] = []
            reply = await call(app, ready, state, lambda said=said: said.append(log.take()))  # type: ignore[misc]
            learn(known, reply.body)
            told: dict[str, Any] = dict(
                number=number,
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
    told = {"problem": text.replace(f"{APP}/", "")}
    return told | ({"file": Path(place[0]).relative_to(APP).as_posix(), "line": place[1]} if place else {})


def tidy() -> None:
    """Free what runs left behind, when nobody waits: it takes as long as half a run."""
    gc.collect()


def warm_up() -> None:
    """Import now what every run needs."""
    from .threads import patch

    patch()
    for name in USED_BY_MOST:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # what stays for good need not be looked at after every run
