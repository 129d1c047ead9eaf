"""Mail out of a sandbox: what the app sends to the tests' mailbox, carried there, and nothing else."""

import contextlib
import selectors
import socket
import threading

MOST_BYTES = 4 * 1024 * 1024  # of all mail of one app
MOST_AT_ONCE = 16


class MailRelay:
    """Accepts at `listener`, a socket of the sandbox's network, and carries each connection to 127.0.0.1:`port`."""

    def __init__(self, listener: socket.socket, port: int) -> None:
        self._listener, self._port = listener, port
        self._left = MOST_BYTES
        self._room = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._closed = threading.Event()
        listener.settimeout(None)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                theirs, _ = self._listener.accept()
            except OSError:
                return
            if self._closed.is_set() or not self._room.acquire(blocking=False):
                theirs.close()
                continue
            threading.Thread(target=self._carry, args=(theirs,), daemon=True).start()

    def _carry(self, theirs: socket.socket) -> None:
        try:
            with theirs, socket.create_connection(("127.0.0.1", self._port), 5) as ours:
                self._both_ways(theirs, ours)
        except OSError:
            pass  # one of them is gone
        finally:
            self._room.release()

    def _both_ways(self, theirs: socket.socket, ours: socket.socket) -> None:
        with selectors.DefaultSelector() as waiting:
            for one, other in (theirs, ours), (ours, theirs):
                one.settimeout(10)
                waiting.register(one, selectors.EVENT_READ, (one, other))
            while not self._closed.is_set():
                for key, _ in waiting.select(1):
                    source, target = key.data
                    data = source.recv(65536)
                    self._left -= len(data)
                    if not data or self._left < 0:
                        return
                    target.sendall(data)

    def close(self) -> None:
        self._closed.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept
        self._listener.close()
