import re
import socket

import pytest
from workbook.plugin.client import Client
from workbook.plugin.members import Member
from workbook.serving import ServedApp

pytestmark = pytest.mark.slow


def ask(app: ServedApp, request: bytes, *, half_close: bool = False) -> list[int]:
    """Send bytes on one connection, read until it's closed, and return the status of each response."""
    with socket.create_connection(
        ("127.0.0.1", int(app.url.rpartition(":")[2])), timeout=10
    ) as connection:
        connection.sendall(request)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: connection.recv(2**16), b""))
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+)", received)]


def test_unusual_but_sound_http_is_answered(served: ServedApp) -> None:
    """Pipelined requests, HTTP/1.0 and a half-closed connection are all answered, each with its own response."""
    get, host, last = (
        b"GET / HTTP/1.1\r\n",
        b"Host: a\r\n",
        b"Connection: close\r\n\r\n",
    )

    pipelined = (get + host + b"\r\n") * 50 + b"GET /nothing HTTP/1.1\r\n" + host + last
    assert ask(served, pipelined) == [200] * 50 + [404]
    assert ask(served, b"GET / HTTP/1.0\r\n\r\n") == [200]
    assert ask(served, get + host + b"\r\n", half_close=True) == [200]


@pytest.mark.parametrize(
    "asked, status",
    [
        ("bytes=0-4", 206),
        ("bytes=-5", 206),
        ("bytes=5-2", 400),
        ("bytes=a-b", 400),
        ("lines=1", 400),
        ("bytes=99999999-", 416),
    ],
)
def test_a_part_of_a_file(client: Client, ada: Member, asked: str, status: int) -> None:
    """You can ask for a part of a file; if there's no such part, the refusal has the common shape."""
    pdf = {"file": ("a.pdf", b"%PDF-1.7 %%EOF")}
    url = client.post("/uploads/image", files=pdf, headers=ada.headers).json()["url"]

    part = client.get(url, headers={"Range": asked})
    head = client.head(url, headers={"Range": asked})

    assert (part.status_code, head.status_code) == (status, status)
    assert head.content == b""
    if status == 206:
        assert len(part.content) == 5
    else:
        assert (part.json()["success"], part.json()["errors"]) == (False, [])
    assert ("content-range" in part.headers) is (status != 400)
