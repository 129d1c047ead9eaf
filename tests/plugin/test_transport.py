"""What an app can send back is limited in size, in time and in form."""

import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from workbook.plugin import transport
from workbook.plugin.client import Client
from workbook.serving import ServedApp, choose_launcher

from ..apps import HELLO, write

# Speaks TCP itself: what comes back is decided to the byte by the path.
RAW = """\
import asyncio
import gzip

OK = b"HTTP/1.1 200 OK\\r\\n"


async def drip(writer, head, part):
    writer.write(head)
    while True:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0.02)


async def speak(reader, writer):
    path = (await reader.readuntil(b"\\r\\n\\r\\n")).split()[1].decode()
    try:
        if path == "/endless":
            writer.write(OK + b"\\r\\n")
            while True:
                writer.write(bytes(1024 * 1024))
                await writer.drain()
        elif path == "/dripping-body":
            await drip(writer, OK + b"Content-Length: 100000\\r\\n\\r\\n", b"x")
        elif path == "/dripping-headers":
            await drip(writer, OK, b"X-Drip: y\\r\\n")
        elif path == "/endless-header":
            writer.write(OK + b"X-Long: ")
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        elif path == "/compressed":
            body = gzip.compress(bytes(10**6))
            writer.write(OK + b"Content-Encoding: gzip\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
        elif path == "/informational":
            while True:
                writer.write(b"HTTP/1.1 103 Early Hints\\r\\n\\r\\n")
                await writer.drain()
        elif path == "/garbage":
            writer.write(b"\\x00\\xff no HTTP at all\\r\\n\\r\\n")
        elif path == "/two-lengths":
            writer.write(OK + b"Content-Length: 5\\r\\nContent-Length: 7\\r\\n\\r\\nhello")
        elif path == "/cut":
            writer.write(OK + b"Content-Length: 10\\r\\n\\r\\nhello")
        elif path == "/redirect":
            writer.write(b"HTTP/1.1 302 Found\\r\\nLocation: /redirect\\r\\nContent-Length: 0\\r\\n\\r\\n")
        await writer.drain()
    except ConnectionError:
        pass
    writer.close()


async def app(scope, receive, send):
    await receive()
    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    with open("port", "w") as file:
        file.write(str(server.sockets[0].getsockname()[1]))
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
"""


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    launcher = choose_launcher()
    with ServedApp(launcher, write(tmp_path_factory.mktemp("raw"), {"main.py": RAW})) as app:
        port = (app.read("port") or b"").decode()
        app.url = app._line._url = f"http://127.0.0.1:{port}"  # type: ignore[attr-defined]
        yield app
    launcher.close()


@pytest.mark.parametrize(
    "path, said",
    [
        ("/endless", "longer than 2 MiB"),
        ("/dripping-body", "the exchange took longer than 1 seconds"),
        ("/dripping-headers", "the exchange took longer than 1 seconds"),
        ("/endless-header", "too long|too large|longer"),
        ("/compressed", "the response is compressed"),
        ("/informational", "longer than 1 seconds|too long"),
        ("/garbage", "illegal"),
        ("/two-lengths", "conflicting Content-Length"),
        ("/cut", "without sending complete message body"),
    ],
)
@pytest.mark.parametrize("keeps", [False, True], ids=["new", "kept"])
def test_a_response_that_is_none_ends_in_an_error(
    raw: ServedApp, monkeypatch: pytest.MonkeyPatch, path: str, said: str, keeps: bool
) -> None:
    """An endless, dripping, packed or malformed response raises an `httpx.TransportError` that says so."""
    monkeypatch.setattr(transport, "MOST_OF_RESPONSE", 2 * 1024 * 1024)
    monkeypatch.setattr(transport, "MOST_SECONDS", 1.0)

    with Client(raw, [], keeps=keeps) as client, pytest.raises(httpx.TransportError, match=said):
        client.get(path)


# Asked for /crash it answers, and then uvicorn closes the connection; asked for /exit it's gone.
CLOSING = (
    HELLO.partition("async def after")[0]
    + """
async def after(path):
    if path == "/crash":
        raise RuntimeError("a crash behind the response")


def answer(path):
    if path == "/exit":
        import os

        os._exit(3)
    return f"hello {path}"
"""
)


@pytest.fixture
def closing(tmp_path: Path) -> Iterator[ServedApp]:
    launcher = choose_launcher()
    with ServedApp(launcher, write(tmp_path, {"main.py": CLOSING})) as app:
        yield app
    launcher.close()


