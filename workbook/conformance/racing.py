"""Deletions that come while an upload is under way: whichever of them is first, no file stays."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

from workbook.plugin.transport import HOLD

from .pictures import Picture
from .uploads import Place, Uploads

WHEN = (0.3, 0.6)  # how far the upload is when the deletion comes: part of the time from its last byte to its response
LONGEST = 10.0  # seconds until its last byte is sent


def race_deletions(
    uploads: Uploads, places: Sequence[Place], one: Picture, delete: Callable[[Place], object], promise: str, said: str
) -> None:
    """Delete each of two new places while a picture that takes its time is being uploaded to it.

    How the upload is answered is up to the app, because either of the two may win. A file that's left is a difference.
    """
    walk = uploads.walk
    with walk.step(promise):
        before = uploads.files()
        began = time.monotonic()
        is_taken = uploads.send(places[0], one.content).is_success
        seconds = time.monotonic() - began
        for place, share in zip(places, WHEN, strict=True):
            delete_during(uploads, place, one, lambda place=place: delete(place), seconds * share)  # type: ignore[misc]
        if is_taken:
            is_clean = uploads.soon(lambda: not uploads.files() - before)
            walk.expect(is_clean, True, promise, said, root="outrun")
        uploads.forget()


def delete_during(uploads: Uploads, place: Place, one: Picture, delete: Callable[[], object], seconds: float) -> None:
    """Delete a place so many seconds after the last byte of an upload to it has gone out."""
    is_sent = threading.Event()

    def upload() -> httpx.Response:
        body, headers = uploads.form_with(place, one.content)
        request = uploads.client.build_request(place.method, place.path, headers=headers, content=body)
        request.extensions = {**request.extensions, HOLD: is_sent.set}
        try:
            return uploads.client.send(request)
        finally:
            is_sent.set()

    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(upload)
        is_sent.wait(LONGEST)
        time.sleep(seconds)
        delete()
    sent.result()
