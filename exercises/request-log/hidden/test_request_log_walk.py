# hidden-from-learners-3b9f51c2
"""Every kind of request, and the lines that a program would read: one for each, and nothing else in the file."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from urllib.parse import quote

import httpx
import pytest

from workbook.conformance.log_lines import PATIENCE, SLACK, SLOW_ONE, LinePromises, Requests, WhenRead
from workbook.conformance.pictures import noisy_picture
from workbook.conformance.walk import Walk
from workbook.plugin.cards import exchanges_of
from workbook.plugin.client import Client
from workbook.plugin.members import PASSWORD, join
from workbook.plugin.seen import WaitingTime, soon
from workbook.serving import AppFailed, Launcher, ServedApp

LINE, MIDDLE = "test_a_request_leaves_its_line", "test_what_no_route_answers_leaves_its_line"
CRASH, CLOCK = "test_a_crash_leaves_its_line", "test_the_time_is_utc"
MILLISECONDS, SECRET = "test_the_milliseconds_are_those_of_the_request", "test_nothing_secret_is_logged"
ONE_LINE, TASKS = "test_one_request_is_one_line", "test_tasks_are_no_part_of_the_response"
PROMISES = LinePromises(LINE, CLOCK, MILLISECONDS, SECRET, ONE_LINE, TASKS)
ENDS = ["%0a", "%0d", "%0d%0a", "%0b", "%0c", "%1c", "%1d", "%1e", "%c2%85", "%e2%80%a8", "%e2%80%a9"]
LARGE = 5 * 1024 * 1024 - 1024
CLOSED = 25  # requests whose client closes as soon as it has the file: what's cancelled then shows once in a while
LinesAbout = Callable[..., list[str]]
BUSY = 41  # background tasks: Starlette has 40 threads
# A place that's five and a half hours ahead of UTC, one of them for a summer that is over around the new year alone:
# that's where `time.timezone` looks, which knows four and a half.
SUMMER = "AAA-4:30BBB-5:30,J3/0,J364/23"
SLOW = 1.2  # seconds: more than one, so that what counts the rest of a second shows


@dataclass(frozen=True)
class Evening:
    """An app whose clock is ahead, so that it's evening in UTC and the next day where the app runs."""

    app: ServedApp
    ahead: timedelta


@pytest.fixture(scope="module")
def evening(
    launcher: Launcher,
    app_directory: Path,
    app_env: dict[str, str],
    module_rng: Random,
    request: pytest.FixtureRequest,
) -> Iterator[Evening]:
    """Serve the app tomorrow evening, at an hour that isn't near the real one; one that can't bear that, now."""
    now = datetime.now(UTC)
    hour = module_rng.choice([one for one in range(19, 24) if abs(one - now.hour) > 1])
    then = now.replace(hour=hour, minute=module_rng.randint(0, 50)) + timedelta(days=1)
    seconds = round((then - now).total_seconds())
    try:
        app = ServedApp(launcher, app_directory, env={**app_env, "TZ": SUMMER}, probes=True, clock=seconds)
    except AppFailed:
        app, seconds = request.getfixturevalue("served"), 0
    yield Evening(app, timedelta(seconds=seconds))
    app.stop()


@pytest.fixture
def client(evening: Evening, walk: Walk, request: pytest.FixtureRequest) -> Iterator[Client]:
    """Yield a client for the app of the walk, which is over: it has counted the lines in the file."""
    with Client(evening.app, exchanges_of(request.node)) as opened:
        yield opened


@pytest.fixture(scope="module")
def walk(
    evening: Evening, module_rng: Random, unique: Callable[[str], str], whole_log: WhenRead, patience: WaitingTime
) -> Iterator[Walk]:
    """Send every kind of request, and then read the file."""
    walk = Walk(evening.app, module_rng, unique)
    requests = Requests(walk, PROMISES, whole_log, evening.ahead, in_vain=patience.in_vain)
    with walk.step(LINE):
        ask_routes(requests)
        ask_outside_of_routes(requests)
        ask_for_paths(requests)
        crash_and_hang_up(requests)
        ask_slowly(requests)
        ask_while_tasks_run(requests)
        look_at_the_old_log(requests)
        requests.compare()
    yield walk
    walk.close()


