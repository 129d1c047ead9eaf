from collections.abc import Callable

import pytest

from workbook.plugin.client import Client

PAGE = "https://blog.example"
STRANGERS = ["https://elsewhere.example", "http://blog.example", "https://blog.example.evil.example", "null"]


@pytest.fixture(scope="module")
def app_env() -> dict[str, str]:
    return {"ALLOWED_ORIGINS": PAGE, "REFUSE_FOREIGN_POSTS": "true"}


def like(client: Client, origin: str | None) -> tuple[int, int]:
    """Like a post as a page on `origin` would; return the status, and how many likes were counted."""
    before = client.get("/posts/1").json()["likes"]
    response = client.post("/posts/1/likes", headers={"Origin": origin} if origin else {})
    return response.status_code, client.get("/posts/1").json()["likes"] - before


@pytest.mark.parametrize("origin", STRANGERS)
def test_foreign_post_is_refused(client: Client, origin: str) -> None:
    """A simple POST from a foreign page is answered with 403, and does nothing."""
    status, counted = like(client, origin)

    assert status == 403, f"a POST with Origin: {origin} isn't refused"
    assert counted == 0, f"the refused like from {origin} was counted: refuse before the route runs"


@pytest.mark.as_before
def test_allowed_post_is_executed(client: Client) -> None:
    """A POST from an allowed page is executed, and the page may read the response."""
    assert like(client, PAGE) == (200, 1)

    response = client.post("/posts/2/likes", headers={"Origin": PAGE})
    assert response.headers.get("access-control-allow-origin") == PAGE


@pytest.mark.as_before
def test_post_without_origin_is_executed(client: Client) -> None:
    """A POST without an Origin header, from curl or another server, is executed."""
    assert like(client, None) == (200, 1)


@pytest.mark.as_before
def test_own_page_may_post(client: Client) -> None:
    """A POST from the API's own pages, which carries its own address as Origin, is executed: /docs goes on working."""
    assert like(client, client.app.url) == (200, 1), "/docs can no longer send a POST: its Origin is the API's address"


def test_own_page_may_post_behind_a_proxy(client: Client, fresh_app: Callable[..., Client]) -> None:
    """Behind a proxy that ends TLS, the API's own pages may post if the server trusts that proxy, and otherwise not."""
    own = {"Host": "api.example", "Origin": "https://api.example", "X-Forwarded-Proto": "https"}

    trusted = client.post("/posts/1/likes", headers=own).status_code
    stranger = fresh_app(FORWARDED_ALLOW_IPS="10.0.0.1").post("/posts/1/likes", headers=own).status_code

    assert trusted == 200, "behind the proxy, the own address begins with https, as X-Forwarded-Proto says"
    assert stranger == 403, "the server doesn't trust this client, and its X-Forwarded-Proto decided nevertheless"


@pytest.mark.as_before
def test_everything_else_is_as_before(client: Client) -> None:
    """Foreign pages may still send GET, and the preflights are answered as before."""
    stranger = STRANGERS[0]
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}

    assert client.get("/posts", headers={"Origin": stranger}).status_code == 200
    assert client.options("/sessions", headers={"Origin": PAGE, **asked}).status_code == 200
    assert client.options("/sessions", headers={"Origin": stranger, **asked}).status_code == 400


@pytest.mark.as_before
def test_switched_off_it_refuses_nothing(fresh_app: Callable[..., Client]) -> None:
    """With REFUSE_FOREIGN_POSTS=false a foreign POST is executed as before."""
    client = fresh_app(REFUSE_FOREIGN_POSTS="false")

    assert like(client, STRANGERS[0]) == (200, 1)
