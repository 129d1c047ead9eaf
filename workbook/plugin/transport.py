"""HTTP as the tests speak it: a connection for each request, or one for many; and bounds on all that may come back.

A response can be anything that the app's author came up with. If it's endless, if it drips, or if it unpacks to
gigabytes, you get an `httpx.TransportError` here, and never a test that hangs.
"""

import select
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import httpcore
import httpx

from workbook.serving import ServedApp

from .bounds import MIB, MOST_ALIVE, MOST_OF_RESPONSE, MOST_OF_TEXT, Body, Held, charset_of, read_json

MOST_SECONDS = 60.0  # from the request to the response's last byte
KEPT_SECONDS = 3.0  # that a connection is kept for a next request: uvicorn keeps it for 5
MOST_PARTS, PART = 1000, 64 * 1024  # of a body that are passed on as they come, and how large later ones are
OF_A_HEADER = 300  # bytes of memory, beside its letters
TOO_MUCH = f"the responses to this run are longer than {MOST_ALIVE // MIB} MiB together"
HOLD = "workbook.hold"  # a request's extension: called before its last byte is sent


class BoundedResponse(httpx.Response):
    """A response whose JSON is read strictly, and whose text is decoded as text alone; both are bounded.

    `body` is what has come of its body so far.
    """

    body: Body | None = None

    @property
    def charset_encoding(self) -> str | None:
        """The charset that it names. Python knows others, which raise, or unpack without bounds."""
        return charset_of(self.headers.get("content-type", ""))

    @property
    def text(self) -> str:
        """The body as text. Raises `httpx.DecodingError` if it's longer than any text that a test reads."""
        if len(self.content) > MOST_OF_TEXT:
            raise httpx.DecodingError(f"the text is longer than {MOST_OF_TEXT // MIB} MiB")
        return super().text

    def json(self, **_: Any) -> Any:
        """Return the body as JSON. Raises `ValueError`, also for what RFC 8259 leaves open: NaN, a repeated name."""
        return read_json(self.content)


