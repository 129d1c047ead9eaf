import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from workbook.course.changes import scratch_copy
from workbook.plugin.client import Client
from workbook.plugin.members import Member

ORIGIN = "http://localhost:3000"
BUGS = """

from collections.abc import Iterator

from fastapi import BackgroundTasks
from fastapi.responses import StreamingResponse
from sqlalchemy import text

from .database import SessionDep
from .models import User


def fail() -> None:
    raise RuntimeError("s3cret")


@app.get("/bug")
def bug() -> None:
    fail()


@app.post("/bug")
def bug_after_a_body(given: dict[str, str]) -> None:
    fail()


@app.get("/bug/response")
def wrong_reply() -> Root:
    return "s3cret"


@app.get("/bug/query")
def wrong_query(email: str, db: SessionDep) -> None:
    db.execute(text("SELECT hashed_password FROM nowhere WHERE email = :email"), {"email": email})


@app.post("/bug/duplicate")
def duplicate(db: SessionDep) -> None:
    db.add_all(User(name="Ada", email="s3cret@example.com", hashed_password="s3cret") for _ in range(2))
    db.commit()


@app.get("/bug/stream")
def stream() -> StreamingResponse:
    def content() -> Iterator[bytes]:
        yield b"first"
        fail()

    return StreamingResponse(content())


@app.get("/bug/task")
def task(after: BackgroundTasks) -> Root:
    after.add_task(fail)
    return Root()
"""


@pytest.fixture(scope="module")
def app_directory(app_directory: Path) -> Iterator[Path]:
    """A copy of the app with routes that have bugs, because a test couldn't rely on a bug in the app itself."""
    with scratch_copy(app_directory) as copy:
        main = copy / "app" / "main.py"
        main.write_text(main.read_text(encoding="utf-8") + BUGS, encoding="utf-8")
        yield copy


def says_nothing(response: httpx.Response) -> bool:
    """Return whether the response gives away nothing from inside the app."""
    return (
        re.search(
            r"s3cret|Traceback|Error\b|SELECT|INSERT|nowhere|users|sqlite|psycopg|\.py",
            response.text,
        )
        is None
    )


def wait_for(client: Client, size: int, text: str) -> str:
    """Wait until the app has logged the text, and return everything since the log had this size."""
    deadline = time.monotonic() + 10
    while text not in (log := client.app.log_since(size)):
        assert time.monotonic() < deadline, f"{text!r} is not in the log:\n{log}"
        time.sleep(0.02)
    return log


@pytest.mark.parametrize(
    "method, path", [("GET", "/bug"), ("POST", "/bug"), ("GET", "/bug/response")]
)
def test_a_crash_is_a_500_in_the_one_shape(
    client: Client, method: str, path: str
) -> None:
    """A bug is a 500 in the one shape that says what to do, and nothing of what happened inside."""
    response = client.request(
        method, path, json={"password": "s3cret"} if method == "POST" else None
    )

    assert response.status_code == 500
    body = response.json()
    assert (set(body), body["success"], body["errors"]) == (
        {"success", "message", "errors"},
        False,
        [],
    )
    assert "report the X-Request-ID" in body["message"]
    assert says_nothing(response)


def test_a_crash_has_the_headers_of_every_response(client: Client) -> None:
    """A 500 can be read by a page of an allowed origin, and has the security headers and its time."""
    response = client.get("/bug", headers={"Origin": ORIGIN})

    assert response.status_code == 500
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert "X-Request-ID" in response.headers["access-control-expose-headers"]
    assert (
        response.headers["x-content-type-options"],
        response.headers["x-frame-options"],
    ) == ("nosniff", "DENY")
    assert "x-process-time" in response.headers
    stranger = client.get("/bug", headers={"Origin": "https://evil.example"})
    assert (
        stranger.status_code,
        stranger.headers.get("access-control-allow-origin"),
    ) == (500, None)


@pytest.mark.parametrize("given", [None, "support-case-42"])
def test_a_crash_is_found_in_the_log_by_its_id(
    client: Client, given: str | None
) -> None:
    """The log has the traceback of a crash and its access line, both under the X-Request-ID of the response."""
    size = client.app.log_size

    response = client.get(
        "/bug?token=s3cret-too", headers={"X-Request-ID": given} if given else {}
    )

    name = response.headers["x-request-id"]
    assert given in (None, name)
    log = wait_for(client, size, f"INFO [{name}] blog.access: GET /bug 500")
    head = next(line for line in log.splitlines() if f"ERROR [{name}]" in line)
    assert "crashed" in head
    assert "RuntimeError: s3cret" in log.partition(head)[2]
    assert log.count("Traceback") == 1, "one crash should be in the log once"
    assert "s3cret-too" not in log, "a query may hold a token"


def test_the_app_goes_on_after_a_crash(client: Client, ada: Member) -> None:
    """Thirty crashes with a database session open, more than there are connections, take nothing from the next."""
    for _ in range(30):
        assert client.get("/bug/query?email=ada").status_code in {500, 503}

    assert client.get("/users/me", headers=ada.headers).status_code == 200


def test_a_failing_query_leaks_no_sql(client: Client) -> None:
    """A query that fails is an error in the one shape; SQL, tables and parameters are only in the log."""
    size = client.app.log_size

    response = client.get("/bug/query", params={"email": "s3cret@example.com"})

    assert response.status_code in {
        500,
        503,
    }  # for SQLite a missing table is as bad as a missing file
    assert (set(response.json()), response.json()["success"]) == (
        {"success", "message", "errors"},
        False,
    )
    assert says_nothing(response)
    log = wait_for(client, size, "GET /bug/query")
    assert "nowhere" in log
    assert "s3cret" not in log, "parameters are what users wrote"


def test_a_duplicate_that_nobody_foresaw_is_a_409(client: Client) -> None:
    """A unique value that's taken is a 409 even if the route doesn't look for it, and the response shows no SQL."""
    response = client.post("/bug/duplicate")

    assert (response.status_code, response.json()["errors"]) == (409, [])
    assert "read it again" in response.json()["message"]
    assert says_nothing(response)


def test_a_crash_in_the_middle_of_a_response_closes_the_connection(
    client: Client,
) -> None:
    """If half of a response is out, a crash closes the connection, so that no client takes the half for the whole."""
    size = client.app.log_size
    received: list[bytes] = []

    with (
        client.stream("GET", "/bug/stream") as response,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        received.extend(response.iter_raw())

    assert (response.status_code, received) == (200, [b"first"])
    log = wait_for(client, size, "GET /bug/stream 200")
    assert "RuntimeError: s3cret" in wait_for(client, size, "RuntimeError: s3cret")
    assert log.count("blog.access: GET /bug/stream") == 1


def test_a_failing_task_does_not_change_the_response(client: Client) -> None:
    """A background task that fails takes nothing from the response that's out, and the log has its error."""
    size = client.app.log_size

    response = client.get("/bug/task")

    assert (response.status_code, response.json()) == (
        200,
        {"message": "API is running", "docs": "/docs"},
    )
    wait_for(client, size, "RuntimeError: s3cret")
    assert client.get("/").status_code == 200
