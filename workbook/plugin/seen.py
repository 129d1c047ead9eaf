"""What tests see of an app from outside: a list's rows, which files it keeps, and when they are gone."""

import contextlib
import math
import re
import select
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx

from workbook.serving import ServedApp

from .client import Client

KEPT = re.compile(r"\.(db|sqlite3?|log)\b")  # what the app's own databases and logs are called


def list_stored_files(app: ServedApp) -> set[str]:
    """Return the paths of all files in the app's data folder, except its databases and logs."""
    return {path for path in app.files() if not KEPT.search(path.rpartition("/")[2])}


@contextlib.contextmanager
def nothing_stored(app: ServedApp) -> Iterator[None]:
    """Fail if a file is in the app's data folder after this block that wasn't there before."""
    before = list_stored_files(app)
    yield
    assert list_stored_files(app) - before == set(), "a refused upload left something on disk"


@contextlib.contextmanager
def no_room_for_more_than(size: int, app: ServedApp) -> Iterator[None]:
    """Let no file of the app grow beyond `size` within this block; outside Linux, take its folder `uploads` away."""
    if sys.platform == "linux":
        from resource import RLIMIT_FSIZE, prlimit

        before = prlimit(app.pid, RLIMIT_FSIZE)
        prlimit(app.pid, RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            prlimit(app.pid, RLIMIT_FSIZE, before)
    else:
        folder = app.data / "uploads"
        away = folder.rename(app.data / "away")
        folder.write_bytes(b"")
        try:
            yield
        finally:
            folder.unlink()
            away.rename(folder)


@dataclass
class WaitingTime:
    """How many seconds something is waited for that may come late, and how many after one of its kind didn't come.

    `least` is for when nothing of its kind has come at all, and `every` is how often it's looked for.
    """

    seconds: float
    less: float
    least: float = 0.05
    every: float = 0.005
    in_vain: bool = False

    def wait(self, is_there: Callable[[], bool], *, any_came: Callable[[], object], at_most: float = math.inf) -> bool:
        """Wait for it; return whether it came."""
        seconds = self.seconds if not self.in_vain else self.less if any_came() else self.least
        came = soon(is_there, min(seconds, at_most), every=self.every)
        self.in_vain = self.in_vain or not came
        return came


@contextlib.contextmanager
def connection(app: ServedApp) -> Iterator[tuple[socket.socket, Callable[..., bytes]]]:
    """Yield a bare connection to the app, and a function that waits for its response; b"" if none comes."""
    address = httpx.URL(app.url)
    with socket.create_connection((address.host, address.port or 80), timeout=10) as caller:

        def replied(seconds: float, *, peek: bool = False) -> bytes:
            readable, _, _ = select.select([caller], [], [], seconds)
            return caller.recv(4096, socket.MSG_PEEK if peek else 0) if readable else b""

        yield caller, replied


def status_of(response: bytes) -> str:
    """Return the status in a response's bytes, as they came on a bare connection."""
    return response.split()[1].decode() if response else "no response"


def peak_memory(app: ServedApp) -> float:
    """Return the most memory that the app has had so far, in MiB; it's known on Linux only, and 0 elsewhere."""
    status = Path(f"/proc/{app.pid}/status")
    if not status.exists():
        return 0.0
    return int(status.read_text(encoding="ascii").partition("VmHWM:")[2].split()[0]) / 1024


def soon(condition: Callable[[], object], seconds: float = 4, every: float = 0.02) -> bool:
    """Return whether the condition holds within some seconds, because a file may be removed after the response.

    By default they're four times what is allowed: the machine may be busy.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def lines_with(text: str, read: Callable[[], str], count: int = 1) -> list[str]:
    """Return the lines of a log that have `text` in them, as soon as there are `count`, or those of a while later."""

    def lines() -> list[str]:
        return [line for line in read().splitlines() if text in line]

    soon(lambda: len(lines()) >= count, every=0.005)
    return lines()


def gone(client: Client, url: str) -> bool:
    """Return whether `url` soon gives a 404; a file may be removed while it's asked for."""

    def is_404() -> bool:
        try:
            return client.get(url).status_code == 404
        except httpx.RemoteProtocolError:
            return False

    return soon(is_404)


def rows(response: httpx.Response) -> list[dict[str, Any]]:
    """Return the rows of a list: the body itself, or its `data`."""
    assert response.status_code == 200, response.text
    body = response.json()
    return list(body["data"] if isinstance(body, dict) else body)


def refusal(response: httpx.Response, status: int) -> dict[str, Any]:
    """Return the body of an error, which has the project's one shape, and says more than the status's name."""
    kind = response.headers.get("content-type")
    assert (response.status_code, kind) == (status, "application/json"), response.text
    body: dict[str, Any] = response.json()
    assert set(body) == {"success", "message", "errors"}
    assert body["success"] is False
    assert body["message"].lower() not in {each.phrase.lower() for each in HTTPStatus}
    assert [error for error in body["errors"] if set(error) != {"field", "message", "type"}] == []
    assert (body["errors"] != []) == (status == 422)
    return body
