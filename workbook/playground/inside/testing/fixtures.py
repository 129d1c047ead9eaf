"""The plugin's fixtures in the page: the same names, and what a page can't have skips its tests and says why."""

import contextlib
import importlib
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import pytest
from aiosmtpd import controller

from .. import pictures
from .launcher import PageLauncher
from .loop import is_an_app_running, no_loop_runs
from .mail import PageController, Unheard
from .sockets import next_port, sockets_reach_apps

boxes = importlib.import_module("workbook.plugin.mailbox")  # the package has a fixture of this name
lacking: set[str] = set()  # what an app would have needed since the test began
NOT_IN_A_PAGE = "not in a page: "  # what a skip's reason begins with


@pytest.fixture(scope="session")
def launcher() -> PageLauncher:
    """Return the launcher that serves this page's apps."""
    return PageLauncher()


def _needs(what: str) -> NoReturn:
    pytest.skip(NOT_IN_A_PAGE + what, allow_module_level=True)


@pytest.fixture(scope="session")
def browser() -> None:
    """Skip: the page is in a browser, and can't drive one."""
    _needs("a real browser")


@pytest.fixture
def page() -> None:
    """Skip, as `browser` does."""
    _needs("a real browser")


@pytest.fixture(scope="module")
def site() -> None:
    """Skip: a page can't serve other pages."""
    _needs("a real browser")


def _wait_for_the_browser() -> contextlib.AbstractContextManager[None]:
    """Return what lets a picture be decoded; a browser without stack switching does that too late for a test."""
    from pyodide.ffi import can_run_sync  # type: ignore[import-not-found]

    if can_run_sync():
        return no_loop_runs()
    if not is_an_app_running():
        _needs("Pillow")
    lacking.add("Pillow")
    raise RuntimeError("this browser can't decode pictures while tests run")


def _pillow_lacks(what: str) -> NoReturn:
    """Refuse what our Pillow for browsers lacks; an app may catch that, and be without a verdict."""
    if not is_an_app_running():
        _needs("Pillow")
    lacking.add("Pillow")
    pictures.refuse(what)


@contextlib.contextmanager
def missing_parts_are_named() -> Iterator[None]:
    """Let a test that starts a thread or a process, or sends a signal, be skipped and say so; let mail be received."""
    unlike_a_machine: list[tuple[Any, str, Any]] = [
        (threading.Thread, "start", _unless_an_app("threads", threading.Thread.start)),
        (ThreadPoolExecutor, "submit", _unless_an_app("threads", ThreadPoolExecutor.submit)),
        (subprocess.Popen, "__init__", _unless_an_app("a process of its own", subprocess.Popen.__init__)),
        (os, "kill", _unless_an_app("a process of its own", os.kill)),
        (pictures, "missing", _pillow_lacks),
        (pictures, "waiting", _wait_for_the_browser),
        (socket, "socket", Unheard),
        (controller, "Controller", PageController),
        (boxes, "_free_port", next_port),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in unlike_a_machine]
    try:
        for owner, name, instead in unlike_a_machine:
            setattr(owner, name, instead)
        with sockets_reach_apps():
            yield
    finally:
        for owner, name, original in before:
            setattr(owner, name, original)


def _unless_an_app(what: str, works: Callable[..., Any]) -> Callable[..., Any]:
    """Return what an app may call, and what skips a test that calls it itself."""

    def call(*arguments: Any, **options: Any) -> Any:
        return works(*arguments, **options) if is_an_app_running() else _needs(what)

    return call
