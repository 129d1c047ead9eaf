"""Uvicorn as an operator starts it: its own process, its options, its data folder."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Self
from uuid import uuid4

import httpx
import pytest
from workbook.plugin.members import PASSWORD

HERE = Path(__file__).parent

# On a busy machine a client may be idle for five seconds, and a worker silent. Uvicorn would hang up on the one and
# kill the other.
PATIENT = ("--timeout-keep-alive", "60", "--timeout-worker-healthcheck", "60")


class Lifeline:
    """The process that starts uvicorns for these tests; it forks them if that's safe."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, str(HERE / "lifeline.py"), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # what kills the group of the tests would leave the uvicorns behind
            )

    def start(
        self,
        program: str,
        arguments: Sequence[str],
        *,
        cwd: Path,
        env: dict[str, str],
        output: IO[bytes],
        errors: IO[bytes],
        command: Sequence[str],
        inside: Sequence[str] = (),
    ) -> socket.socket:
        """Start a program, and return its line: its pid comes on it, and its exit status when it has ended.

        `command` does the same in a new interpreter, for where forks are not safe and inside another command.
        """
        kept = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "TMPDIR")
            if name in os.environ
        }
        request = {
            "program": program,
            "arguments": [*arguments],
            "command": [*inside, *command] if inside or sys.platform != "linux" else [],
            "cwd": str(cwd),
            "env": {**kept, **env},
        }
        line, theirs = socket.socketpair()
        with theirs:
            fds = [theirs.fileno(), output.fileno(), errors.fileno()]
            socket.send_fds(self._control, [json.dumps(request).encode() + b"\n"], fds)
        return line

    def run(self, program: str, arguments: Sequence[str], **options: Any) -> int:
        """Start a program, wait for its end, and return its exit status."""
        with self.start(program, arguments, **options) as line:
            line.settimeout(60)
            _, status = line.makefile("r")
        return int(status)

    def close(self) -> None:
        self._control.close()
        self._process.wait()


@pytest.fixture(scope="session")
def lifeline() -> Iterator[Lifeline]:
    """The process that starts uvicorns."""
    with contextlib.closing(Lifeline()) as opened:
        yield opened


class Uvicorn:
    """The app as an operator starts it: `uvicorn app.main:app`, with its own data folder as working directory."""

    def __init__(
        self,
        lifeline: Lifeline,
        app_directory: Path,
        data: Path,
        env: dict[str, str],
        *options: str,
        inside: tuple[str, ...] = (),
    ) -> None:
        self.data, self._log = data, data / f"uvicorn-{uuid4().hex}.log"
        data.mkdir(parents=True, exist_ok=True)
        arguments = [
            "app.main:app",
            "--app-dir",
            str(app_directory),
            "--port",
            "0",
            *PATIENT,
            *options,
        ]
        command = [sys.executable, "-m", "uvicorn", *arguments]
        with self._log.open("ab") as log:
            where: dict[str, Any] = {
                "cwd": data,
                "env": env,
                "output": log,
                "errors": log,
            }
            self._line = lifeline.start(
                "uvicorn", arguments, command=command, inside=inside, **where
            )
        self._said = self._line.makefile("r")
        self.pid = int(self._said.readline())
        self.url = ""

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait_until_ready(self, seconds: float = 30) -> Self:
        deadline = time.monotonic() + seconds
        while not (
            found := re.findall(r"running on (http://\S+)", self.log)
        ) or not self._answers(found[-1]):
            assert time.monotonic() < deadline, f"uvicorn did not start:\n{self.log}"
            time.sleep(0.02)
        self.url = found[-1]
        return self

    def _answers(self, url: str) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(url, trust_env=False).status_code == 200
        return False

    def client(self) -> httpx.Client:
        # Threads share it, and one may close an idle connection that another is about to use: none is kept.
        limits = httpx.Limits(max_keepalive_connections=0)
        return httpx.Client(
            base_url=self.url, trust_env=False, timeout=30, limits=limits
        )

    def connect(self) -> socket.socket:
        """Return a bare connection, because httpx wouldn't send everything that these tests do."""
        return socket.create_connection(
            ("127.0.0.1", int(self.url.rpartition(":")[2])), timeout=30
        )

    def join(self, name: str) -> dict[str, str]:
        """Register a member, and return the headers with their token."""
        with self.client() as client:
            new = {"email": f"{name}@example.com", "password": PASSWORD}
            assert (
                client.post("/auth/register", json={"name": name, **new}).status_code
                == 201
            )
            return {
                "Authorization": f"Bearer {client.post('/auth/login', json=new).json()['access_token']}"
            }

    def signal(self, number: int) -> None:
        """Send a signal to uvicorn itself; with several workers, to their supervisor."""
        os.kill(self.pid, number)

    def wait_until_ended(self, seconds: float = 20) -> int:
        """Return the exit status; if a signal ended the process, that's minus its number."""
        self._line.settimeout(seconds)
        return int(self._said.readline())

    def kill(self) -> None:
        """Kill it with SIGKILL, and its workers too."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.close()

    def close(self) -> None:
        """Kill it if it hasn't ended, and wait until it has gone."""
        if self._line.fileno() < 0:
            return
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_WR)
            self._line.settimeout(20)
            while self._line.recv(100):
                pass
        self._said.close()
        self._line.close()


StartUvicorn = Callable[..., Uvicorn]


@pytest.fixture
def start_uvicorn(
    lifeline: Lifeline,
    app_directory: Path,
    tmp_path: Path,
    base_env: dict[str, str],
    new_database: Callable[[], str],
) -> Iterator[StartUvicorn]:
    """Start `uvicorn app.main:app` with these options and settings, on one database that a test's starts share.

    `start_uvicorn("--workers", "2", TOKEN_MINUTES="5")`; `inside` is a command that runs it in a separate place.
    """
    started: list[Uvicorn] = []
    shared = {**base_env, "DATABASE_URL": new_database()}

    def start(*options: str, inside: tuple[str, ...] = (), **env: str) -> Uvicorn:
        started.append(
            Uvicorn(
                lifeline,
                app_directory,
                tmp_path / "data",
                {**shared, **env},
                *options,
                inside=inside,
            )
        )
        return started[-1].wait_until_ready()

    yield start
    for uvicorn in started:
        uvicorn.close()
