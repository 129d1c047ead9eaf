"""Members of an app that has the course's /auth routes: stage 05, final/ and what learners make of it."""

from dataclasses import dataclass, field

from .client import Client, Exchange

PASSWORD = "correct horse battery"
# The cheapest hash that argon2 knows: a real one takes 50 ms, on purpose.
CHEAP_HASHES = {"ARGON2_TIME_COST": "1", "ARGON2_MEMORY_COST": "8", "ARGON2_PARALLELISM": "1"}


@dataclass
class Member:
    """A registered user with a token, and the requests that it took to get there."""

    id: int
    name: str
    email: str
    token: str
    exchanges: list[Exchange] = field(default_factory=list, repr=False)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def join(client: Client, name: str) -> Member:
    """Register and log in."""
    email, sent = f"{name}@example.com", len(client.exchanges)
    registered = client.post("/auth/register", json={"name": name, "email": email, "password": PASSWORD})
    assert registered.status_code == 201, "nobody can register"
    reply = client.post("/auth/login", json={"email": email, "password": PASSWORD})
    assert reply.status_code == 200, "nobody can log in"
    return Member(registered.json()["id"], name, email, reply.json()["access_token"], client.exchanges[sent:])
