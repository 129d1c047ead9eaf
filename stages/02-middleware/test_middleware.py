import os
import re
import socket
import time
from collections.abc import Callable

import pytest

from workbook.plugin.client import Client
from workbook.serving import ServedApp

KEY = "workbook-key"
SECURITY_HEADERS = {"x-content-type-options": "nosniff", "x-frame-options": "DENY"}


@pytest.fixture(scope="module")
def app_env() -> dict[str, str]:
    return {"API_KEY": KEY}


def lines_about(app: ServedApp, path: str, logger: str = "asgi", at_least: int = 1) -> list[str]:
    """Return the lines of `logger` about `path`, with or without a query. A line may come after the response."""
    deadline = time.monotonic() + 5
    while True:
        lines = [line for line in app.log.splitlines() if re.match(rf"{logger} \S+ {re.escape(path)}[ ?]", line)]
        if len(lines) >= at_least or time.monotonic() > deadline:
            return lines
        time.sleep(0.01)


def test_last_added_is_outermost(client: Client) -> None:
    """The middleware added last is the first to see the request and the last to see the response."""
    response = client.get("/order")

    assert response.json() == ["last in", "first in", "route"]
    assert response.headers.get_list("x-trace") == ["first out", "last out"]


def test_every_request_leaves_one_line(client: Client, served: ServedApp, unique: Callable[[str], str]) -> None:
    """Every request leaves one log line with method, path, status and duration, a 404 too."""
    path = f"/{unique('nothing')}"

    client.post(path)

    lines = lines_about(served, path)
    assert len(lines) == 1, f"expected one line about {path}, saw {lines}"
    assert re.fullmatch(rf"asgi POST {path} 404 \d+ms author=- id=[0-9a-f]{{32}}", lines[0]), (
        f"the line reads: {lines[0]}"
    )


def test_responses_carry_time_id_and_security_headers(client: Client) -> None:
    """A response that passes these layers has its processing time, a request id and the security headers."""
    response = client.get("/posts/1")

    assert response.json() == {"id": 1, "title": "Hello", "author": "Ada"}
    assert {name: response.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers.get("x-request-id", "")), "no request id in X-Request-ID"
    assert re.fullmatch(r"\d+\.\d\dms", response.headers.get("x-process-time", "")), "no duration in X-Process-Time"


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}, {"X-API-Key": ""}], ids=["none", "wrong", "empty"])
def test_internal_needs_the_key(client: Client, headers: dict[str, str]) -> None:
    """Everything below /internal needs the API key, and a refusal says so with 401."""
    refused = client.get("/internal/stats", headers=headers)
    admitted = client.get("/internal/stats", headers={"X-API-Key": KEY})

    assert (refused.status_code, refused.json()) == (401, {"detail": "Invalid API key"})
    assert refused.headers["www-authenticate"] == "ApiKey"
    assert (admitted.status_code, admitted.json()) == (200, {"posts": 2})


@pytest.mark.deeper
def test_no_key_configured_admits_nobody(fresh_app: Callable[..., Client]) -> None:
    """If no key is configured, the guard lets no one in, not even with an empty key."""
    client = fresh_app(API_KEY="")

    assert client.get("/internal/stats").status_code == 401
    assert client.get("/internal/stats", headers={"X-API-Key": ""}).status_code == 401


@pytest.mark.deeper
@pytest.mark.parametrize("key", ["schlüssel".encode(), "schlüssel".encode("latin-1")], ids=["UTF-8", "another"])
def test_a_key_may_have_any_letters(fresh_app: Callable[..., Client], key: bytes) -> None:
    """A key with letters outside ASCII opens the door when its bytes are the same, in UTF-8 or not."""
    client = fresh_app(API_KEY=os.fsdecode(key))

    assert client.get("/internal/stats", headers=[(b"X-API-Key", key)]).status_code == 200


@pytest.mark.deeper
@pytest.mark.parametrize("path", ["/health", "/posts/1", "/posts/99", "/internal/stats"])
def test_head_is_answered_like_get(client: Client, path: str) -> None:
    """HEAD, which monitors send, gets GET's status and no body; below /internal it needs the key too."""
    asked, got = client.head(path), client.get(path)

    assert (asked.status_code, asked.content) == (got.status_code, b"")


@pytest.mark.deeper
def test_a_refusal_is_logged(client: Client, served: ServedApp, unique: Callable[[str], str]) -> None:
    """A request that a middleware refuses leaves its line too."""
    path = f"/internal/{unique('door')}"

    client.get(path)

    assert [line.split()[3] for line in lines_about(served, path)] == ["401"]


