import time
from collections.abc import Callable

import pytest

from workbook.plugin.client import Client

KEY = {"X-API-Key": "workbook-key"}
PATHS = ["/posts/1", "/posts/export", "/internal/stats", "/nothing-here", "/health-is-not-this"]


@pytest.fixture(scope="module")
def app_env() -> dict[str, str]:
    return {"API_KEY": KEY["X-API-Key"]}


def test_everything_is_refused_during_maintenance(fresh_app: Callable[..., Client]) -> None:
    """During maintenance every path is answered by 503 with Retry-After."""
    client = fresh_app(MAINTENANCE="1")

    for path in PATHS:
        response = client.get(path, headers=KEY)
        assert (response.status_code, response.text) == (503, '{"detail":"Down for maintenance"}'), path
        assert response.headers.get("retry-after") == "1200", f"{path} is refused without Retry-After: 1200"


def test_health_answers_during_maintenance(fresh_app: Callable[..., Client]) -> None:
    """/health answers 200 all the time, so that the load balancer keeps the server."""
    client = fresh_app(MAINTENANCE="1")

    assert client.get("/posts/1").status_code == 503
    assert (client.get("/health").status_code, client.get("/health").json()) == (200, {"status": "ok"})


def test_refused_requests_are_logged_and_marked(fresh_app: Callable[..., Client]) -> None:
    """A request refused for maintenance leaves its log line and carries request id and security headers."""
    client = fresh_app(MAINTENANCE="1")

    response = client.get("/posts/2")

    assert response.status_code == 503
    assert "x-request-id" in response.headers, "the refusal lacks X-Request-ID: it doesn't pass what marks responses"
    assert response.headers.get("x-frame-options") == "DENY"
    deadline = time.monotonic() + 2
    while "asgi GET /posts/2 503" not in client.app.log and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "asgi GET /posts/2 503" in client.app.log


@pytest.mark.as_before
@pytest.mark.parametrize("env", [{}, {"MAINTENANCE": "0"}, {"MAINTENANCE": ""}], ids=["unset", "0", "empty"])
def test_without_the_variable_nothing_changes(fresh_app: Callable[..., Client], env: dict[str, str]) -> None:
    """Without the variable, or with 0, requests are served as before."""
    client = fresh_app(**env)

    assert client.get("/posts/1").json() == {"id": 1, "title": "Hello", "author": "Ada"}
    assert client.get("/health").status_code == 200
