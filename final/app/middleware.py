"""What stands around every request, as pure ASGI: its log, its headers, the answer to a crash, the API key, HEAD."""

import logging
import re
import secrets
from time import perf_counter
from uuid import uuid4

from fastapi import Response
from fastapi.middleware.cors import CORSMiddleware as PlainCORSMiddleware
from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .config import request_id
from .errors import error_response

access_log = logging.getLogger("blog.access")
crash_log = logging.getLogger("blog.crash")
PLAIN_ERRORS = {400, 413, 416}  # a malformed Range, a body over the limit, a Range that is past the end
# As ASGI has headers: a list of pairs of bytes. They are added to every reply, so nothing is looked up or encoded then.
SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
]


class RequestLogMiddleware:
    """Names each request, times it, and writes its line when the last byte has gone out."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started, status, written = perf_counter(), 0, False
        given = Headers(scope=scope).get("x-request-id", "")
        name = given if re.fullmatch(r"[\w-]{1,64}", given, re.ASCII) else uuid4().hex
        request_id.set(name)

        def write_line() -> None:
            nonlocal written
            written = True
            ms = (perf_counter() - started) * 1000
            path = scope["raw_path"].decode("ascii", "backslashreplace")  # escaped, and without the query
            client = scope["client"][0] if scope["client"] else "-"
            access_log.info("%s %s %s %.0fms %s", scope["method"], path, status or "-", ms, client)

        async def watched_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                ms = (perf_counter() - started) * 1000
                mine = [(b"x-request-id", name.encode()), (b"x-process-time", b"%.2fms" % ms)]
                message["headers"] = [*message["headers"], *mine]
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                write_line()

        try:
            await self.app(scope, receive, watched_send)
        finally:
            if not written:  # the client hung up, or the app crashed in the middle of the reply
                write_line()


class SecurityHeadersMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marking_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *SECURITY_HEADERS]
            await send(message)

        await self.app(scope, receive, marking_send)


class CORSMiddleware(PlainCORSMiddleware):
    """Refuses a preflight in the common shape; Starlette's own refusal is plain text."""

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        kept = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        return error_response(response.status_code, bytes(response.body).decode(), headers=kept)


class CrashMiddleware:
    """Answers where nothing inside could: a bug becomes a 500, a plain error of Starlette's takes the common shape."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started = replaced = False

        async def replacing_send(message: Message) -> None:
            nonlocal started, replaced
            if message["type"] == "http.response.start":
                started = True
                headers = Headers(raw=message["headers"])
                plain = headers.get("content-type", "").startswith("text/plain")
                replaced = message["status"] in PLAIN_ERRORS and plain
                if replaced:
                    kept = {"Content-Range": headers["content-range"]} if "content-range" in headers else {}
                    await error_response(message["status"], headers=kept)(scope, receive, send)
            if not replaced:
                await send(message)

        try:
            await self.app(scope, receive, replacing_send)
        except ClientDisconnect:
            pass  # nobody is left to answer
        except Exception:
            if started:
                raise  # half of the reply is out: closing the connection is the only honest end
            crash_log.exception("%s %r crashed", scope["method"], scope["path"])
            await error_response(500)(scope, receive, send)


class ApiKeyMiddleware:
    """Refuses requests below `prefix` that do not carry the key, WebSockets too. Without a key nobody enters."""

    def __init__(self, app: ASGIApp, prefix: str, key: str) -> None:
        self.app, self.prefix, self.key = app, prefix, key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan" and self._guards(scope) and not self._admits(scope):
            refusal = error_response(401, "Send the API key: X-API-Key: KEY", headers={"WWW-Authenticate": "ApiKey"})
            return await refusal(scope, receive, send)
        await self.app(scope, receive, send)

    def _guards(self, scope: Scope) -> bool:
        # As the router sees it: scope["path"] begins with the proxy's prefix where uvicorn has a --root-path.
        return get_route_path(scope).startswith(self.prefix)

    def _admits(self, scope: Scope) -> bool:
        given = Headers(scope=scope).get("x-api-key", "")
        return bool(self.key) and secrets.compare_digest(given.encode(), self.key.encode())


class HeadMiddleware:
    """Answers HEAD, which FastAPI's routes refuse and monitors send: as GET, whose body the server leaves out."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self.app(scope, receive, send)
