# hidden-from-learners-3b9f51c2
"""Every kind of request, and the lines that a program would read: one for each, and nothing else in the file."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, unquote

import httpx
import pytest

from workbook.conformance.pictures import noisy_picture
from workbook.conformance.walk import Walk
from workbook.plugin.client import Client
from workbook.plugin.members import PASSWORD
from workbook.plugin.stored import soon
from workbook.serving import AppFailed, Launcher, ServedApp

LINE, MIDDLE = "test_a_request_leaves_its_line", "test_what_no_route_answers_leaves_its_line"
CRASH, CLOCK = "test_a_crash_leaves_its_line", "test_the_time_is_utc"
MILLISECONDS, SECRET = "test_the_milliseconds_are_those_of_the_request", "test_nothing_secret_is_logged"
ONE_LINE = "test_one_request_is_one_line"
FORM = re.compile(r"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\] ([A-Z]{1,20}) (.{1,9000}) (\d{3}) (\d{1,20})ms")
# A line that a person would still understand: it breaks the promise of the form, and the others look at its parts.
LIKE_IT = re.compile(
    r"\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)\S{0,20} {1,5}"
    r"([A-Z]{1,20}) (.{1,9000}) (\d{3}) (\d{1,20})(?:\.\d{1,9})? ?ms"
)
ENDS = ["%0a", "%0d", "%0d%0a", "%0b", "%0c", "%1c", "%1d", "%1e", "%c2%85", "%e2%80%a8", "%e2%80%a9"]
SLOW = 1.2  # seconds: more than one, so that what counts the rest of a second shows
LEAST = 700  # milliseconds of it that the line has to have, on a machine that's busy
SLACK = 1500  # milliseconds that it may have more than the request took
PATIENCE = 5.0  # seconds, for a line
WhenRead = Callable[..., list[str]]


@dataclass
class Sent:
    """A request: what it is in words, what its line has to say, and how long it took. A status of 0 may be any."""

    what: str
    method: str
    path: str
    status: int
    promise: str
    began: datetime
    seconds: float
    number: int

    def lines_in(self, found: Iterable[re.Match[str]]) -> list[re.Match[str]]:
        """Return the lines with its method and its path."""
        return [one for one in found if one[2] == self.method and self.is_written(one[3])]

    def is_written(self, path: str) -> bool:
        """Return whether that's its path: as it was sent, decoded, or escaped in one way or another."""
        plain = unquote(self.path)
        path = path if path in {self.path, plain} else path.partition("?")[0]  # a query is another promise's
        if path in {self.path, plain} or unquote(path) == plain:
            return True
        with suppress(UnicodeDecodeError):
            return path.encode("latin-1", "backslashreplace").decode("unicode_escape") == plain
        return False


def parsed(lines: Iterable[str]) -> list[re.Match[str]]:
    """Return the lines that tell of a request."""
    return list(filter(None, (FORM.fullmatch(line) or LIKE_IT.fullmatch(line) for line in lines)))


