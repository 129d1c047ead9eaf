"""The client that tests and notebooks speak to an app with: an `httpx.Client` that remembers what it sent."""

import atexit
import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from workbook.serving import ServedApp, choose_launcher

from .bounds import KeptResponse, kept_headers, read_json
from .transport import HOLD, BoundedResponse, Transport, can_be_sent_again

LONGEST_HOLD = 10.0  # seconds
LONGEST_TOKEN = 4000
DIGITS = 4  # of the length of a body that's kept for longer
SMALL = 4096  # bytes of a response's body that's kept for longer
FIRST, LAST = 2, 8  # of many exchanges, those that a card can repeat
MOST_COOKIES = 50
MOST_REMEMBERED = 16 * 1024 * 1024  # bytes of a body that is sent in pieces
MOST_OF_STATUS = 200  # bytes of a response's first line
TIME_TO_READ = 0.3  # seconds, for an app on a machine that is busy; the few tests that need it wait for it


@dataclass
class Exchange:
    """One request to a served app and, if one came, what a card needs of its response.

    `log_size`: the app's log before it.
    """

    app: ServedApp
    request: httpx.Request
    log_size: int
    response: KeptResponse | None = None
    sent: float = field(default_factory=time.monotonic)

    def in_brief(self) -> "Exchange":
        """Return it without a large request body, and with the status, the token and a small body of its response."""
        kept = self.response and KeptResponse(
            self.response.status_code, self.response.reason_phrase, [], token=self.response.token
        )
        if kept and self.response and self.response.body.size <= SMALL:  # a later request may send an id from it
            kept.body = self.response.body
        is_small = len(self.request.headers.get("content-length", "")) <= DIGITS
        request = self.request if is_small else httpx.Request(self.request.method, self.request.url)
        return Exchange(self.app, request, self.log_size, kept, self.sent)


class Remembered(httpx.SyncByteStream):
    """A body that's sent in pieces, and whose beginning can be shown afterwards."""

    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream
        self.sent = bytearray()

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._stream:
            if len(self.sent) < MOST_REMEMBERED:
                self.sent += piece
            yield piece

    def close(self) -> None:
        self._stream.close()


_noted: list[list[Exchange]] = []  # by whom exchanges are noted now


@contextlib.contextmanager
def noted_exchanges() -> Iterator[list[Exchange]]:
    """Yield a list that gets every exchange of every client, until the block ends."""
    noted: list[Exchange] = []
    _noted.append(noted)
    try:
        yield noted
    finally:
        _noted[:] = [other for other in _noted if other is not noted]


class Client(httpx.Client):
    """Speaks to one served app; `app` is that app, and every exchange is appended to `exchanges`.

    `keeps`: one connection for many requests, instead of a new one for each.
    """

    def __init__(self, app: ServedApp, exchanges: list[Exchange], *, keeps: bool = False) -> None:
        plain = {"Accept-Encoding": "identity"}
        transport = Transport(app, keeps=keeps)
        super().__init__(base_url=app.url, transport=transport, trust_env=False, timeout=10, headers=plain)
        self.app = app
        self.exchanges = exchanges

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        if not can_be_sent_again(request):
            assert isinstance(request.stream, httpx.SyncByteStream)
            request.stream = Remembered(request.stream)
        exchange = Exchange(self.app, request, self.app.log_size)
        for exchanges in (self.exchanges, *_noted):
            exchanges.append(exchange)
        if len(self.exchanges) > FIRST + LAST and self.exchanges[-LAST - 1].response:  # others are under way
            self.exchanges[-LAST - 1] = self.exchanges[-LAST - 1].in_brief()
        response = super().send(request, **options)
        exchange.response = keep(response)
        if len(self.cookies.jar) > MOST_COOKIES:  # every later request would carry them all
            self.cookies.clear()
        return response


