"""Values that one response makes up and a later request sends: tokens, ids, addresses. On a card each has a name."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import Any

import httpx

from .bounds import KeptResponse, read_json
from .client import Exchange

SHORTEST_TEXT = 8  # letters; a shorter text may be in a request by chance
LONGEST_TEXT, LONGEST = 4000, 64 * 1024  # letters of a value, bytes of a body that's looked into
MOST_LEAVES, MOST_NAMED = 200, 20  # of one response, and of a card: an app can put what it likes into both
_BETWEEN = "\ud800"  # what no text that is sent can hold
_NUMBER_IN_PATH = re.compile(r"(?<=[/=])-?\d{1,20}(?=[/?&]|$)")
_ID_IN_BODY = re.compile(r'(?<=id":) ?(-?\d{1,20})\b')
Key = str | int


@dataclass(frozen=True)
class MadeUp:
    """A value from the response number `source`, which `keys` lead to."""

    name: str
    value: str | int
    source: int
    keys: tuple[Key, ...]

    @property
    def reader(self) -> str:
        """The command that reads it from the response's JSON."""
        place = "".join(f"[{json.dumps(key)}]" for key in self.keys)
        return f"uv run python -c 'import json, sys; print(json.load(sys.stdin){place})'"

    def split(self, text: str, place: str) -> "list[str | MadeUp]":
        """Return `text` cut up where this value is in it."""
        if place not in {"path", "header", "body"} or (isinstance(self.value, int) and place == "header"):
            return [text]
        parts = re.split(_pattern(self.value, place), text)
        found: list[str | MadeUp] = []
        for part in parts:
            found += [self, part] if found else [part]
        return [piece for piece in found if piece != ""] or [""]


def name_values(exchanges: Sequence[Exchange]) -> list[MadeUp]:
    """Return the values that the later of these requests owe to the responses of earlier ones."""
    found: dict[str | int, MadeUp] = {}
    sent = _Sent([exchange.request for exchange in exchanges])
    names: dict[str, int] = {}
    for number, exchange in enumerate(exchanges):
        for keys, value in islice(_leaves(_json(exchange.response)), MOST_LEAVES):
            if not _may_be_sent(keys, value) or value in found or not sent.is_first_sent_after(number, value):
                continue
            if len(found) == MOST_NAMED:
                break
            name = _name(keys)
            names[name] = names.get(name, 0) + 1
            called = name if names[name] == 1 else f"{name}{names[name]}"
            found[value] = MadeUp(called, value, number, keys)
    # The longer first: an address may hold an id.
    return sorted(found.values(), key=lambda one: -len(str(one.value)))


class _Sent:
    """What each of some requests sends, read once: a test may have hundreds of them, and thousands of values."""

    def __init__(self, requests: Sequence[httpx.Request]) -> None:
        parts = [_sent(request) for request in requests]
        texts = [_BETWEEN.join((*one.values(), "")) for one in parts]
        self._text = "".join(texts)
        self._starts = [0, *accumulate(map(len, texts))]
        self._numbers = [{*_NUMBER_IN_PATH.findall(one["path"]), *_ID_IN_BODY.findall(one["body"])} for one in parts]
        self._places: dict[str, int] = {}
        self._last = {value: number for number, values in enumerate(self._numbers) for value in values}

    def is_first_sent_after(self, number: int, value: str | int) -> bool:
        """Return whether a request after the one with this number sends the value, which that one doesn't."""
        if isinstance(value, int):
            return self._last.get(str(value), -1) > number and str(value) not in self._numbers[number]
        start, end = self._starts[number : number + 2]
        return self._last_place(value) >= end and self._text.find(value, start, end) < 0

    def _last_place(self, text: str) -> int:
        if text not in self._places:
            self._places[text] = self._text.rfind(text)
        return self._places[text]


def _name(keys: tuple[Key, ...]) -> str:
    key = next((key for key in reversed(keys) if isinstance(key, str)), "value")
    return "TOKEN" if key == "access_token" else re.sub(r"\W", "_", key).upper()


def _may_be_sent(keys: tuple[Key, ...], value: object) -> bool:
    if isinstance(value, str):
        return SHORTEST_TEXT <= len(value) <= LONGEST_TEXT
    return isinstance(value, int) and not isinstance(value, bool) and str((keys or ("",))[-1]).lower().endswith("id")


def _pattern(value: str | int, place: str) -> str:
    if isinstance(value, str):
        return re.escape(value)
    return rf"(?<=[/=]){value}(?=[/?&]|$)" if place == "path" else rf'(?<=id": ){value}\b|(?<=id":){value}\b'


def _sent(request: httpx.Request) -> dict[str, str]:
    try:
        body = request.content.decode("utf-8", "replace") if len(request.content) <= LONGEST else ""
    except httpx.RequestNotRead:
        body = ""
    headers = "\n".join(f"{name}: {value}" for name, value in request.headers.multi_items())
    return {"path": request.url.raw_path.decode("ascii"), "header": headers, "body": body}


def _json(response: KeptResponse | None) -> Any:
    if response is None or response.body.size > min(LONGEST, len(response.body.beginning)):
        return None
    try:
        return read_json(response.body.beginning)
    except ValueError:
        return None


def _leaves(value: Any, keys: tuple[Key, ...] = ()) -> Iterator[tuple[tuple[Key, ...], Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield keys, value
        return
    for key, inside in items:
        yield from _leaves(inside, (*keys, key))
