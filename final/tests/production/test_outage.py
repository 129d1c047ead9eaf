import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
from workbook.plugin.members import PASSWORD

if TYPE_CHECKING:
    from conftest import Postgres

    from .conftest import StartUvicorn, Uvicorn

ON_SQLITE = pytest.mark.parametrize("new_database", ["sqlite"], indirect=True)
ON_POSTGRES = pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
NEW_POST = {"title": "T", "content": "", "published": True}

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive(sample=3, of="file")]


def assert_unavailable(response: httpx.Response) -> None:
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["success"], body["errors"]) == (
        503,
        False,
        [],
    ), response.text
    assert int(response.headers["retry-after"]) > 0


def ask_for_everything(uvicorn: "Uvicorn", ada: dict[str, str]) -> list[httpx.Response]:
    """Send one request of each kind that needs the database."""
    account = {"email": "ada@example.com", "password": PASSWORD}
    with uvicorn.client() as client:
        return [
            client.get("/posts"),
            client.get("/users/me", headers=ada),
            client.post("/posts", json=NEW_POST, headers=ada),
            client.post("/auth/login", json=account),
            client.post("/auth/register", json={"name": "Grace", **account}),
            client.post("/uploads/image", files={"file": b"a"}, headers=ada),
        ]


@ON_POSTGRES
def test_connections_that_the_server_ended(
    start_uvicorn: "StartUvicorn", new_database: Callable[[], str], postgres: str
) -> None:
    """When the server ends all connections, as a restart does, the next requests find new ones."""
    import psycopg

    url = new_database()
    uvicorn = start_uvicorn(DATABASE_URL=url)
    ada = uvicorn.join("ada")
    with uvicorn.client() as client:
        for _ in range(3):
            with psycopg.connect(
                host=postgres, user="postgres", dbname="postgres", autocommit=True
            ) as connection:
                ended = connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                    [urlsplit(url).path.removeprefix("/")],
                ).fetchall()
            assert ended
            assert client.post("/posts", json=NEW_POST, headers=ada).status_code == 201


@ON_POSTGRES
def test_a_server_that_goes_away_and_comes_back(
    start_uvicorn: "StartUvicorn", own_postgres: tuple["Postgres", str]
) -> None:
    """While PostgreSQL is away every request is a 503 with Retry-After; the first one after its return works."""
    postgres, url = own_postgres
    uvicorn = start_uvicorn(DATABASE_URL=url)
    ada = uvicorn.join("ada")

    for _ in range(2):
        postgres.stop()
        for response in ask_for_everything(uvicorn, ada):
            assert_unavailable(response)
        with uvicorn.client() as client:
            assert client.get("/").status_code == 200
        postgres.start()
        with uvicorn.client() as client:
            assert client.post("/posts", json=NEW_POST, headers=ada).status_code == 201


@ON_POSTGRES
def test_a_server_that_goes_away_in_the_middle(
    start_uvicorn: "StartUvicorn", own_postgres: tuple["Postgres", str]
) -> None:
    """A PostgreSQL that goes away under running requests makes them 503, and what was acknowledged is there later."""
    postgres, url = own_postgres
    uvicorn = start_uvicorn(DATABASE_URL=url)
    ada = uvicorn.join("ada")
    acknowledged: list[int] = []
    statuses: set[int] = set()

    def write(_: int) -> None:
        with uvicorn.client() as client:
            while statuses <= {201}:
                response = client.post("/posts", json=NEW_POST, headers=ada)
                statuses.add(response.status_code)
                if response.status_code == 201:
                    acknowledged.append(response.json()["id"])

    with ThreadPoolExecutor(8) as pool:
        running = pool.map(write, range(8))
        deadline = time.monotonic() + 20
        while len(acknowledged) < 20:
            assert time.monotonic() < deadline, uvicorn.log
            time.sleep(0.01)
        postgres.stop()
        list(running)
    postgres.start()

    assert statuses == {201, 503}
    with uvicorn.client() as client:
        assert {
            client.get(f"/posts/{post_id}").status_code for post_id in acknowledged
        } == {200}


@ON_SQLITE
def test_a_database_that_somebody_else_locks(start_uvicorn: "StartUvicorn") -> None:
    """While another process locks SQLite for too long, writes get a 503 and reads go on; afterwards writes work."""
    uvicorn = start_uvicorn(DATABASE_URL="sqlite:///blog.db?timeout=0.5")
    ada = uvicorn.join("ada")
    locking = sqlite3.connect(uvicorn.data / "blog.db", isolation_level=None)
    with uvicorn.client() as client:
        locking.execute("BEGIN EXCLUSIVE")

        assert client.get("/users/me", headers=ada).status_code == 200
        assert_unavailable(client.post("/posts", json=NEW_POST, headers=ada))

        locking.close()
        assert client.post("/posts", json=NEW_POST, headers=ada).status_code == 201


def test_a_login_whose_audit_fails(
    start_uvicorn: "StartUvicorn", new_database: Callable[[], str]
) -> None:
    """If the audit can't be written, a login works and a failed one is a 401, and the log has the error."""
    url = new_database()
    uvicorn = start_uvicorn(DATABASE_URL=url)
    uvicorn.join("ada")
    if url.startswith("sqlite"):
        with sqlite3.connect(uvicorn.data / "blog.db") as sqlite:
            sqlite.execute("DROP TABLE login_attempts")
        sqlite.close()
    else:
        import psycopg

        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            connection.execute("DROP TABLE login_attempts")

    with uvicorn.client() as client:
        login = {"email": "ada@example.com", "password": PASSWORD}
        assert client.post("/auth/login", json=login).status_code == 200
        assert (
            client.post(
                "/auth/login", json={**login, "password": "wrong password"}
            ).status_code
            == 401
        )

    deadline = time.monotonic() + 10
    while uvicorn.log.count("this login is not in the audit") < 2:
        assert time.monotonic() < deadline, uvicorn.log
        time.sleep(0.02)


@ON_SQLITE
def test_a_database_file_that_is_garbage(start_uvicorn: "StartUvicorn") -> None:
    """When SQLite's file is overwritten by garbage, every request has an answer, and errors have the common shape."""
    uvicorn = start_uvicorn()
    ada = uvicorn.join("ada")

    # Not the file -shm as well: it is mapped into memory, and the kernel ends a process that reads what is cut off.
    for name in ("blog.db", "blog.db-wal"):
        (uvicorn.data / name).write_bytes(b"this is no database" * 1000)

    for response in ask_for_everything(uvicorn, ada):
        assert "this is no" not in response.text
        if response.status_code >= 400:  # SQLite answers some from what it still holds
            assert (set(response.json()), response.json()["success"]) == (
                {"success", "message", "errors"},
                False,
            )
    with uvicorn.client() as client:
        assert client.get("/").status_code == 200
