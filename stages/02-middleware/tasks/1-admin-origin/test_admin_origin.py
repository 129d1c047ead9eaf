import httpx
import pytest

from workbook.plugin.client import Client

ORDINARY = "https://blog.example"
ADMIN = "https://editors.blog.example"
SECOND_ADMIN = "http://127.0.0.1:3001"
STRANGER = "https://elsewhere.example"


@pytest.fixture(scope="module")
def app_env() -> dict[str, str]:
    return {"API_KEY": "workbook-key", "ALLOWED_ORIGINS": ORDINARY, "ADMIN_ORIGINS": f"{ADMIN}, {SECOND_ADMIN}"}


def preflight(client: Client, origin: str, method: str) -> httpx.Response:
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "x-api-key"}
    return client.options("/posts/1", headers={"Origin": origin, **asked})


def permitted(client: Client, origin: str, method: str) -> set[str]:
    """Return the methods that a browser may send after a preflight that asks for `method`; none if it's refused."""
    response = preflight(client, origin, method)
    methods = response.headers.get("access-control-allow-methods", "").replace(" ", "").split(",")
    answered = response.is_success and response.headers.get("access-control-allow-origin") == origin
    return set(methods) if answered else set()


@pytest.mark.parametrize("admin", [ADMIN, SECOND_ADMIN], ids=["first", "second"])
def test_admin_may_delete(client: Client, admin: str) -> None:
    """A page on an admin origin can send DELETE and POST, with X-API-Key."""
    for method in ("DELETE", "POST"):
        assert method in permitted(client, admin, method), f"the preflight of {admin} doesn't permit {method}"


def test_ordinary_origin_may_not(client: Client) -> None:
    """A page on an ordinary origin can send POST, and not DELETE."""
    assert "POST" in permitted(client, ORDINARY, "POST"), (
        "the ordinary origin's preflight is refused: of two CORS middlewares on top of each other, "
        "the outer one answers every preflight"
    )
    for asked in ("POST", "DELETE"):
        assert "DELETE" not in permitted(client, ORDINARY, asked), "an ordinary origin can send DELETE"


@pytest.mark.parametrize("origin", [ORDINARY, ADMIN], ids=["ordinary", "admin"])
def test_both_read_what_they_need(client: Client, origin: str) -> None:
    """Both kinds of page can read X-Request-ID, and the refusal of a wrong API key."""
    for path, status in (("/posts/1", 200), ("/internal/stats", 401)):
        response = client.get(path, headers={"Origin": origin})
        readable = response.headers.get("access-control-allow-origin")
        assert (response.status_code, readable) == (status, origin), f"{origin} can't read GET {path}"
        assert "x-request-id" in response.headers.get("access-control-expose-headers", "").lower()


@pytest.mark.as_before
def test_stranger_is_refused(client: Client) -> None:
    """A page on any other origin can neither ask nor read."""
    assert permitted(client, STRANGER, "POST") == set()
    assert "access-control-allow-origin" not in client.get("/posts/1", headers={"Origin": STRANGER}).headers