def ask_routes(requests: Requests) -> None:
    """Ask the project's routes, its docs, and what isn't there, with every method."""
    walk, unique = requests.walk, requests.walk.unique
    name = unique("ada")
    account = {"email": f"{name}@example.com", "password": PASSWORD}
    requests.secrets[PASSWORD] = "the body of a login"
    requests.send("a registration", "POST", "/auth/register", 201, json={"name": name, **account})
    login = requests.send("a login", "POST", "/auth/login", 200, json=account)
    token = login.json()["access_token"] if login else ""
    requests.secrets[token] = "a token"
    me = {"Authorization": f"Bearer {token}"}
    requests.send("a login that fails", "POST", "/auth/login", 401, json={**account, "password": f"{PASSWORD}!"})
    new = requests.send(
        "a new post", "POST", "/posts", 201, json={"title": "T", "content": "", "published": True}, headers=me
    )
    post = f"/posts/{new.json()['id']}" if new else "/posts/1"
    image = ("a.png", noisy_picture(walk.rng))
    stored = requests.send("an upload", "POST", "/uploads/image", 201, files={"file": image}, headers=me)
    file = stored.json()["url"] if stored else "/files/none"
    tag = requests.send("a file", "GET", file, 200)
    etag = tag.headers.get("etag", '"x"') if tag else '"x"'
    for what, method, path, status, headers in (
        ("GET /", "GET", "/", 200, {}),
        ("the docs", "GET", "/docs", 200, {}),
        ("the OpenAPI document", "GET", "/openapi.json", 200, {}),
        ("the other docs", "GET", "/redoc", 200, {}),
        ("a browser's icon", "GET", "/favicon.ico", 404, {}),
        ("a phone's icon", "GET", "/apple-touch-icon.png", 404, {}),
        ("a search engine's file", "GET", "/robots.txt", 404, {}),
        ("a monitor's path", "GET", "/health", 0, {}),
        ("another monitor's path", "HEAD", "/metrics", 0, {}),
        ("a list", "GET", "/posts", 200, {}),
        ("a post", "GET", post, 200, {}),
        ("a HEAD of a post", "HEAD", post, 200, {}),
        ("a HEAD of /", "HEAD", "/", 200, {}),
        ("a path that doesn't exist", "GET", f"/{unique('nothing')}", 404, {}),
        ("a HEAD of a path that doesn't exist", "HEAD", f"/{unique('nothing')}", 404, {}),
        ("a POST to a path that doesn't exist", "POST", f"/{unique('nothing')}", 404, {}),
        ("an id that is a word", "GET", f"/posts/{unique('word')}", 422, {}),
        ("a method that a route doesn't take", "PUT", post, 405, {}),
        ("a method that no route takes", "PROPFIND", f"/{unique('nothing')}", 404, {}),
        ("an OPTIONS that's no preflight", "OPTIONS", post, 405, {}),
        ("a DELETE without a login", "DELETE", post, 401, {}),
        ("a DELETE with a bad token", "DELETE", post, 401, {"Authorization": f"Bearer {unique('token')}"}),
        ("a part of a file", "GET", file, 206, {"Range": "bytes=0-9"}),
        ("a part that a file doesn't have", "GET", file, 416, {"Range": "bytes=99999999-"}),
        ("a file that the client has already", "GET", file, 304, {"If-None-Match": etag}),
        ("a HEAD of a file", "HEAD", file, 200, {}),
        ("a file that doesn't exist", "GET", f"/files/{unique('none')}.png", 404, {}),
        ("a POST to a file", "POST", file, 405, {}),
        ("a refused PATCH", "PATCH", f"{post}/", 0, me),
        ("a deleted post", "DELETE", post, 204, me),
        ("a deleted post once more", "DELETE", post, 404, me),
    ):
        requests.send(what, method, path, status, headers=headers)


def ask_outside_of_routes(requests: Requests) -> None:
    """Send what a middleware answers: preflights, bodies that are too large, and requests without the API key."""
    unique = requests.walk.unique
    preflight = {"Access-Control-Request-Method": "PATCH"}
    good, bad = {"Origin": "http://localhost:3000", **preflight}, {"Origin": "http://evil.example", **preflight}
    requests.send("a preflight", "OPTIONS", f"/posts/{unique('word')}", 200, MIDDLE, headers=good)
    requests.send(
        "a preflight of a path that doesn't exist", "OPTIONS", f"/{unique('nothing')}", 200, MIDDLE, headers=good
    )
    requests.send("a preflight of a file", "OPTIONS", f"/files/{unique('none')}", 200, MIDDLE, headers=good)
    for _ in range(20):  # lines that are equal, to the millisecond
        requests.send("the same preflight again", "OPTIONS", "/posts", 200, MIDDLE, headers=good)
    requests.send("a preflight that's refused", "OPTIONS", f"/{unique('nothing')}", 400, MIDDLE, headers=bad)
    large = b"x" * 300_000
    requests.send("a body that's too large", "POST", f"/{unique('large')}", 413, MIDDLE, content=large)
    requests.send(
        "a body that's too large, for a route", "PATCH", f"/posts/{unique('large')}", 413, MIDDLE, content=large
    )
    requests.send("a request without the API key", "GET", f"/internal/{unique('door')}", 401, MIDDLE)
    requests.send("a POST without the API key", "POST", "/internal/stats", 401, MIDDLE)


