import re
import time
from collections.abc import Callable

import httpx
import pytest
from workbook.plugin.client import Client
from workbook.plugin.members import Member
from workbook.serving import ServedApp

FRONTEND = {"Origin": "http://localhost:3000"}
API_KEY = "key-of-the-operators"
SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}
PREFLIGHT = {
    **FRONTEND,
    "Access-Control-Request-Method": "PATCH",
    "Access-Control-Request-Headers": "authorization",
}
LINE = re.compile(
    r"^\S+Z INFO \[([\w-]+)\] blog\.access: (\S+ \S+ \S+) \d+ms$",
    re.MULTILINE,
)


def lines_of(app: ServedApp, response: httpx.Response) -> list[str]:
    """Return method, path and status of this request's lines in the access log, which may come after the response."""
    deadline, name = time.monotonic() + 10, response.headers["x-request-id"]
    while (
        not (found := [line for id_, line in LINE.findall(app.log) if id_ == name])
        and time.monotonic() < deadline
    ):
        time.sleep(0.005)
    return found


def send(client: Client, what: str) -> httpx.Response:
    """Send the request that `what` names: a method and a path."""
    method, _, path = what.partition(" ")
    return client.request(
        method, path, headers=PREFLIGHT if method == "OPTIONS" else FRONTEND
    )


EVERY_KIND = [
    "GET /",
    "GET /nothing",
    "PUT /posts",
    "GET /users",
    "GET /posts?limit=0",
    "OPTIONS /posts",
    "GET /files/x",
]


@pytest.mark.parametrize("what", [*EVERY_KIND, "GET /internal/stats"])
def test_every_response_is_named_timed_and_guarded(client: Client, what: str) -> None:
    """Every response, errors and preflights too, has a request id, its time and the security headers."""
    response = send(client, what)

    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["x-request-id"])
    assert re.fullmatch(r"\d+\.\d\dms", response.headers["x-process-time"])
    assert {
        name: response.headers.get(name) for name in SECURITY_HEADERS
    } == SECURITY_HEADERS


@pytest.mark.parametrize("what", [*EVERY_KIND, "GET /internal/stats"])
def test_a_page_can_read_every_response(client: Client, what: str) -> None:
    """A page on an allowed origin may read every response, errors too; a page on another origin may read none."""
    assert (
        send(client, what).headers.get("access-control-allow-origin")
        == FRONTEND["Origin"]
    )

    method, _, path = what.partition(" ")
    foreign = client.request(
        method, path, headers=PREFLIGHT | {"Origin": "https://evil.example"}
    )
    assert "access-control-allow-origin" not in foreign.headers


def test_a_page_can_read_the_request_id(client: Client) -> None:
    """The request id and the time are exposed to pages; cookies aren't allowed, because no route reads any."""
    headers = client.get("/", headers=FRONTEND).headers

    exposed = {
        name.strip().lower()
        for name in headers["access-control-expose-headers"].split(",")
    }
    assert {"x-request-id", "x-process-time"} <= exposed
    assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize(
    "method, allowed", [("PATCH", True), ("DELETE", True), ("PUT", False)]
)
def test_a_preflight_is_answered_by_the_middleware(
    client: Client, method: str, allowed: bool
) -> None:
    """A preflight is allowed for the methods that the app has, with Authorization, and refused for others."""
    response = client.options(
        "/posts/1", headers=PREFLIGHT | {"Access-Control-Request-Method": method}
    )

    assert (response.status_code == 200) == allowed
    if allowed:
        assert method in response.headers["access-control-allow-methods"]
        assert (
            "authorization" in response.headers["access-control-allow-headers"].lower()
        )


def test_a_request_id_is_kept_if_it_is_harmless(client: Client) -> None:
    """A caller's request id is kept if it's short and plain; anything else is replaced."""
    for given, kept in (
        ("trace-42_A", True),
        ("a" * 64, True),
        ("a" * 65, False),
        ("a b", False),
        ("<script>", False),
    ):
        response = client.get("/", headers={"X-Request-ID": given})
        assert (response.headers["x-request-id"] == given) == kept, given


@pytest.mark.parametrize("what", EVERY_KIND)
def test_every_request_has_one_line(client: Client, what: str) -> None:
    """Every request, preflights, files and refusals too, leaves one line with its id, path and status."""
    response = send(client, what)

    method, _, path = what.partition(" ")
    assert lines_of(client.app, response) == [
        f"{method} {path.partition('?')[0]} {response.status_code}"
    ]


def test_no_query_and_no_control_character_reaches_the_log(
    client: Client, unique: Callable[[str], str]
) -> None:
    """A token in the query isn't logged, and a newline in the path doesn't make a second line."""
    secret, before = unique("secret"), client.app.log_size

    response = client.get(f"/posts%0aforged%1b[31m%c3%bc?token={secret}")

    assert lines_of(client.app, response) == ["GET /posts%0aforged%1b[31m%c3%bc 404"]
    assert secret not in client.app.log_since(before)


def test_uvicorn_writes_no_second_line(
    client: Client, unique: Callable[[str], str]
) -> None:
    """A request is logged once: uvicorn's own access log is off."""
    path = f"/{unique('path')}"

    response = client.get(path)

    assert lines_of(client.app, response) == [f"GET {path} 404"]
    assert client.app.log.count(path) == 1


@pytest.mark.parametrize(
    "key, status",
    [(None, 401), ("", 401), ("wrong", 401), (API_KEY + "x", 401), (API_KEY, 200)],
)
@pytest.mark.parametrize("path", ["/internal/stats", "/internal/logins"])
def test_internal_needs_the_key(
    client: Client, path: str, key: str | None, status: int
) -> None:
    """Everything below /internal needs the API key, and a refusal says how to send it."""
    response = client.get(path, headers={} if key is None else {"X-API-Key": key})

    assert response.status_code == status
    if status == 401:
        assert response.headers["www-authenticate"] == "ApiKey"
        assert response.json()["message"] == "Send the API key: X-API-Key: KEY"


@pytest.mark.parametrize("path", ["/internal/nothing", "/internal", "/internal/"])
def test_internal_tells_strangers_nothing(client: Client, path: str) -> None:
    """Without the key you can't find out which paths there are below /internal."""
    assert client.get(path).status_code == 401


def test_without_a_key_nobody_enters(
    fresh_app: Callable[..., Client], new_database: Callable[[], str]
) -> None:
    """If no API key is set, an empty one opens nothing."""
    client = fresh_app(API_KEY="", DATABASE_URL=new_database())

    assert client.get("/internal/stats", headers={"X-API-Key": ""}).status_code == 401


def test_stats_count(client: Client, ada: Member) -> None:
    """/internal/stats counts users and posts, drafts apart."""
    key = {"X-API-Key": API_KEY}
    before = client.get("/internal/stats", headers=key).json()

    for published in (True, False):
        post = {"title": "T", "content": "", "published": published}
        assert client.post("/posts", json=post, headers=ada.headers).status_code == 201

    after = client.get("/internal/stats", headers=key).json()
    assert {name: after[name] - before[name] for name in after} == {
        "users": 0,
        "posts": 2,
        "published": 1,
    }
