"""Uploads of one picture to a place, an avatar or a cover, compared with what a contract says of them."""

import re
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import httpx

from workbook.plugin.pictures import open_picture
from workbook.plugin.seen import gone, list_stored_files, soon

from .forms import IN_CHUNKS, Forms, Place
from .pictures import Picture, middle_of
from .walk import Walk

URL = r"/files/[^/?#\s]{1,500}"
NEAR = 45  # how far a channel of a colour may be off after a lossy format


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


class Uploads(Forms):
    """Uploads that were sent, and what the app should hold after them. `field` is the URL's key in the object."""

    as_in = "the user as GET /users/me shows them"
    shown: Collection[str] = ()  # the keys of the response to an upload, if they aren't those of the object
    ignored: Collection[str] = ()  # the keys that an upload may change

    def __init__(self, walk: Walk, field: str, promises: Promises) -> None:
        super().__init__(walk)
        self.field, self.promises = field, promises
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

    def read(self, place: Place) -> dict[str, Any]:
        """Return the object that has the URL."""
        response = self.client.get(place.read, headers=place.whose.headers)
        assert response.status_code == 200, f"GET {place.read} isn't answered any more"
        row = dict(response.json())
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
        self, place: Place, one: Picture, name: str = "photo.png", label: str = "image/png", *, way: str = ""
    ) -> bool:
        """Send a picture that has to be taken, and look at all that follows from it; return whether it was taken."""
        walk, promises, is_taken = self.walk, self.promises, False
        with walk.step(promises.taken):
            before = self.read_before(place)
            if way:
                send = self.send_in_chunks if way == IN_CHUNKS else self.send_bare
                response, said = send(place, one.content), f"A picture that's sent {way} isn't taken."
            else:
                response, said = self.send(place, one.content, name, label), f"{upper(one.what)} isn't taken."
            walk.expect(
                response.status_code, 200, promises.taken, said, root="201" if response.is_success else way or said
            )
            if not response.is_success:
                return False
            answer, url = response.json(), response.json().get(self.field)
            if not self.is_url(url, promises.taken):
                return False
            shown = self.shown or before.keys()
            wanted = {key: before.get(key) for key in shown if key not in self.ignored} | {self.field: url}
            said = f"The response to the upload isn't {self.as_in}, with the new {self.field}."
            walk.expect(self.without_times(answer), wanted, promises.taken, said, root="answer")
            said = f"After the upload, GET {place.read} doesn't show the new {self.field}."
            now = self.read(place)
            walk.expect(now.get(self.field), url, promises.replaced if place.url else promises.taken, said)
            old, place.url = place.url, url
            if url == old:  # that's one mistake, whether the picture is still there or not
                said = "A new picture has the URL of the old one, so a browser goes on showing what it has kept."
                walk.blame(promises.replaced, said, url, root="same url")
                walk.expect(self.client.get(url).status_code, 200, promises.replaced, said, root="lost files")
                self.forget()
                return False
            self.look_at(url, one)
            if old is not None:
                said = "The old URL still answers with a picture after a new one took its place."
                walk.expect(self.is_gone(old), True, promises.replaced, said, root="old url")
            self.account(place)
            is_taken = True
        return is_taken

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
        response = self.client.get(url)
        if not walk.expect(response.status_code, 200, promise, f"No picture is served at {self.field}.", root="served"):
            return
        try:
            with open_picture(response.content) as image:
                image.load()
                size, kind = image.size, str(image.format).replace("MPO", "JPEG")
                colour = middle_of(image)
        except Exception:
            walk.blame(promise, f"What's served for {one.what} isn't a whole JPEG, PNG or WebP.", root="served")
            return
        said = f"The content type of what's served for {one.what} doesn't fit its bytes."
        walk.expect(response.headers.get("content-type", "").split(";")[0], f"image/{kind.lower()}", promise, said)
        said = f"What's served for {one.what} has another size in pixels."
        walk.expect(list(size) if size not in one.sizes else list(one.sizes[0]), list(one.sizes[0]), promise, said)
        if one.colour and max(abs(a - b) for a, b in zip(colour, one.colour, strict=True)) > NEAR:
            walk.blame(
                promise, f"What's served for {one.what} is another picture: its colour differs.", colour, one.colour
            )

    def take_largest(self, place: Place, largest: bytes, inside: bytes) -> str | None:
        """Send a file of 5 MiB in a form that needs nearly all of its room; return the picture's URL if it's taken."""
        texts: dict[str, Any] = {f"text-{n}": self.walk.rng.randbytes(2_000).hex() for n in range(15)}  # 4 KB: the most
        response, promise = self.send(place, largest, **texts), self.promises.size
        said = "A file of 5 MiB isn't taken when the form around it needs 60,000 bytes."
        if not response.is_success and not self.send(place, inside).is_success:
            said = f"A JPEG of {len(inside):,} bytes isn't taken: measure what was sent, not what you store."
        return response.json()[self.field] if self.walk.expect(response.is_success, True, promise, said) else None

    def refuse(
        self,
        place: Place,
        what: str,
        statuses: Collection[int],
        promise: str,
        send: Callable[[], httpx.Response],
        said: str = "",
    ) -> None:
        """Send an upload that has to be refused, and look for what it changed; the first status is what's asked for."""
        walk, unchanged = self.walk, self.promises.unchanged
        with walk.step(promise):
            before = self.read_before(place)
            response = send()
            most_wanted = next(iter(statuses)) if response.status_code not in statuses else response.status_code
            said = said or f"{upper(what)} isn't refused as it should be."
            walk.expect(response.status_code, most_wanted, promise, said, root=("refused", promise, what))
            if response.is_success:  # that's one mistake: what follows from it is none
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

    def overtake(
        self, place: Place, content: bytes, remove: Callable[[], None], promise: str, said: str, *, part: float = 0.5
    ) -> None:
        """Send this part of an upload, remove the object that it's for, send the rest; look for files that stay.

        Which refusal that is, is the solution's choice. So is a lock that lets the removal wait for the upload's end,
        and whether an upload that was whole before the removal is taken.
        """
        with self.walk.step(promise):
            status = 0
            with suppress(httpx.TimeoutException):
                status = self.send_around(place, content, remove, part=part)
            if part < 1 or 400 <= status < 500:
                is_clean = self.soon(lambda: not self.files() - self._files)
                self.walk.expect(is_clean, True, promise, said, root=said)
            self.forget()

    def is_url(self, url: Any, promise: str) -> bool:
        """Look whether a value is `/files/<name>`."""
        said = f"{self.field} isn't the URL /files/<name>, with one segment behind /files/."
        is_right = isinstance(url, str) and re.fullmatch(URL, url) is not None
        return is_right or self.walk.expect(url, "/files/<name>", promise, said, root="url")

    def is_gone(self, url: str) -> bool:
        """Return whether the URL soon is a 404."""
        with suppress(httpx.TransportError):  # a file that's removed while it's sent breaks its response off
            if self.client.get(url).status_code == 404:
                return True
        return self.soon(lambda: gone(self.client, url))

    def soon(self, condition: Callable[[], bool]) -> bool:
        """Return whether the condition holds soon; once it was waited for in vain, no longer than an instant."""
        if not self._patient:
            return condition()
        self._patient = is_soon = soon(condition)
        return is_soon

    def without_times(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return the object without the fields that an upload may change."""
        return {key: value for key, value in row.items() if key not in self.ignored}


def upper(what: str) -> str:
    """Return a phrase as the beginning of a sentence."""
    return what[:1].upper() + what[1:]
