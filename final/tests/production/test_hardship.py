import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from .conftest import StartUvicorn, Uvicorn

MEGABYTE = 2**20
PDF = b"%PDF-1.7\n" + b"x" * 4 * MEGABYTE + b"\n%%EOF\n"

pytestmark = pytest.mark.slow


def begin(
    uvicorn: "Uvicorn", path: str, headers: dict[str, str], **parts: Any
) -> tuple[socket.socket, bytes]:
    """Send the head of a POST, and return the connection and the body that it promised."""
    request = httpx.Request("POST", uvicorn.url + path, headers=headers, **parts)
    connection = uvicorn.connect()
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    connection.sendall(
        f"POST {path} HTTP/1.1\r\n{head}Connection: close\r\n\r\n".encode()
    )
    return connection, request.read()


def descriptors(uvicorn: "Uvicorn") -> list[str]:
    """Return what the process has open, except for its pipes and its connections to the database."""
    opened = []
    for link in Path(f"/proc/{uvicorn.pid}/fd").iterdir():
        try:
            opened.append(str(link.readlink()))
        except FileNotFoundError:
            continue  # closed meanwhile
    return sorted(name for name in opened if "blog.db" not in name)


def wait_until_closed(uvicorn: "Uvicorn", before: int) -> None:
    deadline = time.monotonic() + 15
    while len(descriptors(uvicorn)) > before:
        assert time.monotonic() < deadline, descriptors(uvicorn)
        time.sleep(0.02)


needs_proc = pytest.mark.skipif(
    sys.platform != "linux", reason="open files are counted in /proc: Linux only"
)


def test_sixty_slow_clients_hold_nobody_up(start_uvicorn: "StartUvicorn") -> None:
    """While 60 clients, more than there are threads, send their bodies byte by byte, others are served."""
    uvicorn = start_uvicorn()
    ada = uvicorn.join("ada")
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("/posts", {"json": {"title": "slow", "content": ""}}),
        ("/uploads/image", {"files": {"file": b"slow"}}),
    ]
    slow = [begin(uvicorn, path, ada, **parts) for path, parts in kinds * 30]

    served = []
    with uvicorn.client() as client:
        for position in range(30):
            for connection, body in slow:
                connection.sendall(body[position : position + 1])
            response = client.post(
                "/posts", json={"title": "T", "content": ""}, headers=ada
            )
            served.append((response.status_code, client.get("/posts").status_code))
    statuses = []
    for connection, body in slow:
        with connection:
            connection.sendall(body[30:])
            statuses.append(connection.recv(100).split()[1])

    assert served == [(201, 200)] * 30
    assert statuses == [b"201", b"415"] * 30


@needs_proc
def test_hanging_up_in_the_middle_of_an_upload(start_uvicorn: "StartUvicorn") -> None:
    """Clients who hang up in the middle of an upload leave no file, no open descriptor and no traceback."""
    uvicorn = start_uvicorn()
    ada = uvicorn.join("ada")
    with uvicorn.client() as client:
        client.get("/")
    before = len(descriptors(uvicorn))

    for _ in range(5):
        connection, body = begin(
            uvicorn, "/uploads/image", ada, files={"file": ("a.pdf", PDF)}
        )
        connection.sendall(body[: 3 * MEGABYTE])
        deadline = time.monotonic() + 15
        while not any(
            "(deleted)" in name for name in descriptors(uvicorn)
        ):  # the form parser's file
            assert time.monotonic() < deadline
            time.sleep(0.01)
        connection.close()
        wait_until_closed(uvicorn, before)

    assert list((uvicorn.data / "uploads").iterdir()) == []
    assert "Traceback" not in uvicorn.log
    with uvicorn.client() as client:
        assert (
            client.post(
                "/uploads/image", files={"file": ("a.pdf", PDF)}, headers=ada
            ).status_code
            == 201
        )


@needs_proc
def test_hanging_up_in_the_middle_of_a_response(start_uvicorn: "StartUvicorn") -> None:
    """Clients who hang up in the middle of a response of 4 MB leave no open descriptor and no traceback."""
    uvicorn = start_uvicorn()
    with uvicorn.client() as client:
        url = client.post(
            "/uploads/image",
            files={"file": ("a.pdf", PDF)},
            headers=uvicorn.join("ada"),
        ).json()["url"]
    with uvicorn.client() as client:
        client.get("/")
    before = len(descriptors(uvicorn))

    for _ in range(5):
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", int(uvicorn.url.rpartition(":")[2])))
            connection.sendall(f"GET {url} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
        wait_until_closed(uvicorn, before)

    assert "Traceback" not in uvicorn.log
    with uvicorn.client() as client:
        assert client.get(url).content == PDF