class Requests:
    """Requests that were sent with a secret each, and the lines that they left."""

    def __init__(self, walk: Walk, read: WhenRead) -> None:
        self.walk, self.read_log = walk, read
        self.sent: list[Sent] = []
        self.secrets: dict[str, str] = {}
        self.others = 0  # lines of requests that aren't in `sent`
        self.is_patient = True

    def send(
        self, what: str, method: str, path: str, status: int, promise: str = LINE, **options: Any
    ) -> httpx.Response | None:
        """Send a request with a secret in its query, and one in a cookie; note what its line has to say."""
        walk = self.walk
        secret, cookie = walk.unique("query"), walk.unique("cookie")
        self.secrets |= {secret: f"the query of {what}", cookie: f"a cookie of {what}"}
        headers = {"Cookie": f"session={cookie}", **options.pop("headers", {})}
        request = walk.client.build_request(method, walk.app.url, headers=headers, **options)
        request.url = httpx.URL(walk.app.url).copy_with(raw_path=f"{path}?token={secret}".encode())
        path = request.url.raw_path.decode().partition("?")[0]
        self.let_lines_come(method, path)
        began, clock = datetime.now(UTC).replace(tzinfo=None), time.monotonic()
        reply = None
        with suppress(httpx.RemoteProtocolError, httpx.ReadError):
            reply = walk.client.send(request)
        if reply is not None and status and reply.status_code != status:
            walk.blame(
                promise,
                f"{what[:1].upper()}{what[1:]} isn't answered as before.",
                reply.status_code,
                status,
                root="answer",
            )
            status = reply.status_code
        self.note(what, method, path, status, promise, began, time.monotonic() - clock)
        return reply

    def note(
        self, what: str, method: str, path: str, status: int, promise: str, began: datetime, seconds: float
    ) -> None:
        """Note a request that was sent."""
        self.sent.append(Sent(what, method, path, status, promise, began, seconds, len(self.walk.client.exchanges)))

    def let_lines_come(self, method: str, path: str) -> None:
        """Wait for the lines of earlier requests like the next one: a line may come late, and they're told by order."""
        earlier = [one for one in self.sent if (one.method, one.path) == (method, path)]
        if earlier and self.is_patient:
            self.is_patient = soon(
                lambda: len(earlier[0].lines_in(parsed(self.read_log(self.walk.app)))) >= len(earlier)
            )

    def compare(self) -> None:
        """Compare the lines in the file with the requests, as soon as there's one for each."""
        deadline = time.monotonic() + PATIENCE
        while len(lines := self.read_log(self.walk.app)) < len(self.sent) + self.others and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.1)  # for a line too many
        lines = self.read_log(self.walk.app)
        self.compare_secrets(lines)
        found = parsed(lines)
        expected = Counter((sent.method, sent.path) for sent in self.sent)
        asked: Counter[tuple[str, str]] = Counter()
        claimed = 0
        for sent in self.sent:
            theirs = sent.lines_in(found)
            count = expected[sent.method, sent.path]
            if not self.has_its_lines(sent, theirs, count, lines):
                continue
            one = theirs[asked[sent.method, sent.path]]
            asked[sent.method, sent.path] += 1
            claimed += 1
            self.compare_line(sent, one)
        if not self.walk.noted:
            said = "The file has lines that no request left, or lines in another form."
            self.walk.expect(len(lines), claimed + self.others, LINE, said)

    def has_its_lines(self, sent: Sent, theirs: list[re.Match[str]], count: int, lines: list[str]) -> bool:
        """Look whether a request has as many lines as it was sent times."""
        if len(theirs) == count:
            self.walk.held[sent.promise] += 1
            return True
        name = sent.path.rpartition("/")[2]
        like = [line for line in lines if name and name in line and "marker" not in line][:3]
        root = ("lines", sent.promise)
        if not theirs and like and sent.promise != ONE_LINE:
            self.blame_form(sent, sent.promise, like[0])
        else:
            said = f"{sent.what[:1].upper()}{sent.what[1:]} has left {len(theirs)} lines, and should have left {count}."
            if not theirs:
                said = f"{sent.what[:1].upper()}{sent.what[1:]} has left no line."
            self.blame(sent, sent.promise, said, [one[0] for one in theirs] or None, None, root=root)
        return False

    def compare_line(self, sent: Sent, line: re.Match[str]) -> None:
        """Compare a line with its request."""
        walk = self.walk
        if not FORM.fullmatch(line[0]):
            self.blame_form(sent, LINE, line[0])
        if sent.status and int(line[4]) != sent.status:
            said = f"The line of {sent.what} has another status than its response."
            self.blame(sent, sent.promise, said, int(line[4]), sent.status, root=("status", sent.promise))
        told = self.time_of(line)
        is_now = told is not None and (
            sent.began - timedelta(seconds=2) <= told <= sent.began + timedelta(seconds=sent.seconds + 10)
        )
        if not is_now:
            said = "The time of a line isn't the time of its request, in UTC."
            self.blame(sent, CLOCK, said, line[1], f"{sent.began:%Y-%m-%d %H:%M:%S}", root="time")
        else:
            walk.held[CLOCK] += 1
        milliseconds, most = int(line[5]), round(sent.seconds * 1000) + SLACK
        if milliseconds > most:
            said = f"The line of {sent.what} says more milliseconds than the request has taken."
            self.blame(sent, MILLISECONDS, said, milliseconds, f"{most} or less", root="too long")
        if sent.what == "a slow request":
            said = "A request whose body took longer than a second has a line that says less: count from its arrival."
            if milliseconds < LEAST:
                self.blame(sent, MILLISECONDS, said, milliseconds, f"{LEAST} or more", root="too short")
            walk.held[MILLISECONDS] += 1

    def time_of(self, line: re.Match[str]) -> datetime | None:
        with suppress(ValueError):
            return datetime.fromisoformat(line[1])
        return None

    def compare_secrets(self, lines: list[str]) -> None:
        """Look for secrets in the file."""
        log = "\n".join(lines)
        for secret, where in self.secrets.items():
            if secret in log:
                line = next((line for line in lines if secret in line), "")
                self.walk.blame(SECRET, f"The log has a secret in it, from {where}.", line, None, root="secret")
        self.walk.held[SECRET] += bool(lines)

    def blame_form(self, sent: Sent, promise: str, line: str) -> None:
        """Note that a line isn't in the form that the README gives."""
        said = f"The line of {sent.what} isn't in the form [YYYY-MM-DD HH:MM:SS] METHOD path status Nms."
        wanted = f"[YYYY-MM-DD HH:MM:SS] {sent.method} {sent.path} {sent.status or 'NNN'} Nms"
        self.blame(sent, promise, said, line, wanted, root="form")

    def blame(self, sent: Sent, promise: str, said: str, got: Any, expected: Any, *, root: Any) -> None:
        """Note a difference beside the request that it's about."""
        self.walk.blame(promise, said, got, expected, root=root)
        noted = [one for of_one in self.walk.noted.values() for one in of_one][-1]
        noted.exchanges[:] = self.walk.client.exchanges[max(0, sent.number - 1) : sent.number]