def ask_for_paths(requests: Requests) -> None:
    """Ask for paths of every kind, and for those that have an end of line in them."""
    unique = requests.walk.unique
    for what, tail in {
        "a space": "%20x",
        "letters of other languages": "%C3%A9%E6%97%A5",
        "an escaped slash": "%2Fx",
        "an escaped question mark": "%3Fx=1",
        "an escaped percent sign": "%2541",
        "percent signs as in a format": "%25s%25d%25",
        "braces": "%7Bx%7D%7B%7D",
        "capital letters": "/Upper/CASE",
        "an escaped number sign": "%23x",
        "a semicolon and signs": ";a=1,b:c@d+e",
        "a slash at its end": "/",
        "quotes and brackets": "%22%5Bx%5D",
        "two thousand letters": "x" * 2000,
        "two slashes": "//x",
        "bytes that are no UTF-8": "%ff%fe",
    }.items():
        requests.send(f"a path with {what}", "GET", f"/{unique('path')}{tail}", 404)
    ask_unescaped(requests, f"/{unique('path')}{{x}}{{}}{{0}}{{status}}")
    for end in ENDS:
        for method, status in (("GET", 404), ("DELETE", 404)) if end in {"%0a", "%e2%80%a8"} else (("GET", 404),):
            forged = quote("[2026-01-01 00:00:00] GET /forged 200 1ms")
            name = unique("forged")
            tail = unique("tail")
            ask_for_an_end(requests, method, name, f"/{name}{end}{forged}{end}{tail}", status, end, tail)


def ask_unescaped(requests: Requests, path: str) -> None:
    """Ask for a path with signs that most clients escape, and curl sends as they are."""
    began = datetime.now(UTC).replace(tzinfo=None)
    with asked_for(requests.walk.app, path) as connection:
        while connection.recv(4096):
            pass
    requests.note("a path with braces that aren't escaped", "GET", path, 404, LINE, began, PATIENCE)


def ask_for_an_end(requests: Requests, method: str, name: str, path: str, status: int, end: str, tail: str) -> None:
    """Ask for a path with ends of line in it: however they're written, there is one line with its name and its tail."""
    walk = requests.walk
    before = len(requests.sent)
    requests.send(f"a path with {end}", method, path, status, ONE_LINE)
    del requests.sent[before:]

    def theirs() -> list[str]:
        return [line for line in requests.read_log(walk.app) if name in line]

    requests.wait_until(lambda: bool(theirs()), briefly=bool(walk.noted.get(ONE_LINE)))
    lines, found = requests.read_log(walk.app), theirs()
    forged = [line for line in lines if line.startswith("[2026-01-01 00:00:00] GET /forged 200 1ms")]
    said = f"A path with {end} in it has left no line."
    if walk.expect(len(found) > 0, True, ONE_LINE, said, root="no line"):
        said = f"{end} in a path ends its line, so its sender can write the next one: escape such characters."
        walk.expect(forged, [], ONE_LINE, said, root="forged")
        said = f"A request for a path with {end} has left more than one line."
        walk.expect(len(found), 1, ONE_LINE, said, root="forged")
        said = f"The line of a path with {end} in it ends there: log the whole path, with such characters escaped."
        walk.expect(tail in found[0], True, ONE_LINE, said, root="forged")
    requests.others += len(found)


def look_at_the_old_log(requests: Requests) -> None:
    """Look whether RequestLogMiddleware still does its own work: its line on standard error, and its headers."""
    walk = requests.walk
    response = requests.send("a path that doesn't exist", "GET", path := f"/{walk.unique('nothing')}", 404)
    has_headers = response is not None and {"x-request-id", "x-process-time"} <= response.headers.keys()
    said = "RequestLogMiddleware is gone: a response lacks the headers X-Request-ID and X-Process-Time."
    walk.expect(has_headers, True, LINE, said, root="old log")
    is_there = soon(lambda: f"GET {path} 404" in walk.app.log, PATIENCE, every=0.02)
    said = "The project's own log on standard error no longer has a line for a request: leave it as it was."
    walk.expect(is_there, True, LINE, said, root="old log")


