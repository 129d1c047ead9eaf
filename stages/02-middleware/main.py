"""Middleware: code around every request."""

import asyncio
import logging
import os
import re
import secrets
from collections.abc import AsyncIterator
from contextvars import ContextVar
from time import perf_counter
from urllib.parse import quote
from uuid import uuid4

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.middleware import Middleware
from fastapi.responses import JSONResponse, StreamingResponse
from starlette._utils import get_route_path
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.base import RequestResponseEndpoint
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logging.basicConfig(level=logging.INFO, format="%(name)s %(message)s")
asgi_log, simple_log = logging.getLogger("asgi"), logging.getLogger("simple")
LOG_LINE = "%s %s %d %.0fms author=%s"
ASGI_LINE = f"{LOG_LINE} id=%s"

POSTS: dict[int, dict[str, int | str]] = {
    1: {"id": 1, "title": "Hello", "author": "Ada"},
    2: {"id": 2, "title": "Onions", "author": "Grace"},
}
SECURITY_HEADERS = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"}
author_read: ContextVar[str] = ContextVar("author_read", default="-")


class RequestLogMiddleware:
    """Writes a line per request after its last byte, or when the app has crashed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started, status = perf_counter(), 500

        async def watched_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched_send)
        finally:
            ms = (perf_counter() - started) * 1000
            sent = scope.get("raw_path") or quote(scope["path"]).encode()
            path = sent.decode("ascii", "backslashreplace")
            author = author_read.get()
            name = scope.get("state", {}).get("added", {}).get("X-Request-ID", "-")
            asgi_log.info(ASGI_LINE, scope["method"], path, status, ms, author, name)


class ApiKeyMiddleware:
    """Refuses requests below `prefix` that don't carry the key, WebSockets too."""

    def __init__(self, app: ASGIApp, prefix: str, key: str) -> None:
        self.app, self.prefix, self.key = app, prefix, key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_path = scope["type"] != "lifespan"
        # The path that the router will look at: scope["path"] may begin with a proxy's.
        if not has_path or not get_route_path(scope).startswith(self.prefix):
            return await self.app(scope, receive, send)
        given = Headers(scope=scope).get("x-api-key", "").encode("latin-1")  # as sent
        if self.key and secrets.compare_digest(given, os.fsencode(self.key)):
            return await self.app(scope, receive, send)
        body = {"detail": "Invalid API key"}
        headers = {"WWW-Authenticate": "ApiKey"}
        refusal = JSONResponse(body, status_code=401, headers=headers)
        await refusal(scope, receive, send)


class ResponseHeadersMiddleware:
    """Adds a request id and security headers to each response that passes through."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        given = Headers(scope=scope).get("x-request-id", "")
        is_good = re.fullmatch(r"[\w-]{1,64}", given, re.ASCII)
        added = {"X-Request-ID": given if is_good else uuid4().hex, **SECURITY_HEADERS}
        scope.setdefault("state", {})["added"] = added

        async def marking_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(added)
            await send(message)

        await self.app(scope, receive, marking_send)


class HeadMiddleware:
    """Answers HEAD, which FastAPI's routes refuse; the server leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self.app(scope, receive, send)


app = FastAPI(
    title="Middleware",
    middleware=[  # the outermost first
        Middleware(RequestLogMiddleware),
        Middleware(
            ApiKeyMiddleware, prefix="/internal", key=os.environ.get("API_KEY", "")
        ),
        Middleware(ResponseHeadersMiddleware),
        Middleware(HeadMiddleware),
    ],
)


@app.middleware("http")
async def first_added(request: Request, call_next: RequestResponseEndpoint) -> Response:
    request.state.marks = [*getattr(request.state, "marks", []), "first in"]
    response = await call_next(request)
    response.headers.append("X-Trace", "first out")
    return response


@app.middleware("http")
async def last_added(request: Request, call_next: RequestResponseEndpoint) -> Response:
    started = perf_counter()
    request.state.marks = ["last in"]
    response = await call_next(request)
    ms = (perf_counter() - started) * 1000
    response.headers.append("X-Trace", "last out")
    response.headers["X-Process-Time"] = f"{ms:.2f}ms"
    path = repr(request.url.path)[1:-1]  # it escapes an end of line
    status = response.status_code
    simple_log.info(LOG_LINE, request.method, path, status, ms, author_read.get())
    return response


@app.exception_handler(Exception)
async def answer_crash(request: Request, exc: Exception) -> Response:
    # It's made outside of all middlewares, so none of them marks it.
    headers: dict[str, str] = getattr(request.state, "added", {})
    body = {"detail": "Internal server error"}
    return JSONResponse(body, status_code=500, headers=headers)


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/order")
async def order(request: Request) -> list[str]:
    return [*request.state.marks, "route"]


async def slow_rows() -> AsyncIterator[str]:
    for post in POSTS.values():
        await asyncio.sleep(0.03)
        yield f"{post['id']};{post['title']}\n"


@app.get("/posts/export", response_class=StreamingResponse)
async def export_posts() -> StreamingResponse:
    return StreamingResponse(slow_rows(), media_type="text/csv")


@app.get("/posts/{post_id}")
async def read_post(post_id: int) -> dict[str, int | str]:
    if post_id not in POSTS:
        raise HTTPException(status_code=404, detail="Post not found")
    author_read.set(str(POSTS[post_id]["author"]))
    return POSTS[post_id]


@app.get("/crash")
async def crash() -> None:
    raise RuntimeError("a bug")


@app.get("/internal/stats")
async def stats() -> dict[str, int]:
    return {"posts": len(POSTS)}
