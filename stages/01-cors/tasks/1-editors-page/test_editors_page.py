from collections.abc import Callable

import httpx
import pytest

from workbook.plugin.client import Client

EDITORS = "https://editors.blog.example"
STRANGER = "https://elsewhere.example"


@pytest.fixture(scope="module")
def app_env() -> dict[str, str]:
    return {"ALLOWED_ORIGINS": EDITORS}


def preflight(client: Client, method: str, origin: str = EDITORS) -> httpx.Response:
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization"}
    return client.options("/posts/1", headers={"Origin": origin, **asked})


def listed(response: httpx.Response, header: str) -> set[str]:
    return set(response.headers.get(header, "").lower().replace(" ", "").split(","))


@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_editors_may_delete(client: Client, method: str) -> None:
    """A page on an allowed origin can send DELETE with Authorization, and POST as before."""
    response = preflight(client, method)
    assert response.is_success, f"the preflight for {method} is refused: {response.text}"
    assert method.lower() in listed(response, "access-control-allow-methods")
    assert "authorization" in listed(response, "access-control-allow-headers")


def test_editors_read_the_total(client: Client) -> None:
    """A page on an allowed origin can read X-Total-Count, and what it could read before."""
    response = client.get("/posts", headers={"Origin": EDITORS})
    assert listed(response, "access-control-expose-headers") == {"location", "x-process-time", "x-total-count"}


def test_a_browser_asks_again_when_the_setting_says(client: Client, fresh_app: Callable[..., Client]) -> None:
    """A preflight's answer is good for 600 seconds, or for as many as PREFLIGHT_SECONDS says."""
    hour = fresh_app(ALLOWED_ORIGINS=EDITORS, PREFLIGHT_SECONDS="3600")
    said = [preflight(each, "POST").headers.get("access-control-max-age") for each in (client, hour)]
    assert said == ["600", "3600"]


@pytest.mark.as_before
def test_a_stranger_is_refused_as_before(client: Client) -> None:
    """A page on any other origin is refused as before."""
    assert preflight(client, "DELETE", STRANGER).status_code == 400
    response = client.get("/posts", headers={"Origin": STRANGER})
    assert "access-control-allow-origin" not in response.headers