def crash_and_hang_up(requests: Requests) -> None:
    """Crash before the response and in the middle of it, and hang up on a body and on a file."""
    walk, app = requests.walk, requests.walk.app
    requests.send("a crash", "GET", "/_probe/crash", 500, CRASH)
    requests.send("a crash in the middle of a response", "GET", "/_probe/broken", 200, CRASH)
    with walk.step(CRASH):
        path, began = "/_probe/crash", datetime.now(UTC).replace(tzinfo=None)
        with Client(app, []) as client, suppress(httpx.TransportError):  # one that never sends a request again
            client.post(path)
        requests.note("a crash in a background task", "POST", path, 200, CRASH, began, PATIENCE)
        path, began = f"/posts/{walk.unique('hung-up')}", datetime.now(UTC).replace(tzinfo=None)
        with app.connect() as connection:
            head = f"PATCH {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{{"
            connection.sendall(head.encode())
            time.sleep(0.05)
        requests.note("a client that hangs up in its request", "PATCH", path, 0, CRASH, began, PATIENCE)


def ask_slowly(requests: Requests) -> None:
    """Send a request whose body takes longer than a second, and a few others meanwhile."""

    def body() -> Iterator[bytes]:
        yield b"{"
        for _ in range(3):
            time.sleep(SLOW / 3)
        yield b"}"

    path = f"/posts/{requests.walk.unique('slow')}"
    requests.send(SLOW_ONE, "PATCH", path, 0, content=body(), headers={"Content-Type": "application/json"})


def ask_while_tasks_run(requests: Requests) -> None:
    """Send a quick request while every thread for routes and tasks is busy: its line may be late, N is its own."""
    app, path, began = requests.walk.app, f"/{requests.walk.unique('quick')}", datetime.now(UTC).replace(tzinfo=None)
    with Client(app, []) as client:
        for _ in range(BUSY):
            client.post("/_probe/slow-task")
        requests.others += BUSY
        streamed, sent = f"/_probe/stream-task/{requests.walk.unique('streamed')}", time.monotonic()
        client.post(streamed)
        of_stream = time.monotonic() - sent
        start = time.monotonic()
        client.get(path)
        seconds = time.monotonic() - start
        time.sleep(SLACK / 1000 + 0.5)
        client.post("/_probe/release")
        requests.others += 1
    requests.note("a quick request while background tasks run", "GET", path, 404, MILLISECONDS, began, seconds)
    what = "a response in pieces whose background task takes its time"
    requests.note(what, "POST", streamed, 200, TASKS, began, of_stream)


def test_a_request_leaves_its_line(
    walk: Walk, request: pytest.FixtureRequest, client: Client, small_file: str, lines_about: LinesAbout
) -> None:
    """Every request leaves exactly one line in its form, whatever its method, path and status; nothing else does."""
    walk.prove(request)
    for _ in range(CLOSED):
        with asked_for(client.app, small_file) as connection:
            while connection.recv(4096):
                pass
    found = len(lines_about(client, small_file, count=CLOSED))
    said = f"{CLOSED} requests for a file, whose clients closed after its last byte, have left {found} lines: a line is"
    assert found == CLOSED, f"{said} lost if what should write it is cancelled then"


def test_what_no_route_answers_leaves_its_line(walk: Walk, request: pytest.FixtureRequest) -> None:
    """Preflights, refused ones too, bodies that are too large, and refused API keys each leave a line."""
    walk.prove(request)


def test_a_crash_leaves_its_line(
    walk: Walk, request: pytest.FixtureRequest, client: Client, large_file: str, lines_about: LinesAbout
) -> None:
    """A crash may come before a response or in it, and a client may hang up on one: each leaves one line."""
    walk.prove(request)
    with asked_for(client.app, large_file) as connection:
        assert connection.recv(4096), "the file isn't served"
    found = lines_about(client, large_file)
    assert len(found) == 1, f"a client that hung up in the middle of a file has left {len(found)} lines, and not one"
    with asked_for(client.app, stream := f"/_probe/stream/{walk.unique('name')}") as connection:
        assert connection.recv(4096), "the first half of a response never came"
    client.post("/_probe/release")
    found = lines_about(client, stream)
    assert len(found) == 1, f"a client that hung up in the middle of a stream has left {len(found)} lines, and not one"