@pytest.mark.deeper
def test_an_error_of_the_route_is_marked_like_a_success(client: Client) -> None:
    """A 404 that the route raises is a response like any other: it passes every middleware, and each one marks it."""
    response = client.get("/posts/99")

    assert (response.status_code, response.json()) == (404, {"detail": "Post not found"})
    assert {name: response.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert response.headers.get_list("x-trace") == ["first out", "last out"]


@pytest.mark.deeper
def test_a_crash_is_logged(client: Client, served: ServedApp) -> None:
    """A crash leaves a line with 500 from the pure ASGI log; the `@app.middleware` log never learns of it."""
    assert client.get("/crash").status_code == 500

    assert [line.split()[3] for line in lines_about(served, "/crash")] == ["500"]
    assert "simple GET /crash" not in served.log


@pytest.mark.deeper
def test_a_crash_is_marked(client: Client) -> None:
    """A crash's 500 carries the caller's request id and the security headers, though no middleware can mark it."""
    response = client.get("/crash", headers={"X-Request-ID": "trace-me-7"})

    assert (response.status_code, response.json()) == (500, {"detail": "Internal server error"})
    assert {name: response.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert response.headers.get("x-request-id") == "trace-me-7"
    assert "x-process-time" not in response.headers


@pytest.mark.deeper
def test_a_stream_is_timed_to_its_last_byte(client: Client, served: ServedApp) -> None:
    """A stream of 60 ms is logged as such by the pure ASGI log; `@app.middleware` logs its first byte only."""
    seen_by_asgi: list[int] = []
    seen_by_simple: list[int] = []
    while len(seen_by_simple) < 5 and min(seen_by_simple, default=60) > 30:  # a busy machine may delay a first byte
        assert client.get("/posts/export").text == "1;Hello\n2;Onions\n"
        number = len(seen_by_asgi) + 1
        seen_by_asgi, seen_by_simple = (
            [int(line.split()[4].removesuffix("ms")) for line in lines_about(served, "/posts/export", logger, number)]
            for logger in ("asgi", "simple")
        )
        assert len(seen_by_asgi) == len(seen_by_simple) == number

    assert min(seen_by_asgi) >= 58, f"a whole response takes 60 ms, logged was: {seen_by_asgi} ms"
    assert min(seen_by_simple) <= 30, f"expected the time to the first byte, logged was: {seen_by_simple} ms"


@pytest.mark.deeper
def test_context_variables_reach_the_pure_form_alone(client: Client, served: ServedApp) -> None:
    """A context variable set in the route is seen by the pure ASGI log, and hidden from `@app.middleware`."""
    client.get("/posts/2")

    assert [line.split()[5] for line in lines_about(served, "/posts/2")] == ["author=Grace"]
    assert [line.split()[5] for line in lines_about(served, "/posts/2", "simple")] == ["author=-"]


@pytest.mark.deeper
def test_a_query_is_not_logged(client: Client, served: ServedApp, unique: Callable[[str], str]) -> None:
    """What comes after the question mark, for example a token, isn't logged."""
    path, secret = f"/{unique('nothing')}", unique("secret")

    client.get(path, params={"token": secret})

    lines = lines_about(served, path) + lines_about(served, path, "simple")
    assert len(lines) == 2, f"expected a line of each log about {path}, saw {lines}"
    assert [line for line in lines if secret in line] == []


@pytest.mark.deeper
def test_a_newline_in_the_path_makes_no_second_line(
    client: Client, served: ServedApp, unique: Callable[[str], str]
) -> None:
    """An end of line smuggled into the path can't forge a log line."""
    name = unique("forged")

    for end in ("%0a", "%0d", "%c2%85", "%e2%80%a8"):
        client.get(f"/x{end}asgi GET /{name} 200 1ms author=-")
        assert lines_about(served, f"/x{end}asgi%20GET%20/{name}%20200%201ms%20author=-")

    assert [
        line for line in served.log.splitlines() if line.startswith((f"asgi GET /{name}", f"simple GET /{name}"))
    ] == []


@pytest.mark.deeper
@pytest.mark.parametrize("given", ["trace-me-7", "A" * 64])
def test_a_sound_request_id_is_kept(client: Client, given: str) -> None:
    """A request id that the caller sends is kept, so that one id follows a request through several services."""
    assert client.get("/health", headers={"X-Request-ID": given}).headers["x-request-id"] == given


@pytest.mark.deeper
@pytest.mark.parametrize("path", ["/posts/1", "/posts/99", "/crash"])
def test_the_log_names_the_request(client: Client, served: ServedApp, unique: Callable[[str], str], path: str) -> None:
    """The request id of a response, a crash's too, is in the pure ASGI log's line, so that the line can be found."""
    name = unique("trace")

    client.get(path, headers={"X-Request-ID": name})

    deadline = time.monotonic() + 5
    while f" id={name}\n" not in served.log and time.monotonic() < deadline:
        time.sleep(0.01)
    assert re.search(rf"^asgi GET {path} .* id={name}$", served.log, re.MULTILINE)


@pytest.mark.deeper
@pytest.mark.parametrize("given", ["two words", "A" * 65, "é"], ids=["space", "long", "letter"])
def test_a_hostile_request_id_is_replaced(client: Client, given: str) -> None:
    """A request id that could spoil a log is replaced by a new one."""
    response = client.get("/health", headers=[(b"X-Request-ID", given.encode())])

    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["x-request-id"])


@pytest.mark.deeper
def test_a_caller_that_hangs_up_is_logged(served: ServedApp, unique: Callable[[str], str]) -> None:
    """A client that hangs up in the middle of a stream leaves its line anyway."""
    path = "/posts/export"
    before = len(lines_about(served, path, at_least=0))
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as caller:
        caller.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Id: {unique('gone')}\r\n\r\n".encode())
        assert caller.recv(4096).startswith(b"HTTP/1.1 200")

    deadline = time.monotonic() + 5
    while len(lines_about(served, path)) == before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(lines_about(served, path)) == before + 1
