from collections.abc import Callable

import pytest

from workbook.plugin.client import Client

ORDINARY = "https://blog.example"
ADMIN = "https://editors.blog.example"
SECOND_ADMIN = "http://127.0.0.1:3001"
STRANGER = "https://elsewhere.example"


@pytest.fixture(scope="module")
def app_env() -> dict[str, str]:
    return {"ALLOWED_ORIGINS": ORDINARY, "ADMIN_ORIGINS": f"{ADMIN}, {SECOND_ADMIN}"}


def permitted(client: Client, origin: str, method: str) -> set[str]:
    """The methods that a browser may send after a preflight that asks for `method`; none if it is refused."""
    reply = client.options(
        "/posts/1",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )
    methods = reply.headers.get("access-control-allow-methods", "").replace(" ", "").split(",")
    answered = reply.is_success and reply.headers.get("access-control-allow-origin") == origin
    return set(methods) if answered else set()


def exposed(client: Client, origin: str) -> set[str]:
    """The headers of the reply that JavaScript may read."""
    reply = client.get("/posts", headers={"Origin": origin})
    assert reply.headers.get("access-control-allow-origin") == origin, f"{origin} may not read the reply"
    assert reply.headers.get("access-control-allow-credentials") == "true", f"{origin} may not send cookies"
    return set(reply.headers.get("access-control-expose-headers", "").lower().replace(" ", "").split(","))


@pytest.mark.parametrize("admin", [ADMIN, SECOND_ADMIN], ids=["first", "second"])
def test_admin_may_delete(client: Client, admin: str) -> None:
    """A page on an admin origin may send DELETE, with Authorization."""
    assert "DELETE" in permitted(client, admin, "DELETE"), f"the preflight of {admin} does not permit DELETE"


def test_admin_may_read_the_total(client: Client) -> None:
    """A page on an admin origin may read X-Total-Count, and the headers that all pages may read."""
    assert exposed(client, ADMIN) == {"location", "x-process-time", "x-total-count"}


def test_admin_may_all_that_others_may(client: Client) -> None:
    """A page on an admin origin may send JSON, and read a crash."""
    assert "POST" in permitted(client, ADMIN, "POST"), f"the preflight of {ADMIN} does not permit POST"
    crash = client.get("/crash", headers={"Origin": ADMIN})
    assert (crash.status_code, crash.headers.get("access-control-allow-origin")) == (500, ADMIN)


def test_ordinary_origin_keeps_its_rules(client: Client) -> None:
    """A page on an ordinary origin may send POST as before; DELETE and X-Total-Count are not for it."""
    assert "POST" in permitted(client, ORDINARY, "POST"), (
        "the ordinary origin's preflight is refused: of two CORS middlewares on top of each other, "
        "the outer one answers every preflight"
    )
    for asked in ("POST", "DELETE"):
        assert "DELETE" not in permitted(client, ORDINARY, asked), "an ordinary origin may send DELETE"
    assert exposed(client, ORDINARY) == {"location", "x-process-time"}


def test_stranger_is_refused(client: Client) -> None:
    """A page on any other origin is refused as before."""
    assert permitted(client, STRANGER, "POST") == set()
    assert "access-control-allow-origin" not in client.get("/posts", headers={"Origin": STRANGER}).headers


def test_without_admins_nobody_is_one(fresh_app: Callable[..., Client]) -> None:
    """Where ADMIN_ORIGINS is empty, the ordinary origins have their rules, and nobody may send DELETE."""
    client = fresh_app(ADMIN_ORIGINS="")

    assert "POST" in permitted(client, ORDINARY, "POST")
    assert [permitted(client, origin, "DELETE") for origin in (ORDINARY, ADMIN, STRANGER)] == [set()] * 3
