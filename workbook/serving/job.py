"""What a served app's process has to do, how it can fail to start, and how to reach it on this machine."""

import contextlib
import json
import os
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self


class AppFailed(Exception):
    """The app couldn't be served.

    `kind` is one of: syntax, import, missing (a package that is not installed), no-app, exit, hang, startup, port.
    `text` is written for the person whose app it is: their file and line, none of ours.
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text


@dataclass(frozen=True)
class Job:
    """One app to serve. Travels as one line of JSON.

    `folder` holds `data/`, the app's working directory, and `log`; with `log=None` the app writes to the standard
    error that it inherits. After `patience` seconds, a start that doesn't end is called a hang, and code that doesn't
    let another thread run ends the app. `grace` is how many seconds running requests and tasks get when the line ends
    (0: none). `colours`: the log is read on a terminal that has them. `probes`: the app gets a few more routes, see
    probes.py. `clock`: how many seconds its clock is ahead, see there too.
    """

    app: Path
    folder: Path | None = None
    data: Path | None = None
    log: Path | None = None
    env: dict[str, str] = field(default_factory=dict)
    inherit_env: bool = False
    host: str = "127.0.0.1"
    port: int = 0
    patience: float = 30.0
    grace: float = 0.0
    report_imports: bool = False
    colours: bool = False
    probes: bool = False
    clock: int = 0

    def to_line(self) -> bytes:
        fields = {key: str(value) if isinstance(value, Path) else value for key, value in asdict(self).items()}
        return json.dumps(fields).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        fields: dict[str, Any] = json.loads(line)
        for name in ("app", "folder", "data", "log"):
            if fields[name] is not None:
                fields[name] = Path(fields[name])
        return cls(**fields)


class OnThisMachine:
    """Mixed into the line of a launcher that isolates nothing.

    `_job` is its job, and `_url` is the address that the app has sent.
    """

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
