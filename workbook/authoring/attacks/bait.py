"""What an attack must not reach: servers, a file, a variable, all of them on the trusted side and watched."""

import contextlib
import os
import secrets
import shutil
import socket
import tempfile
import threading
from pathlib import Path
from typing import Any, Self

VARIABLE = "ATTACKS_BAIT"


class Bait:
    """What's on the trusted side for attacks to try; each touch is noted. Close it at the end.

    The attacks get `addresses`. The secret is in a file that every user may read, and in the grader's environment.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="attacks-bait-"))
        self.folder.chmod(0o755)
        self.secret = secrets.token_hex(16)
        self.file = self.folder / "secret.txt"
        self.file.write_text(self.secret, encoding="utf-8")
        self.trap = self.folder / "trap"
        self.trap.mkdir()
        self.trap.chmod(0o777)  # an attack that runs on the trusted side leaves something here
        self.touched: list[str] = []
        self._sockets: list[socket.socket] = []
        abstract = f"attacks-bait-{secrets.token_hex(6)}"
        path = self.folder / "socket"
        inet = self._listen(socket.AF_INET, ("127.0.0.1", 0), "127.0.0.1")
        self._listen(socket.AF_UNIX, f"\0{abstract}", "an abstract socket")
        self._listen(socket.AF_UNIX, str(path), "a socket in the file system")
        path.chmod(0o777)
        os.environ[VARIABLE] = self.secret
        self.addresses: dict[str, object] = {
            "port": inet.getsockname()[1],
            "abstract": abstract,
            "socket": str(path),
            "file": str(self.file),
            "trap": str(self.trap),
            "pid": os.getpid(),
            # Turned round: what looks for the secret must not find itself.
            "terces": self.secret[::-1],
        }
        with contextlib.suppress(OSError):  # no IPv6 here
            inet6 = self._listen(socket.AF_INET6, ("::1", 0), "::1")
            self.addresses["port6"] = inet6.getsockname()[1]
        self.addresses.setdefault("port6", 9)

    def _listen(self, family: int, address: Any, called: str) -> socket.socket:
        listener = socket.socket(family)
        listener.bind(address)
        listener.listen(16)
        self._sockets.append(listener)
        threading.Thread(target=self._watch, args=(listener, called), daemon=True).start()
        return listener

    def _watch(self, listener: socket.socket, called: str) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self.touched.append(called)
                connection.close()

    def taken(self) -> list[str]:
        """Return what has been reached so far."""
        left = [f"the trap: {path.name}" for path in sorted(self.trap.iterdir())]
        return sorted(set(self.touched)) + left

    def close(self) -> None:
        os.environ.pop(VARIABLE, None)
        for listener in self._sockets:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes accept(), which close() alone does not
            listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
