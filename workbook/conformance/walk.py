"""A walk: a long sequence of requests whose responses are compared with what a model expects.

A check that fails is noted for one promise, and the walk goes on, so that one mistake costs one promise. The tests of
the promises then ask for what was noted.
"""

import random
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from workbook.plugin.cards import exchanges_of
from workbook.plugin.client import Client, Exchange
from workbook.plugin.comparison import Different, shortened
from workbook.plugin.members import Member, join
from workbook.serving import ServedApp

MOST_NOTED, LARGEST = 3, 50_000  # differences of a promise, and letters of a value, that are kept
MOST_SHOWN = 8  # exchanges of one difference, beside those that its member needed to log in


@dataclass(frozen=True)
class Noted:
    """A difference: what's wrong in a sentence, what came, what was expected, and the requests that show it."""

    sentence: str
    got: Any
    expected: Any
    exchanges: list[Exchange] = field(repr=False)


class Walk:
    """What a walk has found. `client` speaks to the app; `rng` is the source of all values that are drawn."""

    def __init__(self, app: ServedApp, rng: random.Random, unique: Callable[[str], str]) -> None:
        self.app, self.rng, self.unique = app, rng, unique
        self.client = Client(app, [], keeps=True)
        self.noted: dict[str, list[Noted]] = {}
        self.held: Counter[str] = Counter()
        self.members: list[Member] = []
        self._blamed: dict[Hashable, str] = {}
        self._since = 0
        self._over = False

    def join(self, stem: str, *, called: str = "") -> Member:
        """Register a member and log in; `called` is a name that may not be unique."""
        member = join(self.client, self.unique(stem), called=called)
        self.members.append(member)
        return member

    def expect(self, got: Any, expected: Any, promise: str, sentence: str, *, root: Hashable = None) -> bool:
        """Note a difference of `got` and `expected`, types included; return whether they are equal.

        `root` is what could be wrong. If another promise was blamed for the same root before, this difference is that
        promise's: a mistake that shows in many places costs one promise.
        """
        if is_same(got, expected):
            self.held[promise] += 1
            return True
        self.blame(promise, sentence, got, expected, root=root)
        return False

    def blame(
        self, promise: str, sentence: str, got: Any = None, expected: Any = None, *, root: Hashable = None
    ) -> None:
        """Note a difference for a promise, or for the one that was blamed for its root before."""
        if root is not None:
            promise = self._blamed.setdefault(root, promise)
        noted = self.noted.setdefault(promise, [])
        if len(noted) < MOST_NOTED:  # one is shown; an app can differ everywhere, by as much as it likes
            noted.append(Noted(sentence, _kept(got), _kept(expected), self._shown()))

    def is_blamed(self, root: Hashable) -> bool:
        """Return whether something was noted for this root."""
        return root in self._blamed

    @contextmanager
    def step(self, promise: str) -> Iterator[None]:
        """Run a part of the walk; whatever ends it early is noted for `promise`."""
        self._since = len(self.client.exchanges)
        try:
            yield
        except httpx.ConnectError:
            if not self._over:
                self.blame(promise, "The app isn't running any more.")
            self._over = True
        except httpx.TransportError as error:
            self.blame(promise, f"There's no whole response to this request: {error or type(error).__name__}.")
        except AssertionError as error:
            self.blame(promise, f"{str(error).splitlines()[0] if str(error) else 'This request failed'}.")
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            self.blame(promise, f"This response can't be read: {type(error).__name__}: {error}"[:200] + ".")

    def prove(self, request: pytest.FixtureRequest, part: str = "") -> None:
        """Fail the test if anything was noted for its promise, or if nothing could be looked at.

        What belongs to a `part` of a promise was noted for `promise[part]`.
        """
        promise = request.node.originalname
        promise += f"[{part}]" if part else ""
        if noted := self.noted.get(promise):
            first = noted[0]
            exchanges_of(request.node)[:] = first.exchanges
            raise Different(first.sentence, first.got, first.expected)
        if not self.held[promise]:
            earlier = next((noted[0] for noted in self.noted.values()), None)
            exchanges_of(request.node)[:] = earlier.exchanges if earlier else []
            cause = earlier.sentence if earlier else "the app has to answer."
            raise Different(f"This couldn't be looked at, because of something else. First: {cause}")

    def close(self) -> None:
        self.client.close()

    def _shown(self) -> list[Exchange]:
        """Return the last exchange, what changed something in this step before it, and its member's login."""
        exchanges = self.client.exchanges
        if not exchanges:
            return []
        last = exchanges[-1]
        changing = [one for one in exchanges[self._since : -1] if one.request.method != "GET"][-MOST_SHOWN:]
        token = last.request.headers.get("authorization", "")
        login = next((one.exchanges for one in self.members if one.headers["Authorization"] == token), [])
        return [*login, *(one for one in changing if not any(one is other for other in login)), last]


def _kept(value: Any) -> Any:
    return value if len(repr(value)) <= LARGEST else shortened(value)


def is_same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal, and of the same types: 1 is neither true nor 1.0 here."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return type(one) is type(other) and bool(one == other)


def changed_keys(got: dict[str, Any], expected: dict[str, Any], keys: Sequence[str]) -> list[str]:
    """Return those of the keys whose values differ, or that one of the two lacks."""
    return [key for key in keys if key not in got or not is_same(got[key], expected.get(key))]
