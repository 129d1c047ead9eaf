"""How much a run keeps of what an app sends: enough for a card of each exchange, and never more than a set sum."""

import gc
import threading
from dataclasses import dataclass, field

MIB = 2**20
MOST_OF_RESPONSE = 32 * MIB  # of one body: more than any file that the sandbox lets an app store
MOST_ALIVE = 64 * MIB  # of all bodies that a run still holds
MOST_OF_TEXT = 4 * MIB
MOST_OF_JSON = 2 * MIB
MOST_VALUES = 100_000  # of JSON: each costs up to a hundred times its letters when it's read
SHOWN = 64 * 1024  # of a body, for a card
MOST_SHOWN = 32 * MIB  # of all bodies that cards may still need
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
