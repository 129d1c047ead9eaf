"""What tests see of an app from outside: a list's rows, which files it keeps, and when they are gone."""

import re
import time
from collections.abc import Callable
from typing import Any

import httpx

from workbook.serving import ServedApp

from .client import Client

KEPT = re.compile(r"\.(db|sqlite3?|log)\b")  # what the app's own databases and logs are called


def list_stored_files(app: ServedApp) -> set[str]:
    """Return the paths of all files in the app's data folder, except its databases and logs."""
    return {path for path in app.files() if not KEPT.search(path.rpartition("/")[2])}


def soon(condition: Callable[[], bool], seconds: float = 4, every: float = 0.05) -> bool:
    """Return whether the condition holds within some seconds, because a file may be removed after the response.

    By default they're four times what is allowed: the machine may be busy.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def gone(client: Client, url: str) -> bool:
    """Return whether `url` soon gives a 404; a file may be removed while it's asked for."""

    def is_404() -> bool:
        try:
            return client.get(url).status_code == 404
        except httpx.RemoteProtocolError:
            return False

    return soon(is_404)


def rows(reply: httpx.Response) -> list[dict[str, Any]]:
    """Return the rows of a list: the body itself, or its `data`."""
    assert reply.status_code == 200, reply.text
    body = reply.json()
    return list(body["data"] if isinstance(body, dict) else body)
