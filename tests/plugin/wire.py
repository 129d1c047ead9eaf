"""A substitute for a served app: it answers every request with the same bytes, whatever they are."""

import contextlib
import socket
import threading
from pathlib import Path
from typing import Any, Self

from workbook.plugin.client import Client


class Wire:
    """Has of a `ServedApp` what clients and cards use; `response` and `log` are set by the test."""

    def __init__(self, folder: Path) -> None:
        self.app_directory = folder
        self.env: dict[str, str] = {}
        self.response, self.log = b"", ""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(10)
            connection.recv(65536)
            connection.sendall(self.response)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass

    @property
    def log_size(self) -> int:
        return 0

    def log_since(self, size: int, most: int = 2**20) -> str:
        return self.log[-most:]

    def connect(self, *_: Any, **__: Any) -> socket.socket:
        host, port = self._listener.getsockname()
        return socket.create_connection((host, port), 10)

    def client(self) -> Client:
        return Client(self, [])  # type: ignore[arg-type]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