@pytest.fixture(scope="module")
def walk(served: ServedApp, module_rng: Random, unique: Callable[[str], str], whole_log: WhenRead) -> Iterator[Walk]:
    """Send every kind of request, and then read the file."""
    walk = Walk(served, module_rng, unique)
    requests = Requests(walk, whole_log)
    with walk.step(LINE):
        ask_routes(requests)
        ask_outside_of_routes(requests)
        ask_for_paths(requests)
        crash_and_hang_up(requests)
        ask_slowly(requests)
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
    for end in ENDS:
        for method, status in (("GET", 404), ("DELETE", 404)) if end in {"%0a", "%e2%80%a8"} else (("GET", 404),):
            forged = quote("[2026-01-01 00:00:00] GET /forged 200 1ms")
            name = unique("forged")
            ask_for_an_end(requests, method, name, f"/{name}{end}{forged}", status, end)


def ask_for_an_end(requests: Requests, method: str, name: str, path: str, status: int, end: str) -> None:
    """Ask for a path with an end of line in it: however that is written, there is one line with the name."""
    walk = requests.walk
    before = len(requests.sent)
    requests.send(f"a path with {end}", method, path, status, ONE_LINE)
    del requests.sent[before:]
    deadline = time.monotonic() + (PATIENCE if not walk.noted.get(ONE_LINE) else 0.2)
    while not (found := [line for line in requests.read_log(walk.app) if name in line]) and time.monotonic() < deadline:
        time.sleep(0.01)
    lines = requests.read_log(walk.app)
    forged = [line for line in lines if line.startswith("[2026-01-01 00:00:00] GET /forged 200 1ms")]
    said = f"A path with {end} in it has left no line."
    if walk.expect(len(found) > 0, True, ONE_LINE, said, root="no line"):
        said = f"{end} in a path ends its line, and whoever sent it writes the next one: escape such characters."
        walk.expect(forged, [], ONE_LINE, said, root="forged")
        said = f"A request for a path with {end} has left more than one line."
        walk.expect(len(found), 1, ONE_LINE, said, root="forged")
    requests.others += len(found)


