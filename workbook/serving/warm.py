"""A warm, single-threaded process that forks one child per connection, and the owner's handle on it. Linux only.

The helper lives as long as its standard input is open; each child as long as its connection is.
"""

import contextlib
import gc
import importlib
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, NoReturn, cast


class WarmHelper:
    """Owner's side: starts the helper with `modules` imported; it ends with its owner, even one that is killed.

    Modules after the entry `-` are imported when the helper is ready and has nothing else to do. Each connection to
    `address` gets a child, which calls `child`, a function named `package.module:function`, with its `Line`.
    """

    def __init__(self, modules: Sequence[str], child: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="workbook-warm-", dir=place_for_sockets()))
        self.address = str(self.folder / "socket")
        # Not the terminal: what inherits that may change it. Node does, when playwright's driver ends.
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "workbook.serving.warm", self.address, child, *modules],
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
        shutil.rmtree(self.folder, ignore_errors=True)


def place_for_sockets() -> str:
    """Return the folder for temporary files if a socket below it has a path of at most 107 bytes; otherwise /tmp."""
    usual = tempfile.gettempdir()
    return usual if len(os.fsencode(usual)) <= 74 else "/tmp"


def main() -> NoReturn:
    address, child, *modules = sys.argv[1:]
    now, later = _split(modules)
    for name in now:
        importlib.import_module(name)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    os.write(1, b"ready\n")

    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ)
    selector.register(listener, selectors.EVENT_READ)
    children: dict[int, tuple[int, socket.socket]] = {}
    while True:
        events = selector.select(0 if later else None)
        if not events:
            importlib.import_module(later.pop(0))
            if not later:
                gc.collect()
                gc.freeze()  # children then copy fewer pages
        for key, _ in events:
            if key.fd == 0:
                shutil.rmtree(Path(address).parent, ignore_errors=True)
                os._exit(0)
            elif key.fileobj is listener:
                connection, _ = listener.accept()
                pid = os.fork()
                if pid == 0:
                    selector.close()
                    listener.close()
                    for pidfd, (_, other) in children.items():
                        os.close(pidfd)
                        other.close()
                    _run(child, ChildLine(connection))
                pidfd = os.pidfd_open(pid)
                children[pidfd] = pid, connection
                selector.register(pidfd, selectors.EVENT_READ)
            else:
                selector.unregister(key.fd)
                pid, connection = children.pop(key.fd)
                os.close(key.fd)
                _, status = os.waitpid(pid, 0)
                ended = json.dumps({"ended": os.waitstatus_to_exitcode(status)}).encode()
                with contextlib.suppress(OSError):
                    connection.sendall(ended + b"\n")
                connection.close()


def _split(modules: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split at the module `-`: what the first child needs, and what is imported while no child is wanted."""
    names = list(modules)
    at = names.index("-") if "-" in names else len(names)
    return names[:at], names[at + 1 :]


class ChildLine:
    """A child's end of its connection to the owner: what it is asked, and where it answers."""

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
