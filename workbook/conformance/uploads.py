"""Uploads of one picture to a place, an avatar or a cover, compared with what a contract says of them."""

import random
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import httpx

from workbook.plugin.members import Member
from workbook.plugin.pictures import open_picture
from workbook.plugin.seen import gone, list_stored_files, soon

from .blog import headers_of
from .pictures import FORMATS, Picture
from .walk import Walk

URL = r"/files/[^/?#\s]{1,500}"
NEAR = 45  # how far a channel of a colour may be off after a lossy format
# What clients call a file and its type: neither decides what it is.
IMAGE_LABELS = [("photo.jpg", "image/jpeg"), ("photo.png", "image/png"), ("photo.webp", "image/webp")]
LABELS = [*IMAGE_LABELS, ("me.html", "text/html"), ("a.gif", "image/gif"), ("b", "application/octet-stream")]
LABELS.append(("c", "words"))


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


@dataclass(frozen=True)
class Promises:
    """The tests that the parts of the contract belong to."""

    taken: str
    shown: str
    content: str
    damaged: str
    size: str
    replaced: str
    unchanged: str
    login: str


class Uploads:
    """Uploads that were sent, and what the app should hold after them. `field` is the URL's key in the object."""

    as_in = "the user as GET /users/me shows them"
    shown: Collection[str] = ()  # the keys of the response to an upload, if they aren't those of the object
    ignored: Collection[str] = ()  # the keys that an upload may change

    def __init__(self, walk: Walk, field: str, promises: Promises) -> None:
        self.walk, self.client, self.field, self.promises = walk, walk.client, field, promises
        self.most: int | None = None  # how many files one picture has
        self._files = self.files()
        self._seen: tuple[Place, int, dict[str, Any]] | None = None  # what was read last, and after how many exchanges
        self._patient = True
        self.bad_ones = cycle([b"words", b"", b"\x89PNG\r\n\x1a\n", b"GIF89a words"])

    def files(self) -> set[str]:
        """Return the files in the data folder."""
        return list_stored_files(self.walk.app)

    def forget(self) -> None:
        """Take the files that are there now for what should be there."""
        self._files = self.files()

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
        files = {"file": ("photo.png", content, "image/png")}
        whole = self.client.build_request(place.method, place.path, headers=place.whose.headers, files=files)
        body, kind = whole.read(), whole.headers["content-type"]
        headers = {**place.whose.headers, "Content-Type": kind}
        size = max(4096, len(body) // 64)
        parts = (body[start : start + size] for start in range(0, len(body), size))
        return self.client.request(place.method, place.path, headers=headers, content=parts)

    def read(self, place: Place) -> dict[str, Any]:
        """Return the object that has the URL."""
        reply = self.client.get(place.read, headers=place.whose.headers)
        assert reply.status_code == 200, f"GET {place.read} isn't answered any more"
        row = dict(reply.json())
        self._seen = place, len(self.client.exchanges), row
        return row

    def read_before(self, place: Place) -> dict[str, Any]:
        """Return the object as it was before an upload: as it was last read, if nothing but reading came after."""
        if self._seen and self._seen[0] is place:
            since = self.client.exchanges[self._seen[1] :]
            if all(one.request.method == "GET" for one in since):
                return self._seen[2]
        return self.read(place)

    def take(
        self, place: Place, one: Picture, name: str = "photo.png", label: str = "image/png", *, in_chunks: bool = False
    ) -> bool:
        """Send a picture that has to be taken, and look at all that follows from it; return whether it was taken."""
        walk, promises, is_taken = self.walk, self.promises, False
        with walk.step(promises.taken):
            before = self.read_before(place)
            if in_chunks:
                reply, said = self.send_in_chunks(place, one.content), "A picture in a chunked body isn't taken."
            else:
                reply, said = self.send(place, one.content, name, label), f"{upper(one.what)} isn't taken."
            walk.expect(reply.status_code, 200, promises.taken, said, root="201" if reply.is_success else said)
            if not reply.is_success:
                return False
            answer, url = reply.json(), reply.json().get(self.field)
            if not self.is_url(url, promises.taken):
                return False
            shown = self.shown or before.keys()
            wanted = {key: before.get(key) for key in shown if key not in self.ignored} | {self.field: url}
            said = f"The response to the upload isn't {self.as_in}, with the new {self.field}."
            walk.expect(self.without_times(answer), wanted, promises.taken, said, root="answer")
            said = f"After the upload, GET {place.read} doesn't show the new {self.field}."
            now = self.read(place)
            walk.expect(now.get(self.field), url, promises.replaced if place.url else promises.taken, said)
            self.look_at(url, one)
            old, place.url = place.url, url
            if old is not None:
                self.expect_replaced(old, url)
            self.account(place)
            is_taken = True
        return is_taken

    def expect_replaced(self, old: str, url: str) -> None:
        """Look at what's left of the old picture's URL."""
        said = "A new picture has the URL of the old one, so a browser goes on showing what it has kept."
        if self.walk.expect(old != url, True, self.promises.replaced, said, root="same url"):
            said = "The old URL still answers with a picture after a new one took its place."
            self.walk.expect(self.is_gone(old), True, self.promises.replaced, said, root="old url")

    def account(self, place: Place, promise: str = "", said: str = "") -> None:
        """Compare the files in the data folder with those that there should be after an upload to this place."""
        others = self._files - place.files
        if self.most is None:
            self.most = len(self.files() - self._files)
        most = self.most
        said = said or "The file of the old picture is still in the data folder."
        is_right = self.soon(lambda: len(self.files() - others) <= most)
        self.walk.expect(is_right, True, promise or self.promises.replaced, said, root="old file")
        others = others if is_right else self._files  # what stayed was said above, and isn't counted again
        now = self.files()
        lost = sorted(self._files - place.files - now)
        said = "A file that has nothing to do with this upload is gone from the data folder."
        self.walk.expect(lost, [], promise or self.promises.replaced, said, root="lost files")
        place.files, self._files = now - others, now

    def look_at(self, url: str, one: Picture) -> None:
        """Look at the picture that is served at a URL: its type, its size, and the colour of its middle."""
        walk, promise = self.walk, self.promises.taken
        reply = self.client.get(url)
        if not walk.expect(reply.status_code, 200, promise, f"No picture is served at {self.field}.", root="served"):
            return
        try:
            with open_picture(reply.content) as image:
                image.load()
                size, kind = image.size, str(image.format).replace("MPO", "JPEG")
                colour = image.convert("RGB").getpixel((image.width // 2, image.height // 2))
        except Exception:
            walk.blame(promise, f"What's served for {one.what} isn't a whole JPEG, PNG or WebP.", root="served")
            return
        said = f"The content type of what's served for {one.what} doesn't fit its bytes."
        walk.expect(reply.headers.get("content-type", "").split(";")[0], f"image/{kind.lower()}", promise, said)
        said = f"What's served for {one.what} has another size in pixels."
        walk.expect(list(size) if size not in one.sizes else list(one.sizes[0]), list(one.sizes[0]), promise, said)
        if (
            one.colour
            and isinstance(colour, tuple)
            and max(abs(a - b) for a, b in zip(colour, one.colour, strict=True)) > NEAR
        ):
            walk.blame(
                promise, f"What's served for {one.what} is another picture: its colour differs.", colour, one.colour
            )

    def refuse(
        self,
        place: Place,
        what: str,
        statuses: Collection[int],
        promise: str,
        send: Callable[[], httpx.Response],
        said: str = "",
    ) -> None:
        """Send an upload that has to be refused, and look for what it changed."""
        walk, unchanged = self.walk, self.promises.unchanged
        with walk.step(promise):
            before = self.read_before(place)
            reply = send()
            most_wanted = min(statuses) if reply.status_code not in statuses else reply.status_code
            said = said or f"{upper(what)} isn't refused as it should be."
            walk.expect(reply.status_code, most_wanted, promise, said, root=("refused", promise, what))
            if reply.is_success:  # that's one mistake: what follows from it is none
                others = self._files - place.files
                self._files = self.files()
                place.url, place.files = self.read(place).get(self.field), self._files - others
                return
            now = self.read(place)
            kept = f"A refused upload ({what}) changed {place.what}."
            walk.expect(now, before, unchanged, kept, root="changed")
            left = f"A refused upload ({what}) left a file in the data folder."
            is_clean = self.soon(lambda: not self.files() - self._files)
            walk.expect(is_clean, True, unchanged, left, root="left")
            lost = f"A refused upload ({what}) removed a file."
            walk.expect(sorted(self._files - self.files()), [], unchanged, lost, root="removed")
            self._files = self.files()

    def is_served(self, place: Place, said: str, promise: str = "") -> None:
        """Look whether the place's picture is still served."""
        if place.url:
            with self.walk.step(promise or self.promises.unchanged):
                status = self.client.get(place.url).status_code
                self.walk.expect(status, 200, promise or self.promises.unchanged, said, root="lost files")

    def removed(self, places: Collection[Place], promise: str, said: str) -> None:
        """Look whether the pictures of these places are gone, files and all, and nothing else is."""
        for place in places:
            if place.url:
                self.walk.expect(self.is_gone(place.url), True, promise, f"{said}: its URL still answers.", root=said)
        theirs = set().union(*(place.files for place in places))
        is_clean = self.soon(lambda: not theirs & self.files())
        self.walk.expect(is_clean, True, promise, f"{said}: its file is still in the data folder.", root=said)
        lost = sorted(self._files - theirs - self.files())
        self.walk.expect(
            lost, [], promise, "The deletion also removed the file of another picture.", root="others lost"
        )
        self._files = self.files()

    def is_url(self, url: Any, promise: str) -> bool:
        """Look whether a value is `/files/<name>`."""
        said = f"{self.field} isn't the URL /files/<name>, with one segment behind /files/."
        is_right = isinstance(url, str) and re.fullmatch(URL, url) is not None
        return is_right or self.walk.expect(url, "/files/<name>", promise, said, root="url")

    def is_gone(self, url: str) -> bool:
        """Return whether the URL soon is a 404."""
        return self.client.get(url).status_code == 404 or self.soon(lambda: gone(self.client, url))

    def soon(self, condition: Callable[[], bool]) -> bool:
        """Return whether the condition holds soon; once it was waited for in vain, no longer than an instant."""
        if not self._patient:
            return condition()
        self._patient = is_soon = soon(condition)
        return is_soon

    def without_times(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return the object without the fields that an upload may change."""
        return {key: value for key, value in row.items() if key not in self.ignored}


def labelled(pictures: Sequence[Picture], rng: random.Random) -> Iterator[tuple[Picture, str, str]]:
    """Yield each picture with a name and a type, which are drawn: each format is called a page, and each other one."""
    labels = {}
    for kind in FORMATS:
        first = [one for one in LABELS[:4] if one[1] != f"image/{kind.lower()}"]
        labels[kind] = cycle([*rng.sample(first, len(first)), *rng.sample(LABELS, len(LABELS))])
    for picture in pictures:
        yield picture, *next(labels[picture.format])


def upper(what: str) -> str:
    """Return a phrase as the beginning of a sentence."""
    return what[:1].upper() + what[1:]


def long_texts(rng: random.Random, size: int) -> dict[str, str]:
    """Return text fields of so many bytes together; the project refuses a field of more than 4,096."""
    return {f"text-{start}": rng.randbytes(2000).hex() for start in range(0, size, 4000)}
