"""A server without sockets: it calls an ASGI app as uvicorn does, one request after the other.

Not a client library: those report when the app has returned, and here it matters when the reply was complete, which
is before the background tasks.
"""

import asyncio
import sys
import traceback
from collections.abc import Callable, MutableMapping
from http import HTTPStatus
from time import perf_counter
from typing import Any
from urllib.parse import unquote

from .requests import Ready

App = Any
Message = MutableMapping[str, Any]
PIECE = 64 * 1024
BASE = ("127.0.0.1", 8000)


class AppReply:
    """What came back: bytes, and how long they took; `ended` is when the app had returned, its tasks included."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.body = b""
        self.ms = 0.0
        self.ended_ms = 0.0

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)


def scope_of(request: Ready, state: dict[str, Any]) -> dict[str, Any]:
    path, _, query = request.target.partition("?")
    given = [(name.lower().encode(), value.encode("latin-1")) for name, value in request.headers]
    headers = given if any(name == b"host" for name, _ in given) else [(b"host", b"127.0.0.1:8000"), *given]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": BASE,
        "client": ("127.0.0.1", 50000),
        "scheme": "http",
        "method": request.method,
        "root_path": "",
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "headers": headers,
        "state": state.copy(),
    }


async def call(app: App, request: Ready, state: dict[str, Any], replied: Callable[[], None] = lambda: None) -> AppReply:
    """Send `request` to `app`; `replied` is called when the reply is complete. A crash is a 500, and in the log."""
    reply, started, complete = AppReply(), perf_counter(), asyncio.Event()
    pieces = [request.body[at : at + PIECE] for at in range(0, len(request.body), PIECE)] or [b""]
    sent = 0

    async def receive() -> Message:
        nonlocal sent
        if sent < len(pieces):
            sent += 1
            return {"type": "http.request", "body": pieces[sent - 1], "more_body": sent < len(pieces)}
        await complete.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            reply.status = message["status"]
            reply.headers = [(k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in message.get("headers", [])]
        elif message["type"] == "http.response.body" and not complete.is_set():
            if request.method != "HEAD":
                reply.body += message.get("body", b"")
            if not message.get("more_body"):
                finish()

    def finish() -> None:
        reply.ms = (perf_counter() - started) * 1000
        complete.set()
        replied()

    try:
        await app(scope_of(request, state), receive, send)
    except Exception as error:
        print(f"Exception in ASGI application\n{_told(error)}", file=sys.stderr, end="")
    if not complete.is_set():
        if not reply.status:
            reply.status, reply.body = 500, b"Internal Server Error"
            reply.headers = [("content-type", "text/plain; charset=utf-8")]
        finish()
    reply.ended_ms = (perf_counter() - started) * 1000
    return reply


def _told(error: Exception) -> str:
    """The traceback without the frames of packages: what is left is the reader's own code."""
    told = traceback.TracebackException.from_exception(error)
    own = [frame for frame in told.stack if "/lib/" not in frame.filename and "/asgi.py" not in frame.filename]
    told.stack = traceback.StackSummary.from_list(own)
    return "".join(told.format())


def reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


class StartFailed(Exception):
    """The app's lifespan raised an exception, or said that it failed."""


class Lifespan:
    """The app's start and its end, as the ASGI specification has them: `async with Lifespan(app) as state`."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.state: dict[str, Any] = {}
        self._in: asyncio.Queue[Message] = asyncio.Queue()
        self._out: asyncio.Queue[Message] = asyncio.Queue()

    async def __aenter__(self) -> dict[str, Any]:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        self._task = asyncio.ensure_future(self._run(scope))
        await self._ask("startup")
        return self.state

    async def __aexit__(self, *_: object) -> None:
        await self._ask("shutdown")

    async def _run(self, scope: dict[str, Any]) -> None:
        try:
            await self.app(scope, self._in.get, self._out.put)
        except Exception as error:
            await self._out.put({"type": "raised", "error": error})
        else:
            await self._out.put({"type": "returned"})

    async def _ask(self, what: str) -> None:
        await self._in.put({"type": f"lifespan.{what}"})
        answer = await self._out.get()
        if answer["type"].endswith(".failed"):  # said in words, and then raised: the exception knows the line
            await asyncio.wait([self._task], timeout=1)
            answer = answer if self._out.empty() else self._out.get_nowait()
        if answer["type"] == "raised":
            raise answer["error"]
        if answer["type"] == f"lifespan.{what}.failed":
            raise StartFailed(answer.get("message", "").strip())