def look_at_the_old_log(requests: Requests) -> None:
    """Look whether RequestLogMiddleware still does its own work: its line on standard error, and its headers."""
    walk = requests.walk
    reply = requests.send("a path that doesn't exist", "GET", path := f"/{walk.unique('nothing')}", 404)
    has_headers = reply is not None and {"x-request-id", "x-process-time"} <= reply.headers.keys()
    said = "RequestLogMiddleware is gone: a response lacks the headers X-Request-ID and X-Process-Time."
    walk.expect(has_headers, True, LINE, said, root="old log")
    deadline = time.monotonic() + PATIENCE
    while not (is_there := f"GET {path} 404" in walk.app.log) and time.monotonic() < deadline:
        time.sleep(0.02)
    said = "The project's own log on standard error has no line for a request any more: leave it as it was."
    walk.expect(is_there, True, LINE, said, root="old log")


def crash_and_hang_up(requests: Requests) -> None:
    """Crash before the response and in the middle of it, and hang up on a body and on a file."""
    walk, app = requests.walk, requests.walk.app
    requests.send("a crash", "GET", "/_probe/crash", 500, CRASH)
    requests.send("a crash in the middle of a response", "GET", "/_probe/broken", 200, CRASH)
    with walk.step(CRASH):
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
    requests.send("a slow request", "PATCH", path, 0, content=body(), headers={"Content-Type": "application/json"})


def test_a_request_leaves_its_line(walk: Walk, request: pytest.FixtureRequest) -> None:
    """Every request leaves exactly one line in its form, whatever its method, path and status; nothing else does."""
    walk.prove(request)


def test_what_no_route_answers_leaves_its_line(walk: Walk, request: pytest.FixtureRequest) -> None:
    """Preflights, refused ones too, bodies that are too large, and refused API keys each leave a line."""
    walk.prove(request)


def test_a_crash_leaves_its_line(walk: Walk, request: pytest.FixtureRequest) -> None:
    """A crash leaves one line, also in the middle of a response, and so does a client that hangs up."""
    walk.prove(request)


def test_the_milliseconds_are_those_of_the_request(walk: Walk, request: pytest.FixtureRequest) -> None:
    """N is as long as the request took, for one that takes longer than a second, too."""
    walk.prove(request)


def test_nothing_secret_is_logged(walk: Walk, request: pytest.FixtureRequest) -> None:
    """No query, token, cookie or body is in the file, whatever the method and the status."""
    walk.prove(request)


def test_one_request_is_one_line(walk: Walk, request: pytest.FixtureRequest) -> None:
    """No end of line that `str.splitlines` knows, in a path, makes a second line."""
    walk.prove(request)


def test_the_time_is_utc(
    walk: Walk,
    request: pytest.FixtureRequest,
    launcher: Launcher,
    app_directory: Path,
    app_env: dict[str, str],
    module_rng: Random,
    unique: Callable[[str], str],
    whole_log: WhenRead,
) -> None:
    """Every line has the time of its request in UTC, in the afternoon as well."""
    walk.prove(request)
    now = datetime.now(UTC).replace(tzinfo=None)
    then = now.replace(hour=module_rng.randint(13, 23), minute=module_rng.randint(0, 50)) + timedelta(days=1)
    try:
        app = ServedApp(launcher, app_directory, env=app_env, probes=True, clock=round((then - now).total_seconds()))
    except AppFailed:  # it doesn't bear a clock that is ahead
        return
    with app, Client(app, []) as client:
        client.get(path := f"/{unique('afternoon')}")
        deadline = time.monotonic() + PATIENCE
        while not (lines := [one for one in whole_log(app) if path in one]) and time.monotonic() < deadline:
            time.sleep(0.01)
    line = FORM.fullmatch(lines[0]) or LIKE_IT.fullmatch(lines[0]) if lines else None
    assert line, "the request has left no line in its form"
    told = datetime.fromisoformat(line[1])
    is_near = any(abs(told - one) < timedelta(minutes=5) for one in (then, datetime.now(UTC).replace(tzinfo=None)))
    assert is_near, f"at {then:%H:%M} UTC the line says {told:%H:%M}: the hours go to 24, and the time is UTC"
