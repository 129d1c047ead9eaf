"""A pytest plugin that serves apps in the tests' own process, without any isolation: what the grader is compared to.

`IN_PROCESS=uvicorn`: by uvicorn in a thread, over HTTP on 127.0.0.1. `IN_PROCESS=testclient`: by the transport of
Starlette's TestClient, without a network. Everything else, the test files too, is the workbook's own.
"""

import contextlib
import importlib
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any
from unittest import mock

import httpx
import pytest
import uvicorn
from starlette.testclient import TestClient  # its import warns, which is an error once tests run

from workbook.serving import Launcher, ServedApp
from workbook.serving.job import Job, OnThisMachine
from workbook.serving.probes import add_probes

KIND = "IN_PROCESS"
START = 30.0


@contextlib.contextmanager
def imported(job: Job) -> Iterator[Any]:
    """The app of a job: its modules, environment, folder and time zone are those of this process until the end."""
    before = dict(os.environ)
    os.environ.update(job.env)
    hidden = _without_app_modules()
    folder = os.getcwd()  # noqa: PTH109
    os.chdir(job.data or job.app)
    time.tzset()
    sys.path.insert(0, str(job.app))
    try:
        app = importlib.import_module("app.main").app
        if job.probes:
            add_probes(app)
        yield app
    finally:
        sys.path.remove(str(job.app))
        sys.path_importer_cache.pop(str(job.app), None)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(before)
        time.tzset()
        _without_app_modules()
        sys.modules.update(hidden)


def _without_app_modules() -> dict[str, ModuleType]:
    """Forget the modules of an app; returns them."""
    names = [name for name in sys.modules if name.partition(".")[0] == "app"]
    return {name: sys.modules.pop(name) for name in names}


@contextlib.contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve it by uvicorn in a thread, with the flags of the workbook's own launchers; yields its address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, loop="asyncio", http="h11", ws="none", log_level="info"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            deadline = time.monotonic() + START
            while not server.started:
                if time.monotonic() > deadline or not thread.is_alive():
                    raise RuntimeError("the app did not start")
                time.sleep(0.002)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextlib.contextmanager
def called(app: Any, line: "Line") -> Iterator[str]:
    """Serve it by TestClient."""
    with TestClient(app, raise_server_exceptions=False) as opened:
        line.transport = opened._transport
        yield str(opened.base_url)


class Line(OnThisMachine):
    """An app in this process."""

    transport: httpx.BaseTransport | None = None

    def __init__(self, job: Job, kind: str) -> None:
        self._job, self.app = job, job.app
        self._stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            app = stack.enter_context(imported(job))
            self._url = stack.enter_context(called(app, self) if kind == "testclient" else served(app))
            self._stack = stack.pop_all()

    def answer(self, seconds: float) -> dict[str, Any]:
        return {"url": self._url, "pid": os.getpid()}

    def end(self) -> None:
        self._stack.close()


class InProcessLauncher:
    name = "in-process"

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def open(self, job: Job) -> Line:
        return Line(job, self._kind)

    def close(self) -> None:
        pass


class _Shared(httpx.BaseTransport):
    """TestClient's transport under one of many clients: closing the client leaves the app alone."""

    def __init__(self, app: ServedApp) -> None:
        line: Any = app._line
        self._transport: httpx.BaseTransport = line.transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._transport.handle_request(request)


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    """In place of the workbook's: no process, no sandbox."""
    kind = os.environ[KIND]
    client: Any = importlib.import_module("workbook.plugin.client")
    with mock.patch.object(client, "Transport", _Shared if kind == "testclient" else client.Transport):
        yield InProcessLauncher(kind)
