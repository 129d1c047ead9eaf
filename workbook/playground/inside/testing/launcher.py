"""The page's launcher: an app is served by uvicorn itself, on a separate loop, in the interpreter of the tests."""

import asyncio
import importlib
import os
import sys
from pathlib import Path
from typing import Any

import uvicorn

from workbook.serving.frames import last_traceback
from workbook.serving.importing import import_app
from workbook.serving.job import AppFailed, Job, OnThisMachine
from workbook.serving.probes import add_probes

from .interior import Interior
from .loop import PageLoop, say_starting
from .sockets import FULL, PageSocket, close_port, next_port, open_port

PATIENCE = 30.0


class PageLauncher:
    """Starts apps in the page. Nothing is left of one that has ended."""

    name = "page"

    def open(self, job: Job) -> "_PageLine":
        return _PageLine(job)

    def close(self) -> None: ...


class _Out:
    """An app's standard output and standard error: a file, as on a machine."""

    encoding, errors = "utf-8", "backslashreplace"

    def __init__(self, file: Path) -> None:
        self._file = file
        file.touch()

    def write(self, text: str) -> int:
        with self._file.open("ab") as file:
            file.write(text.encode("utf-8", "backslashreplace"))
        return len(text)

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return False


class _Server(uvicorn.Server):
    """uvicorn's server, without signals and without an end."""

    async def main_loop(self) -> None:
        while True:
            await self.on_tick(0)
            await asyncio.sleep(0.5)


class _Address:
    """What uvicorn asks of a socket that it listens on."""

    family = 2  # AF_INET

    def __init__(self, port: int) -> None:
        self._address = ("127.0.0.1", port)

    def getsockname(self) -> tuple[str, int]:
        return self._address

    def close(self) -> None: ...


class _PageLine(OnThisMachine):
    """One served app."""

    def __init__(self, job: Job) -> None:
        assert job.data is not None
        assert job.log is not None
        self._job, self.app = job, job.app
        self._interior = Interior(job.app, job.data, job.env, _Out(job.log))  # type: ignore[arg-type]
        self._loop = PageLoop(self._interior)
        self._port = next_port()
        open_port(self._loop, self._port)
        self._url = f"http://127.0.0.1:{self._port}"
        self._serving: asyncio.Task[None] | None = None

    def answer(self, seconds: float) -> dict[str, Any]:
        try:
            self._start(min(seconds, PATIENCE))
        except AppFailed as failure:
            return {"failed": failure.kind, "text": failure.text}
        return {"url": self._url, "pid": os.getpid()}

    def _start(self, seconds: float) -> None:
        if self._job.clock:
            raise AppFailed("startup", "A page can't move an app's clock.")
        say_starting()
        with self._loop._at_work():
            sys.dont_write_bytecode = True
            importlib.invalidate_caches()
            module = import_app(self.app)
            if self._job.probes:
                add_probes(module.app)
            config = uvicorn.Config(module.app, loop="asyncio", http="h11", ws="none", log_level="info")
            config.load()
            server = _Server(config)
            serving = self._serving = self._loop.create_task(server._serve([_Address(self._port)]))  # type: ignore[list-item]
        begun = self._loop.go_on(lambda: server.started or serving.done(), seconds)
        if self._loop.is_closed() or serving.done():
            log = self._job.log.read_text(encoding="utf-8", errors="replace") if self._job.log else ""
            why = last_traceback(log, self.app) or log[-2000:] or "(see above)"
            raise AppFailed("startup", f"The app was imported, but its start-up failed:\n{why}")
        if not begun:
            raise AppFailed("hang", f"The app's start-up, its lifespan, hadn't ended after {seconds:g} s.")

    def connect(self, receive_buffer: int | None = None, seconds: float = 10) -> Any:
        return PageSocket(self._port, seconds, receive_buffer or FULL)

    def files(self) -> list[str]:
        self._loop.catch_up()
        return super().files()

    def read(self, name: str, most: int) -> bytes | None:
        self._loop.catch_up()
        return super().read(name, most)

    def read_log(self, start: int, most: int) -> bytes:
        self._loop.catch_up()
        return super().read_log(start, most)

    def end(self) -> None:
        close_port(self._port)
        if not self._loop.is_closed():
            self._loop.end()