def test_a_kept_connection_serves_many_requests(closing: ServedApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that keeps connections needs one for many requests, and any other client one for each."""
    opened: list[socket.socket] = []
    connect = closing.connect

    def counted() -> socket.socket:
        opened.append(connect())
        return opened[-1]

    monkeypatch.setattr(closing, "connect", counted)
    for keeps, connections in ((True, 1), (False, 5)):
        opened.clear()
        with Client(closing, [], keeps=keeps) as client:
            for number in range(5):
                assert client.post(f"/{number}", content=b"words").text == f"hello /{number}"
        assert len(opened) == connections


@pytest.mark.exhaustive(at_most=1)
def test_many_requests_at_once_lose_none(closing: ServedApp) -> None:
    """Thousands of requests by fifty threads of one client all get a response: no thread closes another's connection.

    With a pool for all of them, about one in three thousand was lost, if threads take turns often.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with Client(closing, []) as client, ThreadPoolExecutor(50) as threads:
            statuses = set(threads.map(lambda _: client.get("/").status_code, range(9_000)))
    finally:
        sys.setswitchinterval(before)
    assert statuses == {200}


def test_a_kept_connection_that_was_closed_fails_no_request(closing: ServedApp) -> None:
    """The request after a crash is answered, although the app has closed the connection without saying so."""
    with Client(closing, [], keeps=True) as client:
        for number in range(40):
            assert client.get("/crash").status_code == 200
            assert client.post(f"/{number}", files={"file": ("a", b"words")}).text == f"hello /{number}"
            assert client.post("/parts", content=iter([b"a", b"b"])).text == "hello /parts"


def test_an_app_that_has_ended_is_said_to_be_gone(closing: ServedApp) -> None:
    """A request that ends the app by way of a kept connection raises `ConnectError`."""
    with Client(closing, [], keeps=True) as client:
        assert client.get("/").status_code == 200
        with pytest.raises(httpx.ConnectError):
            client.get("/exit")


def test_redirects_are_not_followed(raw: ServedApp) -> None:
    """A redirect is a response like any other."""
    with Client(raw, []) as client:
        assert client.get("/redirect").status_code == 302
        assert len(client.exchanges) == 1


def test_another_address_is_not_reached(raw: ServedApp) -> None:
    """Whatever an app puts into its responses, the client talks only to that app."""
    with Client(raw, []) as client:
        for url in ("http://127.0.0.1:1/", "http://example.com/", "http://localhost:22/"):
            with pytest.raises(httpx.ConnectError, match="is not the app's address"):
                client.get(url)


@pytest.mark.parametrize(
    "body, said",
    [
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ("[" * 200 + "]" * 200, "nested more than 100 levels"),
        ('{"id": NaN}', "NaN isn't JSON"),
        ("[Infinity, -Infinity]", "Infinity isn't JSON"),
        ('{"id": 1, "id": 2}', "a name comes twice"),
        ("1" * 5000, "a number of 5,000 digits"),
        ("{'id': 1}", "Expecting property name"),
        ("", "Expecting value"),
    ],
)
def test_json_is_read_strictly(body: str, said: str) -> None:
    """Text that isn't standard JSON, or is a trap for its reader, raises a `ValueError`."""
    with pytest.raises(ValueError, match=said):
        transport.BoundedResponse(200, text=body).json()


@pytest.mark.parametrize("charset", ["undefined", "zlib_codec", "idna", "none-such", "unicode_escape"])
def test_a_charset_that_is_none_is_passed_over(charset: str) -> None:
    """A response with a charset that HTTP doesn't know is read as UTF-8."""
    response = transport.BoundedResponse(
        200, content="Grüße".encode(), headers={"Content-Type": f"text/plain; charset={charset}"}
    )

    assert response.text == "Grüße"


def test_plain_json_is_read() -> None:
    """Ordinary JSON can be read as usual: nested, with all kinds of numbers, in any script."""
    value = {"posts": [{"id": 2**40, "title": "Grüße 你好", "score": 1.5e300, "none": None, "yes": [True, []]}]}

    assert transport.BoundedResponse(200, json=value).json() == value


def test_a_request_asks_for_plain_bytes(tmp_path: Path) -> None:
    """Requests don't allow compression, because what it unpacks to couldn't be limited."""
    launcher = choose_launcher()
    code = "from fastapi import FastAPI, Request\n\napp = FastAPI()\n\n\n@app.get('/')\ndef told(request: Request):\n"
    code += "    return dict(request.headers)\n"
    with (
        ServedApp(launcher, write(tmp_path, {"main.py": code})) as app,
        Client(app, []) as client,
    ):
        assert client.get("/").json()["accept-encoding"] == "identity"
    launcher.close()
