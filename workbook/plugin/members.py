"""Members of an app that has the course's /auth routes: stage 05, final/ and what learners make of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from workbook.serving import ServedApp

from .client import Client, Exchange

PASSWORD = "correct horse battery"
# The cheapest hash that argon2 knows: a real one takes 50 ms, on purpose.
CHEAP_HASHES = {"ARGON2_TIME_COST": "1", "ARGON2_MEMORY_COST": "8", "ARGON2_PARALLELISM": "1"}
SECRET_KEY, MOST_OF_IMAGE = "a-key-for-tests-and-for-nothing-else", 8192
# What every test of stage 05 needs, so that all of them can share one app.
SETTINGS = CHEAP_HASHES | {"SECRET_KEY": SECRET_KEY, "MAX_UPLOAD_BYTES": str(MOST_OF_IMAGE)}


@dataclass
class Member:
    """A registered user with a token, and the requests that it took to get there. `told`: what registering answered."""

    id: int
    name: str
    email: str
    token: str
    exchanges: list[Exchange] = field(default_factory=list, repr=False)
    told: Any = field(default=None, repr=False)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def register_member(client: Client, name: str) -> int:
    """Register `name@example.com`; returns the id."""
    return int(_register(client, name, f"{name}@example.com")["id"])


def _register(client: Client, name: str, email: str) -> Any:
    response = client.post("/auth/register", json={"name": name, "email": email, "password": PASSWORD})
    assert response.status_code == 201, "POST /auth/register doesn't work any more"
    return response.json()


def join(client: Client, name: str, *, called: str = "") -> Member:
    """Register `name@example.com` and log in; `called` is the name that others see, if it's another one."""
    email, called, sent = f"{name}@example.com", called or name, len(client.exchanges)
    told = _register(client, called, email)
    response = client.post("/auth/login", json={"email": email, "password": PASSWORD})
    assert response.status_code == 200, "POST /auth/login doesn't work any more"
    return Member(int(told["id"]), called, email, response.json()["access_token"], client.exchanges[sent:], told)


@pytest.fixture(scope="module")
def members(served: ServedApp, unique: Callable[[str], str]) -> tuple[Member, Member]:
    """Return two members of this module's app."""
    with Client(served, []) as client:
        return join(client, unique("ada")), join(client, unique("grace"))


@pytest.fixture
def ada(members: tuple[Member, Member]) -> Member:
    """Return a member, the same one for a whole module."""
    return members[0]


@pytest.fixture
def grace(members: tuple[Member, Member]) -> Member:
    """Return another member, also the same one for a whole module."""
    return members[1]
