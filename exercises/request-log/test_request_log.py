import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from workbook.plugin.client import Client
from workbook.plugin.mailbox import Mailbox
from workbook.plugin.members import PASSWORD, Member
from workbook.serving import ServedApp

PREFLIGHT = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "PATCH"}
SLACK = 1000  # milliseconds; this machine may be busy
LinesAbout = Callable[..., list[str]]


@pytest.fixture(scope="module")
def places(served: ServedApp, members: tuple[Member, Member], unique: Callable[[str], str]) -> dict[str, str]:
    """Paths by what you'd find there: a post of Ada's, a stored file, nothing."""
    picture, ada = BytesIO(), members[0]
    Image.new("RGB", (8, 8), "teal").save(picture, "PNG")
    with Client(served, []) as client:
        post = client.post("/posts", json={"title": "T", "content": "", "published": True}, headers=ada.headers)
        file = client.post("/uploads/image", files={"file": ("a.png", picture.getvalue())}, headers=ada.headers)
    assert (post.status_code, file.status_code) == (201, 201), "POST /posts or /uploads/image doesn't work any more"
    nothing, no_file = f"/{unique('nothing')}", f"/files/{unique('none')}.png"
    no_id = f"/posts/{unique('words')}"
    return {
        "post": f"/posts/{post.json()['id']}",
        "file": file.json()["url"],
        "nothing": nothing,
        "no file": no_file,
        "no id": no_id,
    }


def the_line(lines: list[str], what: str) -> str:
    """Return the only line that a request should have left."""
    assert lines != [], f"{what} has left no line in the log"
    assert len(lines) == 1, f"{what} has left {len(lines)} lines, and should leave one"
    return lines[0]


@pytest.mark.parametrize(
    "method, place, status",
    [
        ("GET", "post", 200),
        ("DELETE", "post", 401),
        ("PUT", "post", 405),
        ("GET", "no id", 422),
        ("GET", "nothing", 404),
        ("GET", "file", 200),
        ("GET", "no file", 404),
        ("PATCH", "post", 200),
    ],
)
def test_a_request_leaves_its_line(
    client: Client, ada: Member, places: dict[str, str], lines_about: LinesAbout, method: str, place: str, status: int
) -> None:
    """A request leaves one line, `[YYYY-MM-DD HH:MM:SS] METHOD path status Nms`, whatever it asks for."""
    path = places[place]
    headers = {} if status == 401 else ada.headers
    response = client.request(method, path, json={} if method == "PATCH" else None, headers=headers)
    assert response.status_code == status

    what = f"{method} {path}" + (" (a file: no route sees it)" if place.endswith("file") else "")
    line = the_line(lines_about(client, path, method), what)

    told = line[21:]
    assert re.fullmatch(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\]", line[:21]), "a line begins [YYYY-MM-DD HH:MM:SS]"
    said = "the milliseconds have a fraction: N is a whole number" if re.search(r"\.\d{1,20} ?ms$", told) else ""
    assert re.sub(r" \d{1,20}ms$", " Nms", told) == f" {method} {path} {status} Nms", said


@pytest.mark.parametrize("what", ["a preflight", "a body that is too large", "a refused API key"])
def test_what_no_route_answers_leaves_its_line(
    client: Client, unique: Callable[[str], str], lines_about: LinesAbout, what: str
) -> None:
    """A request that a middleware answers leaves its line too: a preflight, a 413, a refused API key."""
    method, path, status = {
        "a preflight": ("OPTIONS", f"/{unique('preflight')}", 200),
        "a body that is too large": ("POST", f"/{unique('large')}", 413),
        "a refused API key": ("GET", f"/internal/{unique('door')}", 401),
    }[what]
    headers = PREFLIGHT if method == "OPTIONS" else {}
    response = client.request(method, path, headers=headers, content=b"x" * 300_000 if method == "POST" else None)
    assert response.status_code == status

    lines = lines_about(client, path, method)
    assert lines != [], f"no line for {what}: a middleware outside of yours has answered it"
    assert f" {status} " in the_line(lines, what)


def test_a_crash_leaves_its_line(client: Client, lines_about: LinesAbout) -> None:
    """A request that crashes leaves one line, with the status 500."""
    crash = "/_probe/crash"  # a route that these tests add to the app
    response = client.get(crash)
    said = "these tests could not add their routes: what wraps the FastAPI app has to keep it as its attribute `app`"
    assert response.status_code == 500, said if response.status_code == 404 else ""

    lines = lines_about(client, crash)
    assert lines != [], "no line for a crash: an exception has passed the place where the line is written"
    assert " 500 " in the_line(lines, "a crash"), "a crash is answered with 500, and logged as something else"


def test_the_time_is_utc(client: Client, unique: Callable[[str], str], lines_about: LinesAbout) -> None:
    """The time is UTC, wherever the server is: this one is in Kolkata."""
    path = f"/{unique('now')}"
    before = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    client.get(path)
    after = datetime.now(UTC).replace(tzinfo=None)

    line = the_line(lines_about(client, path), "the request")
    stamp = re.search(r"(\d{4}-\d\d-\d\d).(\d\d:\d\d:\d\d)", line)
    assert stamp, "the line doesn't have a time like 2026-11-02 16:05:09"
    told, second = datetime.fromisoformat(f"{stamp[1]} {stamp[2]}"), timedelta(seconds=1)
    ahead = round((told - before) / timedelta(hours=0.5))
    said = "this is the local time of Kolkata, five and a half hours ahead: ask for UTC" if ahead == 11 else ""
    assert before - second <= told <= after + second, said