class Transport(httpx.HTTPTransport):
    """Reaches one served app, however that is started.

    `keeps` one connection for the next request, which halves what a small request costs the app and the test. After a
    crash uvicorn closes it without saying so, so the request is sent once more, by a new connection.
    """

    def __init__(self, app: ServedApp, *, keeps: bool = False) -> None:
        # A TLS context would cost 29 ms, and the tests don't use TLS.
        super().__init__(verify=False, trust_env=False)
        self._app, self._backend, self._keeps = app, _Backend(app), keeps
        self._pool = _kept(self._backend) if keeps else _PoolForEach(self._backend)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if HOLD in request.extensions:
            request.stream = _Held(request.read(), request.extensions[HOLD])
        try:
            self._backend.begin()
            response = super().handle_request(request)
        except (httpx.NetworkError, httpx.RemoteProtocolError):
            if not (self._keeps and self._backend.was_closed_before and can_be_sent_again(request)):
                raise
            response = self._send_again(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            response.close()
            raise httpx.RemoteProtocolError(
                "the response is compressed, and the request allows that not", request=request
            )
        assert isinstance(response.stream, httpx.SyncByteStream)
        body, held = Body(), Held()
        if not held.take(sum(len(name) + len(value) + OF_A_HEADER for name, value in response.headers.raw)):
            response.close()
            raise httpx.RemoteProtocolError(TOO_MUCH, request=request)
        told = BoundedResponse(
            response.status_code,
            headers=response.headers,
            stream=_Bounded(response.stream, request, body, held),
            extensions=response.extensions,
            request=request,
        )
        told.body = body
        weakref.finalize(told, held.give_back).atexit = False
        return told

    def _send_again(self, request: httpx.Request) -> httpx.Response:
        """Send the request by a new connection. An app that was ending may have let that in, and reset it."""
        self._backend.begin()
        try:
            return super().handle_request(request)
        except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
            try:
                self._app.connect().close()
            except OSError as gone:
                raise httpx.ConnectError(str(gone), request=request) from error
            raise


def can_be_sent_again(request: httpx.Request) -> bool:
    """Return whether the request's body is there as a whole."""
    return hasattr(request, "_content") or type(request.stream).__name__ == "MultipartStream"


class _Held(httpx.SyncByteStream):
    """A body whose last byte waits."""

    def __init__(self, body: bytes, hold: Callable[[], None]) -> None:
        self._body, self._hold = body, hold

    def __iter__(self) -> Iterator[bytes]:
        yield self._body[:-1]
        self._hold()
        yield self._body[-1:]


class _Bounded(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, request: httpx.Request, body: Body, held: Held) -> None:
        self._stream, self._request, self._body, self._held = stream, request, body, held

    def __iter__(self) -> Iterator[bytes]:
        waiting = bytearray()
        for number, part in enumerate(self._stream):
            self._body.add(part)
            if self._body.size > MOST_OF_RESPONSE:
                self._refuse(f"the response is longer than {MOST_OF_RESPONSE // MIB} MiB")
            if not self._held.take(len(part)):
                self._refuse(TOO_MUCH)
            if number < MOST_PARTS:
                yield part
                continue
            waiting += part  # each part costs forty bytes, and an app can send them one by one
            if len(waiting) >= PART:
                yield bytes(waiting)
                waiting.clear()
        if waiting:
            yield bytes(waiting)

    def _refuse(self, why: str) -> NoReturn:
        raise httpx.RemoteProtocolError(why, request=self._request)

    def close(self) -> None:
        self._stream.close()


class _Exchange(threading.local):
    """What a thread's request has met: whether it got a new connection, whether anything came, and its deadline."""

    is_new, heard, deadline = False, False, 0.0


def _kept(backend: "_Backend") -> httpcore.ConnectionPool:
    return httpcore.ConnectionPool(
        max_connections=None, max_keepalive_connections=1, keepalive_expiry=KEPT_SECONDS, network_backend=backend
    )


class _PoolForEach(httpcore.ConnectionPool):
    """A pool for each request. With one for all, httpcore 1.0.9 loses some of many requests at once.

    It gives an idle connection to one thread, and closes it for another as one too many.
    """

    def __init__(self, backend: "_Backend") -> None:
        super().__init__()
        self._backend = backend

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        pool = httpcore.ConnectionPool(max_keepalive_connections=0, network_backend=self._backend)
        return pool.handle_request(request)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, app: ServedApp) -> None:
        self._app, self._exchange = app, _Exchange()

    def begin(self) -> None:
        """Begin another request of this thread."""
        self._exchange.is_new = self._exchange.heard = False
        self._exchange.deadline = time.monotonic() + MOST_SECONDS

    @property
    def was_closed_before(self) -> bool:
        """Whether the request went into a connection that was kept, and closed by the app before anything came."""
        return not self._exchange.is_new and not self._exchange.heard

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.NetworkStream:
        if f"http://{host}:{port}" != self._app.url:  # an address that the app has put into a response, say
            raise httpcore.ConnectError(f"{host}:{port} is not the app's address")
        self._exchange.is_new = True
        try:
            return _Stream(self._app.connect(), self._exchange)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error


class _Stream(httpcore.NetworkStream):
    """A connection. An exchange ends when its time is over, however slowly bytes drip."""

    def __init__(self, connection: Any, exchange: _Exchange) -> None:
        self._connection, self._exchange = connection, exchange

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            self._wait_at_most(timeout)
            data: bytes = self._connection.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(self._why(error)) from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error
        self._exchange.heard = self._exchange.heard or bool(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        rest = memoryview(buffer)
        try:
            while rest:
                self._wait_at_most(timeout)
                rest = rest[self._connection.send(rest) :]
        except TimeoutError as error:
            raise httpcore.WriteTimeout(self._why(error)) from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def _wait_at_most(self, timeout: float | None) -> None:
        left = self._exchange.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left if timeout is None else min(timeout, left))

    def _why(self, error: TimeoutError) -> str:
        over = time.monotonic() >= self._exchange.deadline
        return f"the exchange took longer than {MOST_SECONDS:g} seconds" if over else str(error)

    def close(self) -> None:
        self._connection.close()

    def start_tls(self, ssl_context: ssl.SSLContext, *_: Any, **__: Any) -> httpcore.NetworkStream:
        raise httpcore.ConnectError("a served app speaks no TLS")

    def get_extra_info(self, info: str) -> Any:
        """Return whether bytes or the end have come already: httpcore asks that before it uses a kept connection."""
        if info == "is_readable":
            return bool(select.select([self._connection], [], [], 0)[0])
        return self._connection if info == "socket" else None
