"""The request log: a file with one line for every request."""

from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send


class FileLogMiddleware:
    """Writes a line into `file` when a request has been answered.

    The time in UTC, the method, path and status, and the milliseconds that it took:

    [2026-11-02 16:05:09] GET /posts/7 200 12ms
    """

    def __init__(self, app: ASGIApp, file: Path) -> None:
        # What it wraps is called `app` in every middleware: the tests follow that name.
        self.app, self.file = app, file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise NotImplementedError(
            "TODO: pass it on, write its line after the response, list me in main.py"
        )
