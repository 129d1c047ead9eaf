"""What's around every request, as pure ASGI: log, headers, crashes, API key, HEAD."""

import logging
import re
import secrets
from time import perf_counter
from urllib.parse import quote
from uuid import uuid4

from fastapi import Response
from fastapi.middleware.cors import CORSMiddleware as PlainCORSMiddleware
from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .errors import error_response
from .logs import request_id

access_log = logging.getLogger("blog.access")
crash_log = logging.getLogger("blog.crash")
# A malformed Range, a body over the limit, a Range past the end: Starlette's own text.
PLAIN_ERRORS = {400, 413, 416}
# Pairs of bytes, as ASGI has headers: docs/final-why.md#headers
SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
]


class RequestLogMiddleware:
    """Names each request, times it, and writes its line after the last byte."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started = perf_counter()
        status = 0
        written = False
        given = Headers(scope=scope).get("x-request-id", "")
        name = given if re.fullmatch(r"[\w-]{1,64}", given, re.ASCII) else uuid4().hex
        request_id.set(name)

        def write_line() -> None:
            nonlocal written
            written = True
            ms = (perf_counter() - started) * 1000
            sent = scope.get("raw_path") or quote(scope["path"]).encode()
            path = sent.decode("ascii", "backslashreplace")  # no query
            line = "%s %s %s %.0fms"
            access_log.info(line, scope["method"], path, status or "-", ms)

        async def watched_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                ms = (perf_counter() - started) * 1000
                id_header = (b"x-request-id", name.encode())
                time_header = (b"x-process-time", b"%.2fms" % ms)
                message["headers"] = [*message["headers"], id_header, time_header]
            await send(message)
            is_body = message["type"] == "http.response.body"
            if is_body and not message.get("more_body", False):
                write_line()

        try:
            await self.app(scope, receive, watched_send)
        finally:
            # The client hung up, or the app crashed in the middle of the response.
            if not written:
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
    """Refuses a preflight in the common shape; Starlette refuses it in plain text."""

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        kept = {
            name: value
            for name, value in response.headers.items()
            if not name.startswith("content-")
        }
        message = bytes(response.body).decode()
        status = response.status_code
        return error_response(status_code=status, message=message, headers=kept)


class CrashMiddleware:
    """Answers a bug with a 500, and gives Starlette's plain errors the common shape.

    Starlette's own, in stage 06, raises again: each crash would be logged twice.
    """

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
                    kept = {n: v for n, v in headers.items() if n == "content-range"}
                    status = message["status"]
                    response = error_response(status_code=status, headers=kept)
                    await response(scope, receive, send)
            if not replaced:
                await send(message)

        try:
            await self.app(scope, receive, replacing_send)
        except ClientDisconnect:
            pass  # no one is left to answer
        except Exception:
            if started:
                raise  # half of it is out: closing the connection is the honest end
            crash_log.exception("%s %r crashed", scope["method"], scope["path"])
            response = error_response(status_code=500)
            await response(scope, receive, send)


class ApiKeyMiddleware:
    """Refuses requests below `prefix` without the key, WebSockets too.

    While no key is configured, it refuses them all.
    """

    def __init__(self, app: ASGIApp, prefix: str, key: str) -> None:
        self.app, self.prefix, self.key = app, prefix, key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or self._admits(scope):
            return await self.app(scope, receive, send)
        message = "Send the API key: X-API-Key: KEY"
        headers = {"WWW-Authenticate": "ApiKey"}
        refusal = error_response(status_code=401, message=message, headers=headers)
        await refusal(scope, receive, send)

    def _admits(self, scope: Scope) -> bool:
        # The router's path: scope["path"] begins with a proxy's prefix (--root-path).
        # Starlette doesn't export the function; the tests notice if it changes.
        if not get_route_path(scope).startswith(self.prefix):
            return True
        given = Headers(scope=scope).get("x-api-key", "").encode("latin-1")  # as sent
        return bool(self.key) and secrets.compare_digest(given, self.key.encode())


class HeadMiddleware:
    """Answers HEAD, which monitors send, like GET; the server leaves out the body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self.app(scope, receive, send)
