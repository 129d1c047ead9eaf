"""How much of what an app sends a run reads and keeps: enough for a card of each exchange, never more than a sum."""

import gc
import json
import threading
from dataclasses import dataclass, field
from typing import Any

MIB = 2**20
MOST_OF_RESPONSE = 32 * MIB  # of one body: more than any file that the sandbox lets an app store
MOST_ALIVE = 64 * MIB  # of all bodies that a run still holds
MOST_OF_TEXT = 4 * MIB
MOST_OF_JSON = 2 * MIB
MOST_VALUES = 100_000  # of JSON: each costs up to a hundred times its letters when it's read
SHOWN = 64 * 1024  # of a body, for a card
MOST_SHOWN = 32 * MIB  # of all bodies that cards may still need
DEEPEST = 100
LONGEST_NUMBER = 1000
CHARSETS = {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252"}
HEADERS, LONGEST_HEADER = 60, 300


class Account:
    """A number of bytes that a process may hold at once."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._lock = threading.Lock()

    def take(self, size: int) -> bool:
        """Return whether there was room for `size` more bytes; if so, they're taken."""
        with self._lock:
            if size > self._left:
                return False
            self._left -= size
            return True

    def give_back(self, size: int) -> None:
        with self._lock:
            self._left += size


ALIVE, FOR_CARDS = Account(MOST_ALIVE), Account(MOST_SHOWN)


class Body:
    """What has come of one body: its size, and its beginning, which is all that a card shows."""

    def __init__(self) -> None:
        self.size = 0
        self.beginning = bytearray()
        self._account = FOR_CARDS

    def add(self, part: bytes) -> None:
        self.size += len(part)
        if (room := SHOWN - len(self.beginning)) > 0 and self._account.take(len(kept := part[:room])):
            self.beginning += kept

    def __del__(self) -> None:
        self._account.give_back(len(self.beginning))


class Held:
    """The bytes of one body that a test may still look at; they're given back when the response is gone."""

    def __init__(self) -> None:
        self.size = 0
        self._account = ALIVE  # it gives back where it took, however late it's collected

    def take(self, size: int) -> bool:
        """Return whether this run may hold `size` more bytes."""
        if not self._account.take(size):
            gc.collect()  # a response and its stream hold each other, and nothing else collects them in a run
            if not self._account.take(size):
                return False
        self.size += size
        return True

    def give_back(self) -> None:
        self._account.give_back(self.size)
        self.size = 0


@dataclass
class KeptResponse:
    """What a card needs of a response. The response itself belongs to the test, and goes with it."""

    status_code: int
    reason_phrase: str
    headers: list[tuple[str, str]]
    body: Body = field(default_factory=Body, repr=False)
    token: str = ""

    @property
    def kind(self) -> str:
        """Its content type; plain text without one."""
        return next((value for name, value in self.headers if name.lower() == "content-type"), "text/plain")


def kept_headers(items: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the headers that a card shows, cut to what it shows of each."""
    return [(name[:100], value[:LONGEST_HEADER]) for name, value in items[:HEADERS]]


def charset_of(content_type: str) -> str | None:
    """Return the charset that a content type names, if it's one that decodes to text and to nothing else."""
    for part in content_type[:200].split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            named = value.strip().strip("\"'").lower()
            return named if named in CHARSETS else None
    return None


def read_json(content: bytes | bytearray) -> Any:
    """Return the value of a JSON text. Raises `ValueError` if it's none, or larger when read than a test needs."""
    if len(content) > MOST_OF_JSON:
        raise ValueError(f"the JSON is longer than {MOST_OF_JSON // MIB} MiB")
    if sum(content.count(mark) for mark in (b",", b"[", b"{")) > MOST_VALUES:
        raise ValueError(f"the JSON holds more than {MOST_VALUES:,} values")
    try:
        value = json.loads(content, parse_constant=_refused, object_pairs_hook=_once, parse_int=_integer)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    if _is_deeper(value, DEEPEST):
        raise ValueError(f"the JSON is nested more than {DEEPEST} levels deep")
    return value


def _refused(name: str) -> Any:
    raise ValueError(f"{name} isn't JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice in one JSON object")
    return found


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise ValueError(f"a number of {len(digits):,} digits in the JSON")
    return int(digits)


def _is_deeper(value: Any, levels: int) -> bool:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_is_deeper(one, levels - 1) for one in inside)
