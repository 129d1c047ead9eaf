"""Forms with one picture in them, sent in the ways that clients send them."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import httpx

from workbook.plugin.client import head_of, read_status
from workbook.plugin.members import Member

from .blog import headers_of
from .walk import Walk

IN_CHUNKS, UNTYPED = "in a chunked body", "in a part that doesn't say its type"  # other ways to send a form
TO_ARRIVE = 0.05  # seconds, for half of a body


@dataclass
class Place:
    """Where one picture goes: the route that takes it, and the object that then has its URL.

    `read` and `whose` are the path of that object and a member who may read it; `what` is for sentences.
    """

    what: str
    method: str
    path: str
    read: str
    whose: Member
    url: str | None = None
    picture: bytes = b""
    files: set[str] = field(default_factory=set)


class Forms:
    """Forms with a file, sent to the app of a walk with the login of the place's member."""

    def __init__(self, walk: Walk) -> None:
        self.walk, self.client = walk, walk.client

    def send(
        self,
        place: Place,
        content: bytes,
        name: str = "photo.png",
        label: str = "image/png",
        headers: dict[str, str] | None = None,
        **fields: str,
    ) -> httpx.Response:
        """Send a file, with the login of the place's member or with other headers."""
        headers = headers_of(place.whose) if headers is None else headers
        form = {"file": (name, content, label)}
        return self.client.request(place.method, place.path, headers=headers, files=form, data=fields)

    def send_in_chunks(self, place: Place, content: bytes) -> httpx.Response:
        """Send a file with a body whose length isn't said before it."""
        body, headers = self.form_with(place, content)
        size = max(4096, len(body) // 64)
        parts = (body[start : start + size] for start in range(0, len(body), size))
        return self.client.request(place.method, place.path, headers=headers, content=parts)

    def send_bare(self, place: Place, content: bytes) -> httpx.Response:
        """Send a file in a part that doesn't say its type."""
        body, headers = self.form_with(place, content)
        body = body.replace(b"\r\nContent-Type: image/png", b"", 1)
        return self.client.request(place.method, place.path, headers=headers, content=body)

    def send_around(self, place: Place, content: bytes, between: Callable[[], None], *, part: float = 0.5) -> int:
        """Send this part of a form, then do something else, then send the rest; return the response's status.

        It's 0 if the app closes the connection instead.
        """
        body, headers = self.form_with(place, content)
        headers |= {"Connection": "close"}
        request = self.client.build_request(place.method, place.path, headers=headers, content=body)
        first = int(part * len(body))
        with self.walk.app.connect() as connection:
            connection.sendall(head_of(request) + body[:first])
            time.sleep(TO_ARRIVE)
            between()
            with suppress(OSError):
                connection.sendall(body[first:])
                return read_status(connection)
        return 0

    def form_with(self, place: Place, content: bytes) -> tuple[bytes, dict[str, str]]:
        """Return the body of a form with this file, and its headers."""
        files = {"file": ("photo.png", content, "image/png")}
        whole = self.client.build_request(place.method, place.path, files=files)
        return whole.read(), {**place.whose.headers, "Content-Type": whole.headers["content-type"]}
