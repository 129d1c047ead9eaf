"""The fork launcher: every app is a child of one warm helper that has imported what apps import. Linux only."""

import contextlib
import json
import os
import signal
import socket
from typing import Any

from .job import Job, OnThisMachine
from .warm import WarmHelper

# What the six stages and final/ import. A test compares it with what they really import after the fork.
APP_MODULES = (
    "workbook.serving.child",
    "email.message",
    "fastapi",
    "fastapi.middleware.cors",
    "fastapi.exception_handlers",
    "fastapi.telemetry._runtime",
    "pydantic.v1",
    "starlette.middleware.base",
    "uvicorn",
    "uvicorn.lifespan.on",
    "uvicorn.loops.asyncio",
    "uvicorn.protocols.http.h11_impl",
    "anyio._backends._asyncio",
    "-",  # the first app does not wait for the following
    "fastapi.middleware.gzip",
    "fastapi.security",
    "fastapi.staticfiles",
    "starlette.middleware.body_limit",
    "sqlalchemy.orm",
    "sqlalchemy.dialects.sqlite",
    "sqlite3",
    "PIL.Image",
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.ImageCms",
    "PIL.ImageOps",
    "PIL.MpoImagePlugin",
    "PIL.PpmImagePlugin",
    "PIL.TiffImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.WebPImagePlugin",
    "python_multipart",
    "pydantic_settings",
    "email_validator",
    "smtplib",
    "argon2",
    "passlib.context",
    "passlib.handlers.argon2",
    "jose.jwt",
    "cryptography.hazmat.backends.openssl.backend",  # the first token would import it, in each app again
    "anyio._core._fileio",  # the first file that's served
    "concurrent.futures.thread",
    "difflib",
)


def start_app_helper() -> WarmHelper:
    """Start a warm process off which apps are forked."""
    return WarmHelper(APP_MODULES, "workbook.serving.child:serve_forked")


class ForkLauncher:
    name = "fork"

    def __init__(self, warm: str | None = None) -> None:
        """Use the running helper at the address `warm`; without one, start a helper that belongs to this launcher."""
        self._helper = None if warm else start_app_helper()
        self._address = warm

    @property
    def address(self) -> str:
        """Where the helper accepts connections; waits until it does."""
        if self._helper:
            self._helper.wait_until_ready()
            return self._helper.address
        assert self._address
        return self._address

    def open(self, job: Job) -> "_Connection":
        return _Connection(self.address, job)

    def close(self) -> None:
        if self._helper:
            self._helper.close()


class _Connection(OnThisMachine):
    """An app whose line is a connection to the helper that forked it."""

    def __init__(self, address: str, job: Job) -> None:
        self._job, self.app, self._grace = job, job.app, job.grace
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.connect(address)
        except OSError as error:
            self._socket.close()
            raise RuntimeError("the warm helper is gone; start again") from error
        self._socket.sendall(job.to_line())
        self._answers = self._socket.makefile("rb")
        self._open = True
        self._pid = 0

    def answer(self, seconds: float) -> dict[str, Any]:
        self._socket.settimeout(seconds)
        try:
            line = self._answers.readline()
        except TimeoutError:
            return {}
        self._socket.settimeout(None)
        if not line:
            raise RuntimeError("the warm helper couldn't start a process; there may be too many")
        answer: dict[str, Any] = json.loads(line)
        self._pid, self._url = answer.get("pid", 0), answer.get("url", "")
        return answer

    def end(self) -> None:
        if not self._open:
            return
        self._open = False
        try:
            self._socket.settimeout(self._grace + 5)
            self._socket.shutdown(socket.SHUT_WR)
            while self._answers.read(4096):  # its end means that the process is gone
                pass
        except TimeoutError:
            if self._pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._pid, signal.SIGKILL)
        except OSError:
            pass
        self._answers.close()
        self._socket.close()
