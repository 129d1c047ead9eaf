"""What tests of uploads see of an app from outside: which files lie there, and when they are gone."""

import random
import re
import time
from collections.abc import Callable
from io import BytesIO

import httpx

from workbook.serving import ServedApp

from .client import Client

KEPT = re.compile(r"\.(db|sqlite3?|log)\b")  # what the app's own databases and logs are called


def list_stored_files(app: ServedApp) -> set[str]:
    """Return the paths of all files in the app's data folder, except its databases and logs."""
    return {path for path in app.files() if not KEPT.search(path.rpartition("/")[2])}


def soon(condition: Callable[[], bool]) -> bool:
    """Return whether the condition holds within 4 seconds, because a file may be removed after the response."""
    deadline = time.monotonic() + 4  # four times what is allowed: the machine may be busy
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def gone(client: Client, url: str) -> bool:
    """Return whether `url` soon gives a 404; a file may be removed while it's asked for."""

    def is_404() -> bool:
        try:
            return client.get(url).status_code == 404
        except httpx.RemoteProtocolError:
            return False

    return soon(is_404)


def picture(kind: str = "PNG", size: tuple[int, int] = (24, 16), colour: tuple[int, int, int] = (200, 60, 30)) -> bytes:
    """Return the bytes of a picture of one colour."""
    from PIL import Image  # late: most tests need no picture

    file = BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    return file.getvalue()


def noise(rng: random.Random, kind: str = "PNG") -> tuple[bytes, tuple[int, int]]:
    """Return a picture of coloured noise, which packs badly, and its size, to recognise it by."""
    from PIL import Image

    size = rng.randint(40, 400), rng.randint(40, 120)
    file = BytesIO()
    Image.frombytes("RGB", size, rng.randbytes(size[0] * size[1] * 3)).save(file, kind)
    return file.getvalue(), size
