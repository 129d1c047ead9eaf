import contextlib
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from workbook.plugin.members import PASSWORD

if TYPE_CHECKING:
    from .conftest import StartUvicorn

THREADS = 30


pytestmark = [pytest.mark.slow, pytest.mark.exhaustive(sample=4, of="file")]


@contextlib.contextmanager
def half_made_tables(url: str, data: Path) -> Iterator[Callable[[], bool]]:
    """Begin to make the tables, and roll back in the end. Yield a function that says if four processes wait."""
    if url.startswith("sqlite"):
        data.mkdir()
        with contextlib.closing(
            sqlite3.connect(data / "blog.db", isolation_level=None)
        ) as file:
            file.execute("BEGIN IMMEDIATE")
            yield lambda: True  # SQLite does not tell
        return
    import psycopg

    server = url.replace("+psycopg", "")
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with (
        psycopg.connect(server) as connection,
        psycopg.connect(server, autocommit=True) as watching,
    ):
        connection.execute("CREATE TABLE users (id int)")
        yield lambda: watching.execute(waiting).fetchone() == (4,)
        connection.rollback()


def test_four_workers_start_at_once_on_an_empty_database(
    start_uvicorn: "StartUvicorn", new_database: Callable[[], str], tmp_path: Path
) -> None:
    """Four workers that come to make the tables at the same moment all start, and the tables are there."""
    url, data = new_database(), tmp_path / "data"
    with ThreadPoolExecutor(1) as pool:
        with half_made_tables(url, data) as four_wait:
            starting = pool.submit(start_uvicorn, "--workers", "4", DATABASE_URL=url)
            deadline = time.monotonic() + 30
            while (
                read_logs(data).count("Waiting for application startup") < 4
                or not four_wait()
            ):
                assert time.monotonic() < deadline, read_logs(data)
                time.sleep(0.02)
        uvicorn = starting.result()

    while uvicorn.log.count("Application startup complete") < 4:
        assert time.monotonic() < deadline, uvicorn.log
        time.sleep(0.02)
    assert "Traceback" not in uvicorn.log
    assert uvicorn.join("ada")


def read_logs(data: Path) -> str:
    return "".join(path.read_text() for path in data.glob("*.log"))


def test_a_token_of_one_process_is_good_in_another(
    start_uvicorn: "StartUvicorn",
) -> None:
    """A token that one process made opens the other, which finds there what was written through the first."""
    first, second = start_uvicorn(), start_uvicorn()
    ada = first.join("ada")
    with first.client() as client:
        post_id = client.post(
            "/posts", json={"title": "T", "content": "of Ada"}, headers=ada
        ).json()["id"]

    with second.client() as client:
        response = client.get(f"/posts/{post_id}", headers=ada)

    assert first.url != second.url
    assert (response.status_code, response.json().get("content")) == (200, "of Ada")


def test_of_a_thousand_writes_at_once_none_is_lost(
    start_uvicorn: "StartUvicorn",
) -> None:
    """1,000 writes by two workers, three threads to a post, are all answered well, and the last of each field stays."""
    uvicorn = start_uvicorn("--workers", "2")
    ada = uvicorn.join("ada")
    values: dict[str, list[Any]] = {
        "title": ["a", "b", "c"],
        "content": ["first", "second", "third"],
        "published": [True, False, True],
    }

    with uvicorn.client() as client, ThreadPoolExecutor(THREADS) as pool:
        client.headers.update(ada)

        def create(_: int) -> int:
            response = client.post("/posts", json={"title": "T", "content": ""})
            assert response.status_code == 201
            post_id: int = response.json()["id"]
            return post_id

        def change(job: tuple[str, int]) -> list[int]:
            field, first = job
            mine = ids[first::10]
            return [
                client.patch(f"/posts/{n}", json={field: v}).status_code
                for v in values[field]
                for n in mine
            ]

        ids = list(pool.map(create, range(100)))
        statuses = Counter(
            status
            for each in pool.map(change, product(values, range(10)))
            for status in each
        )
        posts = list(
            pool.map(lambda post_id: client.get(f"/posts/{post_id}").json(), ids)
        )

    assert statuses == {200: 900}
    assert len(set(ids)) == 100
    assert Counter(
        (post["title"], post["content"], post["published"]) for post in posts
    ) == {("c", "third", True): 100}


def test_a_change_and_a_deletion_at_the_same_moment(
    start_uvicorn: "StartUvicorn",
) -> None:
    """If a post is changed and deleted at the same moment, a change may be refused, and the post stays deleted."""
    uvicorn = start_uvicorn("--workers", "2")
    ada = uvicorn.join("ada")

    with uvicorn.client() as client, ThreadPoolExecutor(3) as pool:
        client.headers.update(ada)

        def race(post_id: int) -> tuple[int, ...]:
            start = Barrier(3)

            def run(method: str, body: dict[str, str] | None) -> int:
                start.wait(10)
                return client.request(
                    method, f"/posts/{post_id}", json=body
                ).status_code

            runs = [
                ("PATCH", {"title": "A"}),
                ("DELETE", None),
                ("PATCH", {"content": "B"}),
            ]
            return tuple(
                run.result() for run in [pool.submit(run, *each) for each in runs]
            )

        for _ in range(40):
            post_id = client.post("/posts", json={"title": "T", "content": ""}).json()[
                "id"
            ]
            first, deleted, second = race(post_id)
            assert {first, second} <= {200, 404, 409}
            assert deleted == 204
            assert client.get(f"/posts/{post_id}").status_code == 404
    assert "Traceback" not in uvicorn.log


def test_one_email_is_wanted_by_forty(start_uvicorn: "StartUvicorn") -> None:
    """Of 32 users and 8 newcomers who want one email at the same moment, one gets it, and the others get a 409."""
    uvicorn = start_uvicorn("--workers", "2")
    with ThreadPoolExecutor(40) as pool, uvicorn.client() as client:
        members = list(
            pool.map(uvicorn.join, (f"user-{number}" for number in range(32)))
        )
        wanted, start = "wanted@example.com", Barrier(40)

        def change(headers: dict[str, str]) -> int:
            start.wait(10)
            return client.patch(
                "/users/me", json={"email": wanted}, headers=headers
            ).status_code

        def register(_: int) -> int:
            start.wait(10)
            new = {"name": "New", "email": wanted, "password": PASSWORD}
            return client.post("/auth/register", json=new).status_code

        changed = [pool.submit(change, headers) for headers in members]
        registered = [pool.submit(register, number) for number in range(8)]
        statuses = Counter(each.result() for each in changed + registered)
        emails = Counter(
            client.get("/users/me", headers=headers).json()["email"]
            for headers in members
        )

    assert statuses[409] == 39
    assert statuses[200] + statuses[201] == 1
    assert emails[wanted] == statuses[200]