def test_the_milliseconds_are_those_of_the_request(walk: Walk, request: pytest.FixtureRequest) -> None:
    """N is as long as the request took, for one that takes longer than a second, too."""
    walk.prove(request)


def test_tasks_are_no_part_of_the_response(walk: Walk, request: pytest.FixtureRequest) -> None:
    """N ends with the last byte of a response in pieces, and not with the background task behind it."""
    walk.prove(request)


def test_nothing_secret_is_logged(walk: Walk, request: pytest.FixtureRequest) -> None:
    """No query, token, cookie or body is in the file, whatever the method and the status."""
    walk.prove(request)


def test_one_request_is_one_line(walk: Walk, request: pytest.FixtureRequest) -> None:
    """No end of line that `str.splitlines` knows, in a path, makes a second line."""
    walk.prove(request)


def test_the_time_is_utc(walk: Walk, request: pytest.FixtureRequest) -> None:
    """Every line has the time of its request in UTC, also in the evening: where this app is, it's the next day."""
    walk.prove(request)


def stored(walk: Walk, name: str, content: bytes) -> str:
    """Store a file that anyone can read, and return its path."""
    with Client(walk.app, []) as client:
        ada = join(client, walk.unique("ada"))
        response = client.post("/uploads/image", files={"file": (name, content)}, headers=ada.headers)
    assert response.status_code == 201, "POST /uploads/image doesn't work any more"
    return str(response.json()["url"])


@pytest.fixture(scope="module")
def large_file(walk: Walk) -> str:
    """Store a file of nearly 5 MiB, which can't go out at once, and return its path."""
    return stored(walk, "a.pdf", b"%PDF-" + walk.rng.randbytes(LARGE) + b"%%EOF")


@pytest.fixture(scope="module")
def small_file(walk: Walk) -> str:
    """Store a picture, which can go out at once, and return its path."""
    return stored(walk, "a.png", noisy_picture(walk.rng))


def asked_for(app: ServedApp, path: str) -> socket.socket:
    """Return a connection that has asked for the path, and will take the response in small sips."""
    connection = app.connect(receive_buffer=4096)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    return connection


def test_the_line_comes_after_the_response(client: Client, large_file: str, lines_about: LinesAbout) -> None:
    """The line is written after the response, in pieces or from a file of 5 MB, and nothing is held back."""
    with asked_for(client.app, held := "/_probe/held") as connection:
        received, half = b"", b"the first half"
        with suppress(TimeoutError):
            connection.settimeout(20)
            while half not in received and (part := connection.recv(4096)):
                received += part
            connection.settimeout(0.5)  # until it's released, the second half is a long time away
            received += connection.recv(4096)
        early = lines_about(client, held, count=0)
        client.post("/_probe/release")
        assert half in received, "the first half of a response never came"
        said = "a response is held back until it's whole: its first bytes came with its last ones"
        assert b"second" not in received, said
        connection.settimeout(20)
        while connection.recv(4096):
            pass
    assert early == [], "the line is written before the second half of a response has gone out"
    lines = lines_about(client, held)
    assert len(lines) == 1, "a response that comes in parts leaves one line"
    assert " 200 " in lines[0], "others came while this response was under way, and its line has the status of another"
    before = len(lines_about(client, large_file, count=0))
    with asked_for(client.app, large_file) as connection:
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(4096)
        early = lines_about(client, large_file, count=0)
        size = len(received)
        while part := connection.recv(65536):
            size += len(part)
    assert size > LARGE, "the file did not come whole"
    assert len(early) == before, "the line is written before the response has gone out: write it after the last byte"
    found = len(lines_about(client, large_file, count=before + 1)) - before
    assert found == 1, f"a request for a large file has left {found} lines, and should leave one"


def test_the_routes_own_tasks_run(client: Client, unique: Callable[[str], str]) -> None:
    """The tasks of a route run as before: in a thread, in the loop, and those attached to the route's own response."""
    for path in ("/_probe/task", "/_probe/async-task", "/_probe/own-task"):
        name = unique("task")
        assert client.post(path, params={"name": name}).status_code == 200
        deadline = time.monotonic() + 5
        while name.encode() not in (client.app.read("probe-tasks.txt") or b"") and time.monotonic() < deadline:
            time.sleep(0.005)
        said = "a route's background task has not run: the middleware has put its own in its place, or stopped it"
        assert name.encode() in (client.app.read("probe-tasks.txt") or b""), said
