"""Sockets without a network: one end is a test's, the other a protocol of the app's server."""

import asyncio
import contextlib
import io
import itertools
import select
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

from .loop import PageLoop, sleep

FULL = 256 * 1024  # bytes that a connection takes before its other end has read any
_ports = itertools.count(50001)
_apps: dict[int, PageLoop] = {}
_select: Callable[..., Any] = getattr(select, "select", lambda *_: ([], [], []))


def next_port() -> int:
    """Return a port that nothing else has."""
    return next(_ports)


def open_port(loop: PageLoop, port: int) -> None:
    """Let connections to the port reach what the loop serves."""
    _apps[port] = loop


def close_port(port: int) -> None:
    _apps.pop(port, None)


class PageSocket:
    """A test's end of a connection, with the methods of a socket that tests use."""

    family, type, proto = socket.AF_INET, socket.SOCK_STREAM, 0

    def __init__(self, port: int, timeout: float | None = None, holds: int = FULL) -> None:
        loop = _apps.get(port)
        if loop is None or loop.listening is None or loop.is_closed():
            raise ConnectionRefusedError(111, "Connection refused")
        self._loop, self._timeout, self._closed = loop, timeout, False
        self._server = _ServerEnd(loop, port, next(_ports), holds)

    def send(self, data: Any, flags: int = 0) -> int:
        if self._closed or self._server.is_gone():
            raise BrokenPipeError(32, "Broken pipe")
        self._server.take(bytes(data))
        return len(data)

    def sendall(self, data: Any, flags: int = 0) -> None:
        self.send(data)

    def recv(self, size: int, flags: int = 0) -> bytes:
        if not self.wait(self._timeout):
            raise TimeoutError("timed out") if self._timeout else BlockingIOError(11, "nothing is there yet")
        if self._server.was_reset and not self._server.sent:
            raise ConnectionResetError(104, "Connection reset by peer")
        return self._server.give(size)

    def recv_into(self, buffer: Any, size: int = 0, flags: int = 0) -> int:
        data = self.recv(size or len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def wait(self, seconds: float | None) -> bool:
        """Return whether there's something to read, or the end, within so many seconds."""
        if self._closed:
            raise OSError(9, "Bad file descriptor")
        return self._loop.is_closed() or self._loop.go_on(self._server.has_news, 3600 if seconds is None else seconds)

    def settimeout(self, seconds: float | None) -> None:
        self._timeout = seconds

    def gettimeout(self) -> float | None:
        return self._timeout

    def setblocking(self, blocks: bool) -> None:
        self._timeout = None if blocks else 0

    def setsockopt(self, *_: Any) -> None: ...

    def getsockname(self) -> tuple[str, int]:
        return self._server.client

    def getpeername(self) -> tuple[str, int]:
        return self._server.address

    def fileno(self) -> int:
        return -1

    def shutdown(self, how: int) -> None:
        if how != socket.SHUT_RD:
            self._server.end_of_input()

    def makefile(self, mode: str = "r", buffering: int | None = None, **_: Any) -> Any:
        raw = _Raw(self)
        return io.BufferedReader(raw) if "r" in mode else io.BufferedWriter(raw)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._server.hang_up()

    def __enter__(self) -> "PageSocket":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Raw(io.RawIOBase):
    def __init__(self, connection: PageSocket) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._connection.recv_into(buffer)

    def write(self, data: Any) -> int:
        return self._connection.send(data)


class _ServerEnd(asyncio.Transport):
    """The server's end: what uvicorn takes for a connection."""

    def __init__(self, loop: PageLoop, port: int, own_port: int, holds: int) -> None:
        self.address, self.client = ("127.0.0.1", port), ("127.0.0.1", own_port)
        super().__init__({"sockname": self.address, "peername": self.client})
        assert loop.listening is not None
        self._loop, self._holds = loop, holds
        self.sent = bytearray()  # by the server, and not yet read
        self._arrived: list[bytes] = []  # from the test, while the server doesn't read
        self._reads, self._full, self._closing, self._lost, self.was_reset = True, False, False, False, False
        with loop._at_work():
            self._protocol: Any = loop.listening()
            self._protocol.connection_made(self)

    # What the test's end may call.

    def take(self, data: bytes) -> None:
        self._arrived.append(data)
        self._loop.call_soon(self._pass_on)

    def end_of_input(self) -> None:
        self._loop.call_soon(lambda: self._lost or self._protocol.eof_received())

    def hang_up(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon(self._lose, None)

    def give(self, size: int) -> bytes:
        data = bytes(self.sent[:size])
        del self.sent[:size]
        if self._full and len(self.sent) <= self._holds // 4:
            self._full = False
            if not self._loop.is_closed():
                self._loop.call_soon(lambda: self._lost or self._protocol.resume_writing())
        return data

    def has_news(self) -> bool:
        return bool(self.sent) or self._closing or self._lost

    def is_gone(self) -> bool:
        return self._loop.is_closed() or self._lost

    def _pass_on(self) -> None:
        while self._arrived and self._reads and not self._closing:
            self._protocol.data_received(self._arrived.pop(0))

    def _lose(self, error: Exception | None) -> None:
        if not self._lost:
            self._lost = self._closing = True
            self._protocol.connection_lost(error)

    # What the server may call.

    def write(self, data: Any) -> None:
        if self._lost:
            return
        self.sent += data
        if len(self.sent) > self._holds and not self._full:
            self._full = True
            self._protocol.pause_writing()

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._loop.call_soon(self._lose, None)

    def abort(self) -> None:
        self.was_reset = True
        self.close()

    def pause_reading(self) -> None:
        self._reads = False

    def resume_reading(self) -> None:
        self._reads = True
        self._loop.call_soon(self._pass_on)

    def is_reading(self) -> bool:
        return self._reads

    def set_protocol(self, protocol: Any) -> None:
        self._protocol = protocol

    def get_protocol(self) -> Any:
        return self._protocol

    def get_write_buffer_size(self) -> int:
        return len(self.sent)


def _connect(address: tuple[str, int], timeout: Any = None, *_: Any, **__: Any) -> PageSocket:
    return PageSocket(address[1], timeout if isinstance(timeout, int | float) else None)


def _wait_for_any(reading: Any, writing: Any, failing: Any, timeout: float | None = None) -> Any:
    if not all(isinstance(one, PageSocket) for one in (*reading, *writing, *failing)):
        return _select(reading, writing, failing, timeout)
    deadline = time.monotonic() + (3600 if timeout is None else timeout)
    while True:
        ready = [one for one in reading if one.wait(0)]
        if ready or writing or time.monotonic() >= deadline:
            return ready, list(writing), []
        sleep(0.005)


@contextlib.contextmanager
def sockets_reach_apps() -> Iterator[None]:
    """Let `socket.create_connection` reach the apps, and `select.select` wait for their connections."""
    before = socket.create_connection
    socket.create_connection, select.select = _connect, _wait_for_any  # type: ignore[assignment]
    try:
        yield
    finally:
        socket.create_connection, select.select = before, _select
        for port in [port for port, loop in _apps.items() if loop.is_closed()]:
            del _apps[port]
