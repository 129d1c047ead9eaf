from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from workbook.plugin.client import Client

JSON = {"Content-Type": "application/json"}


def chunks() -> Iterator[bytes]:
    yield b" " * 270_000


def check(response: httpx.Response, status: int, code: str, message: str, errors: list[dict[str, str]]) -> None:
    assert response.headers.get("content-type") == "application/json", f"the error isn't JSON: {response.text[:80]!r}"
    body = response.json()
    assert response.status_code == status, "the status has changed"
    assert "code" in body, "this error doesn't have `code`: it doesn't pass the place where you added it"
    assert body == {"success": False, "code": code, "message": message, "errors": errors}


@pytest.mark.parametrize(
    "method, path, options, status, code, message",
    [
        ("GET", "/nothing-here", {}, 404, "not_found", "Not Found"),
        ("GET", "/users/987654321", {}, 404, "not_found", "User not found"),
        ("POST", "/crash", {}, 405, "method_not_allowed", "Method Not Allowed"),
        ("GET", "/report", {}, 401, "not_authenticated", "Not authenticated"),
        ("GET", "/report", {"headers": {"Authorization": "Bearer x"}}, 503, "unavailable", "The report is not ready"),
        ("POST", "/users", {"content": b"\xff", "headers": JSON}, 400, "bad_request", None),
        ("POST", "/users", {"content": b" " * 270_000, "headers": JSON}, 413, "too_large", "Content Too Large"),
        ("POST", "/users", {"content": chunks, "headers": JSON}, 413, "too_large", "Content Too Large"),
        ("GET", "/crash", {}, 500, "internal_error", "Internal server error"),
    ],
    ids=["route", "user", "method", "token", "report", "bytes", "large", "chunked", "crash"],
)
def test_every_error_has_its_code(
    client: Client, method: str, path: str, options: dict[str, Any], status: int, code: str, message: str | None
) -> None:
    """Every error has the code of its status, and the rest is as before."""
    content = options.get("content")
    response = client.request(method, path, **options | {"content": content() if callable(content) else content})

    check(response, status, code, message or "There was an error parsing the body", [])


@pytest.mark.as_before
def test_headers_are_as_before(client: Client) -> None:
    """The headers of an error are as before."""
    assert client.get("/report").headers.get("www-authenticate") == "Bearer"
    assert client.post("/crash").headers.get("allow") == "GET"
    assert len(client.get("/crash").headers.get("x-error-id", "")) == 32


def test_invalid_input_has_its_code(client: Client) -> None:
    """Invalid input is `validation_failed`, with its fields as before."""
    response = client.post("/users", json={"name": "Ada"})

    missing = {"field": "body.email", "message": "Field required", "type": "missing"}
    check(response, 422, "validation_failed", "Validation failed", [missing])


def test_conflict_and_database_have_their_codes(client: Client, unique: Callable[[str], str]) -> None:
    """A taken email is `conflict`, a database error is `internal_error`, and a success doesn't have a code."""
    ada = {"name": "Ada", "email": f"{unique('ada')}@example.com"}

    created = client.post("/users", json=ada)
    again = client.post("/users", json=ada)

    assert created.status_code == 201
    user = created.json()["data"]
    assert created.json() == {"success": True, "message": "User created", "data": user}
    check(again, 409, "conflict", "Email already registered", [])
    check(client.post(f"/users/{user['id']}/archive"), 500, "internal_error", "Database error", [])


def test_the_documentation_requires_the_code(client: Client) -> None:
    """The documentation shows `code` in every error, as a key that is always there."""
    schema = client.get("/openapi.json").json()["components"]["schemas"]["ErrorResponse"]

    assert "code" in schema["properties"], "ErrorResponse doesn't name `code`, so /docs doesn't show it"
    assert "code" in schema["required"], "ErrorResponse names `code`, but it may be missing"