def milliseconds(line: str) -> float:
    """Return the milliseconds that a line gives for its request."""
    told = re.search(r"(\d{1,20}(?:\.\d{1,20})?) ?ms\b", line)
    assert told, "the line does not end with the milliseconds, like 12ms"
    return float(told[1])


def test_the_milliseconds_are_those_of_the_request(
    client: Client, unique: Callable[[str], str], lines_about: LinesAbout
) -> None:
    """N counts the milliseconds from the request's beginning to its response, even while others come and go."""
    slow, path = Client(client.app, []), f"/posts/{unique('slow')}"

    def body() -> Iterator[bytes]:
        yield b"{"
        for _ in range(3):
            assert client.get("/").status_code == 200
            time.sleep(0.2)
        yield b"}"

    begun = time.monotonic()
    with slow:
        slow.patch(path, content=body(), headers={"Content-Type": "application/json"})
    took = (time.monotonic() - begun) * 1000

    told = milliseconds(the_line(lines_about(client, path, "PATCH"), "the request"))
    said = "another request has come meanwhile, and the time counts from there" if 150 < told < 400 else ""
    assert told >= 400, said or "this request has taken 600 ms at least, because its body came late"
    assert told <= took + SLACK, "the line says a longer time than the request has taken"


def test_tasks_are_no_part_of_the_response(
    client: Client, mailbox: Mailbox, unique: Callable[[str], str], lines_about: LinesAbout
) -> None:
    """N counts to the response, and not to the end of the route's background tasks."""
    register, name, mailbox.delay = "/auth/register", unique("ada"), 1.5
    before = len(lines_about(client, register, "POST", count=0))
    begun = time.monotonic()
    response = client.post(register, json={"name": name, "email": f"{name}@example.com", "password": PASSWORD})
    took = (time.monotonic() - begun) * 1000
    assert response.status_code == 201

    lines = lines_about(client, register, "POST", count=before + 1)
    mailbox.delay = 0
    assert len(lines) > before, "a registration has left no line"
    said = "the time goes on until the welcome mail is sent: take it when the last byte of the response is sent"
    assert milliseconds(lines[before]) <= took + SLACK, said


def test_nothing_secret_is_logged(
    client: Client,
    unique: Callable[[str], str],
    lines_about: LinesAbout,
    whole_log: Callable[..., list[str]],
) -> None:
    """The query is left out, because it may contain a token; and no header or body gets into the log."""
    path, query, token, word = (unique(stem) for stem in ("path", "query", "token", "word"))
    headers = {"Authorization": f"Bearer {token}", "Cookie": f"session={token}"}
    client.post(f"/{path}?token={query}", headers=headers, json={"password": word})

    assert lines_about(client, f"/{path}", "POST") != [], f"POST /{path} has left no line"
    log = "\n".join(whole_log(client.app))
    assert query not in log, "a token in the log: the line has the query, but its path should end before the ?"
    assert token not in log, "a token in the log: it was in a header"
    assert word not in log, "a password in the log: it was in the body"


@pytest.mark.parametrize("end", ["%0a", "%0d", "%0c", "%c2%85", "%e2%80%a8"])
def test_one_request_is_one_line(
    client: Client, unique: Callable[[str], str], lines_about: LinesAbout, end: str
) -> None:
    """One request is one line, also with an end of line in its path, as `str.splitlines` knows them: \\n, U+2028, …"""
    name = unique("forged")
    client.get(f"/{name}{end}[2026-01-01 00:00:00] GET /{name} 200 1ms")

    lines = lines_about(client, name)
    assert lines != [], "the request has left no line"
    said = f"{end} in the path, decoded, ends the line, and its sender writes the next one: escape such characters"
    assert len(lines) == 1, said


def test_the_routes_own_tasks_run(client: Client, mailbox: Mailbox, unique: Callable[[str], str]) -> None:
    """The background tasks of a route run as before: the welcome mail is sent."""
    name = unique("ada")
    client.post("/_probe/task", params={"name": name})  # a route that these tests add to the app
    deadline = time.monotonic() + 5
    while name.encode() not in (client.app.read("probe-tasks.txt") or b"") and time.monotonic() < deadline:
        time.sleep(0.005)
    said = "a route's background task has not run: the middleware has put its own in its place, or stopped it"
    assert name.encode() in (client.app.read("probe-tasks.txt") or b""), said

    new = {"name": name, "email": f"{name}@example.com", "password": PASSWORD}
    assert client.post("/auth/register", json=new).status_code == 201
    assert len(mailbox.wait_for(new["email"], seconds=5)) == 1, "the welcome mail is lost"


# /proc/self/cwd is the app's working directory as an absolute path, whatever that is called where the app runs.
@pytest.mark.parametrize(
    "file", ["audit.txt", *(["/proc/self/cwd/audit.txt"] if Path("/proc/self/cwd").exists() else [])]
)
def test_the_setting_names_the_file(
    fresh_app: Callable[..., Client], unique: Callable[[str], str], lines_about: LinesAbout, file: str
) -> None:
    """REQUEST_LOG names the file, by a relative or an absolute path."""
    client, path = fresh_app(REQUEST_LOG=file), f"/{unique('elsewhere')}"
    client.get(path)

    lines = lines_about(client, path, file="audit.txt")
    assert "requests.log" not in client.app.files(), "REQUEST_LOG names another file, and requests.log is written"
    assert len(lines) == 1, "no line in audit.txt: the file that REQUEST_LOG names is not the one that is written"
