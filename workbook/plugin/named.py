"""Values that one response makes up and a later request sends: tokens, ids, addresses. On a card each has a name."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import httpx

from .bounds import KeptReply
from .client import Exchange
from .transport import read_json

SHORTEST_TEXT = 8  # letters; a shorter text may be in a request by chance
LONGEST_TEXT, LONGEST = 4000, 64 * 1024  # letters of a value, bytes of a body that's looked into
MOST_LEAVES, MOST_NAMED = 200, 20  # of one response, and of a card: an app can put what it likes into both
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
    found: list[MadeUp] = []
    sent = [_sent(exchange.request) for exchange in exchanges]
    names: dict[str, int] = {}
    for number, exchange in enumerate(exchanges):
        for keys, value in islice(_leaves(_json(exchange.reply)), MOST_LEAVES):
            is_known = any(value == other.value for other in found)
            if is_known or not _may_be_sent(keys, value) or _is_in(value, sent[number]):
                continue
            if len(found) < MOST_NAMED and any(_is_in(value, later) for later in sent[number + 1 :]):
                name = _name(keys)
                names[name] = names.get(name, 0) + 1
                called = name if names[name] == 1 else f"{name}{names[name]}"
                found.append(MadeUp(called, value, number, keys))
    # The longer first: an address may hold an id.
    return sorted(found, key=lambda one: -len(str(one.value)))


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


def _is_in(value: str | int, sent: dict[str, str]) -> bool:
    if isinstance(value, str):
        return any(value in text for text in sent.values())
    return any(re.search(_pattern(value, place), sent[place]) for place in ("path", "body"))


def _sent(request: httpx.Request) -> dict[str, str]:
    try:
        body = request.content.decode("utf-8", "replace") if len(request.content) <= LONGEST else ""
    except httpx.RequestNotRead:
        body = ""
    headers = "\n".join(f"{name}: {value}" for name, value in request.headers.multi_items())
    return {"path": request.url.raw_path.decode("ascii"), "header": headers, "body": body}


def _json(reply: KeptReply | None) -> Any:
    if reply is None or reply.body.size > min(LONGEST, len(reply.body.beginning)):
        return None
    try:
        return read_json(reply.body.beginning)
    except ValueError:
        return None


def _leaves(value: Any, keys: tuple[Key, ...] = ()) -> Iterator[tuple[tuple[Key, ...], Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield keys, value
        return
    for key, inside in items:
        yield from _leaves(inside, (*keys, key))
