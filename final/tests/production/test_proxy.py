"""Behind a proxy: what a prefix, an encoding or another kind of request may not lead around."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from workbook.plugin.client import Client

if TYPE_CHECKING:
    from .conftest import StartUvicorn

KEY = {"X-API-Key": "key-of-the-operators"}
MOUNTED = """
import sys

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from app.main import app
from fastapi import FastAPI
from starlette.testclient import TestClient

outer = FastAPI()
outer.mount("/blog", app)
with TestClient(app), TestClient(outer) as client:
    print(client.get("/blog/internal/stats").status_code)
    print(client.get("/blog/internal/stats", headers={"X-API-Key": "key-of-the-operators"}).status_code)
    print(client.get("/blog/posts").status_code)
"""
WEB_SOCKET = (
    "GET /internal/stats HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@pytest.mark.slow
@pytest.mark.parametrize("prefix", ["/api", "/int", "/internal", "/api/"])
def test_a_root_path_opens_nothing(start_uvicorn: "StartUvicorn", prefix: str) -> None:
    """With `--root-path`, as behind a proxy that strips a prefix, /internal needs the key, however it is written."""
    uvicorn = start_uvicorn("--root-path", prefix)
    stripped = prefix.rstrip("/")
    with uvicorn.client() as client:
        for path in (
            "/internal/stats",
            "/%69nternal/stats",
            "/internal%2Fstats",
            f"{stripped}/internal/stats",
        ):
            for method in ("GET", "HEAD"):
                assert client.request(method, path).status_code in {401, 404}, (
                    f"{method} {path}"
                )
        assert client.get("/internal/stats").status_code == 401
        assert client.get("/internal/stats", headers=KEY).status_code == 200
        assert client.get("/posts").status_code == 200


def test_a_web_socket_needs_the_key_too(client: Client) -> None:
    """A WebSocket below /internal is refused as any other request."""
    host, _, port = client.app.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as caller:
        caller.sendall(WEB_SOCKET.encode())
        status = caller.recv(4096).split()[1]

    assert status == b"401"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/posts",
        "/posts/999999",
        "/users/me",
        "/internal/stats",
        "/docs",
        "/nothing",
    ],
)
def test_head_is_answered_like_get(client: Client, path: str) -> None:
    """HEAD, which uptime monitors and link checkers send, gets GET's status and headers, and no body."""
    asked, got = client.head(path), client.get(path)

    assert (asked.status_code, asked.content) == (got.status_code, b"")
    assert asked.headers.get("content-length") == got.headers.get("content-length")


@pytest.mark.parametrize(
    "asked, said",
    [
        ({"access-control-request-method": "PUT"}, "Disallowed CORS method"),
        ({"origin": "https://evil.example"}, "Disallowed CORS origin"),
        ({"access-control-request-headers": "x-evil"}, "Disallowed CORS headers"),
        (
            {"access-control-request-private-network": "true"},
            "Disallowed CORS private-network",
        ),
    ],
)
def test_a_refused_preflight_has_the_one_shape(
    client: Client, asked: dict[str, str], said: str
) -> None:
    """A preflight that is refused is answered in the shape of every error."""
    usual = {"origin": "http://localhost:3000", "access-control-request-method": "GET"}

    response = client.options("/posts", headers={**usual, **asked})

    assert (response.status_code, response.json()) == (
        400,
        {"success": False, "message": said, "errors": []},
    )


def test_a_guard_is_not_led_around_by_a_mount(
    app_directory: Path, base_env: dict[str, str], tmp_path: Path
) -> None:
    """If the app is mounted below another one, /internal needs the key there as well."""
    asking = [sys.executable, "-c", MOUNTED, str(app_directory)]
    ended = subprocess.run(
        asking,
        cwd=tmp_path,
        env={**os.environ, **base_env},
        capture_output=True,
        text=True,
    )

    assert ended.stdout.split() == ["401", "200", "200"], ended.stderr
