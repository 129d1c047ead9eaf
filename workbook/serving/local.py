"""How to reach an app on this machine, and its data folder, for launchers that don't isolate anything."""

import contextlib
import os
import socket
from pathlib import Path

from .job import Job


class OnThisMachine:
    """Mixed into a line; `_job` is its job, and `_url` is the address that the app has sent."""

    _job: Job
    _url: str = ""
    app: Path

    def connect(self, receive_buffer: int | None = None, seconds: float = 10) -> socket.socket:
        host, _, port = self._url.removeprefix("http://").rpartition(":")
        opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if receive_buffer:
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opened.settimeout(seconds)
            opened.connect((host, int(port)))
        except BaseException:
            opened.close()
            raise
        return opened

    def files(self) -> list[str]:
        assert self._job.data is not None
        found = (Path(folder, name) for folder, _, names in os.walk(self._job.data) for name in names)
        return sorted(path.relative_to(self._job.data).as_posix() for path in found)

    def read(self, name: str, most: int) -> bytes | None:
        assert self._job.data is not None
        path = self._job.data / name
        if path.is_symlink() or not path.is_file():
            return None
        try:
            with path.open("rb") as file:
                return file.read(most)
        except FileNotFoundError:
            return None

    def log_size(self) -> int:
        with contextlib.suppress(FileNotFoundError):
            return self._job.log.stat().st_size if self._job.log else 0
        return 0

    def read_log(self, start: int, most: int) -> bytes:
        with contextlib.suppress(FileNotFoundError):
            if self._job.log:
                with self._job.log.open("rb") as file:
                    file.seek(start)
                    return file.read(most)
        return b""