def serve(app_directory: str | Path = ".", **env: str) -> Client:
    """Serve an app directory and return an `httpx.Client` for it.

    `env` becomes the app's environment. The app runs until the notebook's kernel ends; the client's `app` has its
    `url`, its `log` (all that it wrote) and its `data` (the folder it works in). Raises `AppFailed`.
    """
    app = ServedApp(choose_launcher("spawn"), Path(app_directory), env=env)
    atexit.register(app.stop)
    client = Client(app, [])
    client.timeout = 60  # seconds: a notebook proves nothing about time, and the site's are run side by side
    return client


def keep(response: httpx.Response) -> KeptResponse:
    """Return what a card needs of a response: cut, and without anything that keeps the response alive."""
    headers = kept_headers(response.headers.multi_items())
    kept = KeptResponse(response.status_code, response.reason_phrase[:100], headers)
    if isinstance(response, BoundedResponse) and response.body:
        kept.body = response.body
        kept.token = _token(kept)
    return kept


def _token(response: KeptResponse) -> str:
    """Return the access token in a response; "" if there's none."""
    if b'"access_token"' not in response.body.beginning or response.body.size > len(response.body.beginning):
        return ""
    try:
        body = read_json(response.body.beginning)
    except ValueError:
        return ""
    token = body.get("access_token") if isinstance(body, dict) else None
    return token if isinstance(token, str) and len(token) <= LONGEST_TOKEN else ""


def send_together(client: Client, requests: Sequence[httpx.Request]) -> list[httpx.Response]:
    """Send requests that have bodies so that their last bytes leave together; return the responses, in the same order.

    However slowly a busy machine begins them, the app has had time to read all but one byte of each before it may act
    on any.
    """
    ready = threading.Barrier(len(requests), action=lambda: time.sleep(TIME_TO_READ))

    def hold() -> None:
        try:
            ready.wait(LONGEST_HOLD)
        except threading.BrokenBarrierError:
            return  # another one failed, and says why

    def send(request: httpx.Request) -> httpx.Response:
        request.extensions = {**request.extensions, HOLD: hold}
        try:
            return client.send(request)
        except BaseException:
            ready.abort()
            raise

    with ThreadPoolExecutor(len(requests)) as pool:
        sent = [pool.submit(send, request) for request in requests]
    return [one.result() for one in sent]  # now that none is left: `map` would cancel what hasn't begun when one fails


def ask_at_once(client: Client, path: str, number: int, headers: dict[str, str] | None = None) -> set[int]:
    """Send the same GET many times at once, by a connection each, and return the statuses that came.

    Without a thread for each, because a hundred of them cost more than the app's answers.
    """
    request = client.build_request("GET", path, headers={**(headers or {}), "Connection": "close"})
    client.exchanges.append(Exchange(client.app, request, client.app.log_size))
    try:
        return set(send_at_once(client.app, [head_of(request)] * number))
    except TimeoutError:
        raise httpx.ReadTimeout("no response within 10 seconds", request=request) from None


def send_at_once(app: ServedApp, sent: Sequence[bytes]) -> list[int]:
    """Send bytes by a connection each before any response is read; return their statuses. Raises `TimeoutError`."""
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(app.connect()) for _ in sent]
        for connection, content in zip(opened, sent, strict=True):
            connection.sendall(content)
        return [read_status(connection) for connection in opened]


def head_of(request: httpx.Request) -> bytes:
    """Return what's sent of a request before its body."""
    method = request.method.encode()
    lines = [method + b" " + request.url.raw_path + b" HTTP/1.1", *(b": ".join(one) for one in request.headers.raw)]
    return b"\r\n".join([*lines, b"", b""])


def read_status(connection: socket.socket) -> int:
    """Return the status that a response begins with; 0 if the app closed the connection without one."""
    found = connection.makefile("rb").readline(MOST_OF_STATUS).split(b" ", 2)[1:2]
    return int(found[0]) if found and found[0].isdigit() else 0
