"""A warm, single-threaded process that forks a child per connection, and its owner's handle. Linux only.

The helper lives as long as its standard input is open; each child as long as its connection is.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from workbook.folders import make_folder, remove_folder


class WarmHelper:
    """The owner's side: it starts the helper with `modules` imported, and the helper ends with its owner.

    Modules after the entry `-` are imported when the helper is ready and has nothing else to do. Each connection to
    `address` gets a child, which calls `child`, a function named `package.module:function`, with its `Line`. A child
    that still lives `mercy` seconds after its connection was ended is killed; without `mercy` that's for the owner.
    """

    def __init__(self, modules: Sequence[str], child: str, mercy: float | None = None) -> None:
        self.folder = make_folder("warm", place_for_sockets())
        self.address = str(self.folder / "socket")
        # Not the terminal: what inherits that may change it. Node does, when playwright's driver ends.
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "workbook.serving.warm", self.address, child, str(mercy or ""), *modules],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        self.pid = self._process.pid
        self._ready = False
        self._asking = threading.Lock()

    def wait_until_ready(self) -> None:
        """Block until connections are accepted. Connecting earlier fails."""
        with self._asking:
            if not self._ready:
                assert self._process.stdout is not None
                if self._process.stdout.readline() != b"ready\n":
                    said = (self.folder / "log").read_text(encoding="utf-8", errors="replace")[-2000:]
                    raise RuntimeError(f"the warm helper did not start: {said}")
                self._ready = True

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait(10)
        remove_folder(self.folder)


def place_for_sockets() -> str:
    """Return the folder for temporary files if a socket below it has a path of at most 107 bytes; otherwise /tmp."""
    usual = tempfile.gettempdir()
    return usual if len(os.fsencode(usual)) <= 74 else "/tmp"


def main() -> NoReturn:
    address, child, mercy, *modules = sys.argv[1:]
    now, later = _split(modules)
    for name in now:
        importlib.import_module(name)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    os.write(1, b"ready\n")
    _Nursery(listener, child, later, float(mercy) if mercy else None).run(Path(address).parent)


@dataclass
class _Child:
    """A child, and when it's killed: after its connection has been ended by the owner."""

    pid: int
    pidfd: int
    connection: socket.socket
    killed_at: float | None = None


class _Nursery:
    """Forks a child for each connection, and ends with standard input."""

    def __init__(self, listener: socket.socket, function: str, later: list[str], mercy: float | None) -> None:
        self._listener, self._function, self._later, self._mercy = listener, function, later, mercy
        self._epoll = select.epoll()
        self._children: dict[int, _Child] = {}  # by pidfd and, while its end is awaited, by connection
        self._epoll.register(0, select.EPOLLIN)
        self._epoll.register(listener.fileno(), select.EPOLLIN)

    def run(self, folder: Path) -> NoReturn:
        while True:
            events = self._epoll.poll(self._patience())
            for fd, _ in events:
                if fd == 0:
                    self._leave(folder)
                elif fd == self._listener.fileno():
                    self._fork()
                elif child := self._children.get(fd):
                    self._ended(child) if fd == child.pidfd else self._left_alone(child)
            self._kill_late_ones()
            if not events and self._later:
                importlib.import_module(self._later.pop(0))
                if not self._later:
                    gc.collect()
                    gc.freeze()  # children then copy fewer pages

    def _patience(self) -> float | None:
        if self._later:
            return 0
        late = [child.killed_at for child in self._children.values() if child.killed_at is not None]
        return max(0.0, min(late) - time.monotonic()) if late else None

    def _fork(self) -> None:
        connection, _ = self._listener.accept()
        try:
            pid = os.fork()
        except OSError:  # no room for another process: the owner sees that the connection ends without a word
            connection.close()
            return
        if pid == 0:
            self._epoll.close()
            self._listener.close()
            for fd, child in self._children.items():
                if fd == child.pidfd:
                    os.close(child.pidfd)
                    child.connection.close()
            _run(self._function, ChildLine(connection))
        child = _Child(pid, os.pidfd_open(pid), connection)
        self._children[child.pidfd] = child
        self._epoll.register(child.pidfd, select.EPOLLIN)
        if self._mercy is not None:
            self._children[connection.fileno()] = child
            self._epoll.register(connection.fileno(), select.EPOLLRDHUP)

    def _left_alone(self, child: _Child) -> None:
        """Give the child little time: its owner waits for nothing more, and a runaway expression in it hears no end."""
        self._forget_connection(child)
        child.killed_at = time.monotonic() + (self._mercy or 0.0)

    def _forget_connection(self, child: _Child) -> None:
        if self._children.pop(child.connection.fileno(), None):
            self._epoll.unregister(child.connection.fileno())

    def _kill_late_ones(self) -> None:
        now = time.monotonic()
        for child in list(self._children.values()):
            if child.killed_at is not None and child.killed_at <= now:
                child.killed_at = None
                signal.pidfd_send_signal(child.pidfd, signal.SIGKILL)

    def _ended(self, child: _Child) -> None:
        self._forget_connection(child)
        self._epoll.unregister(child.pidfd)
        del self._children[child.pidfd]
        os.close(child.pidfd)
        _, status, used = os.wait4(child.pid, 0)
        ended = json.dumps({"ended": os.waitstatus_to_exitcode(status), "memory": used.ru_maxrss * 1024}).encode()
        with contextlib.suppress(OSError):
            child.connection.sendall(ended + b"\n")
        child.connection.close()

    def _leave(self, folder: Path) -> NoReturn:
        """End, because the owner has ended; the children do so by themselves, or are killed when their time is up."""
        self._epoll.unregister(0)
        self._epoll.unregister(self._listener.fileno())
        deadline = time.monotonic() + (self._mercy or 0.0)
        while self._mercy is not None and self._children and (left := deadline - time.monotonic()) > 0:
            for fd, _ in self._epoll.poll(left):
                if (child := self._children.get(fd)) and fd == child.pidfd:
                    self._ended(child)
                elif child:
                    self._forget_connection(child)
        if self._mercy is not None:
            for child in self._children.values():
                signal.pidfd_send_signal(child.pidfd, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)


def _split(modules: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split at the module `-`: what the first child needs, and what's imported while no child is needed."""
    names = list(modules)
    at = names.index("-") if "-" in names else len(names)
    return names[:at], names[at + 1 :]


class ChildLine:
    """A child's end of its connection to the owner, for requests and answers."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.lines = cast(IO[bytes], connection.makefile("rb", 0))
        self.answers = cast(IO[bytes], connection.makefile("wb", 0))

    def receive(self) -> tuple[dict[str, Any], list[int]]:
        """Return a request, a line of JSON, and the file descriptors sent with it; without one, end the process."""
        data, fds, _, _ = socket.recv_fds(self._connection, 1, 2)
        if not data:
            os._exit(0)
        return json.loads(data + self.lines.readline()), fds


def _run(child: str, line: ChildLine) -> NoReturn:
    """Become the child that the owner asked for."""
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        os.close(null)
        module, _, function = child.partition(":")
        getattr(importlib.import_module(module), function)(line)
    except BaseException:
        traceback.print_exc()
    os._exit(70)


if __name__ == "__main__":
    main()
