# hidden-from-learners-3b9f51c2
import random
import re
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from workbook.plugin.client import Client
from workbook.plugin.mailbox import Mailbox
from workbook.plugin.members import Member, join
from workbook.serving import ServedApp

LARGE = 5 * 1024 * 1024 - 1024
LinesAbout = Callable[..., list[str]]


def asked_for(app: ServedApp, path: str) -> socket.socket:
    """A connection that has asked for the path, and takes the reply in small sips."""
    connection = app.connect(receive_buffer=4096)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    return connection


def test_the_line_comes_after_the_reply(
    client: Client, ada: Member, rng: random.Random, lines_about: LinesAbout
) -> None:
    """The line is written after the reply: a file of 5 MB that is still under way has none."""
    document = b"%PDF-" + rng.randbytes(LARGE) + b"%%EOF"
    stored = client.post("/uploads/image", files={"file": ("a.pdf", document)}, headers=ada.headers)
    assert stored.status_code == 201
    path = stored.json()["url"]

    with asked_for(client.app, path) as connection:
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(4096)
        early = lines_about(client, path, count=0)
        size = len(received)
        while part := connection.recv(65536):
            size += len(part)
    assert size > LARGE, "the file did not come whole"
    assert early == [], "the line is written before the reply has gone out: write it after the last byte"
    assert len(lines_about(client, path)) == 1, "a request for a large file leaves one line"


def test_requests_side_by_side_leave_a_line_each(
    client: Client, rng: random.Random, lines_about: LinesAbout, whole_log: Callable[..., list[str]]
) -> None:
    """Of 128 requests by 32 threads each leaves a line of its own, whole and with its own status."""
    kinds = {"/nothing-": 404, "/posts/words-": 422, "/files/none-": 404}
    names = [f"{rng.randrange(16**8):08x}-{n:03}" for n in range(128)]
    asked = {f"{kind}{name}": kinds[kind] for name in names for kind in [rng.choice(list(kinds))]}
    with Client(client.app, []) as many, ThreadPoolExecutor(32) as threads:
        replies = list(threads.map(lambda path: many.get(path).status_code, asked))
    assert replies == list(asked.values())
    client.get(last := f"/{names[0]}")
    assert lines_about(client, last) != [], "a request leaves no line"

    def told() -> list[tuple[str, int]]:
        found = [re.search(r"GET (\S+) (\d{3})\b", line) for line in whole_log(client.app)]
        return sorted((one[1], int(one[2])) for one in found if one and one[1] in asked)

    deadline = time.monotonic() + 5
    while len(told()) < len(asked) and time.monotonic() < deadline:
        time.sleep(0.02)
    lines = told()
    said = f"{len(asked)} requests side by side have left {len(lines)} whole lines: do writers collide?"
    assert len(lines) == len(asked), said
    assert lines == sorted(asked.items()), "the line of one request tells the path or the status of another"


def test_the_log_goes_on_after_a_restart(
    restarted: Callable[[], Client], unique: Callable[[str], str], lines_about: LinesAbout
) -> None:
    """After a restart the log goes on where it was: its old lines stay."""
    before, after = f"/{unique('before')}", f"/{unique('after')}"
    client = restarted()
    client.get(before)
    assert len(lines_about(client, before)) == 1, "the request has left no line"

    client = restarted()
    client.get(after)

    assert len(lines_about(client, after)) == 1, "after a restart no line is written"
    assert len(lines_about(client, before)) == 1, "a restart has emptied the log: open the file to append"


@pytest.mark.parametrize("place", [".", "/dev/full"])
def test_a_log_that_cannot_be_written_breaks_nothing(
    fresh_app: Callable[..., Client], mailbox: Mailbox, unique: Callable[[str], str], place: str
) -> None:
    """Where the log cannot be written, a folder or a full disk, requests are answered and tasks run all the same."""
    client = fresh_app(REQUEST_LOG=place)

    assert client.get("/").status_code == 200
    assert client.get("/posts/1").status_code == 404, "a line that cannot be written has broken the reply"
    member = join(client, unique("ada"))
    assert len(mailbox.wait_for(member.email, seconds=5)) == 1, (
        "a line that cannot be written has cost a route its tasks"
    )
