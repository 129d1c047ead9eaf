import re

import pytest

from workbook.plugin.client import Client


@pytest.fixture(scope="module")
def app_env() -> dict[str, str]:
    return {"API_KEY": "workbook-key"}


def test_refusal_carries_a_request_id(client: Client) -> None:
    """A refused request gets a request id, and keeps one that the caller sent."""
    reply = client.get("/internal/stats")
    traced = client.get("/internal/stats", headers={"X-Request-ID": "trace-me-7"})

    assert (reply.status_code, traced.status_code) == (401, 401)
    assert re.fullmatch(r"[0-9a-f]{32}", reply.headers.get("x-request-id", "")), "the refusal has no X-Request-ID"
    assert traced.headers.get("x-request-id") == "trace-me-7"


def test_refusal_carries_security_headers(client: Client) -> None:
    """A refused request's reply has the security headers."""
    reply = client.get("/internal/stats")

    assert reply.status_code == 401
    assert reply.headers.get("x-content-type-options") == "nosniff"
    assert reply.headers.get("x-frame-options") == "DENY"
