"""No request keeps a database connection while it waits for a thread.

Those with the threads may wait for a connection, so a hundred requests at once could be stuck.
"""

from contextlib import ExitStack
from typing import Any

import pytest

from workbook.course.changes import scratch_copy
from workbook.plugin.client import Client
from workbook.serving import Launcher, ServedApp

from .test_deep_bodies import enter
from .test_hostile_requests import ENV, RIGHT, folder_of, forms_of

# Put at the end of an app's main module: it prints each request that has a connection when it asks for a thread.
WATCH = """

import anyio.to_thread
import contextvars
import sys
from sqlalchemy import event

held = contextvars.ContextVar("held", default=None)
run_sync = anyio.to_thread.run_sync


async def watched_run_sync(func, *args, limiter=None, **options):
    if limiter is None and held.get() and held.get()["connections"]:
        print("HELD", held.get()["request"], file=sys.stderr, flush=True)
    return await run_sync(func, *args, limiter=limiter, **options)


def count(step):
    def counted(*args):
        if held.get() is not None:
            held.get()["connections"] += step

    return counted


class Watch:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        held.set({"connections": 0, "request": f"{scope.get('method')} {scope.get('path')}"})

        async def marking_send(message):
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-watched", b"yes")]
            await send(message)

        await self.app(scope, receive, marking_send)


anyio.to_thread.run_sync = watched_run_sync
event.listen(engine, "checkout", count(1))
event.listen(engine, "checkin", count(-1))
app.add_middleware(Watch)
"""


def requests_of(described: dict[str, Any]) -> list[tuple[str, str, dict[str, str] | None]]:
    """Return a right request for each route, of something of one's own, someone else's, and something missing."""
    found: list[tuple[str, str, dict[str, str] | None]] = []
    for path, methods in described["paths"].items():
        for method, route in methods.items():
            for number in ("1", "2", "99") if "{" in path else ("1",):
                bodies = [
                    {name: RIGHT[name] for name in fields if name in RIGHT}
                    for kind, fields, _ in forms_of(route, described)
                    if kind == "application/json"
                ]
                right = path.partition("{")[0] + number + path.partition("}")[2] if "{" in path else path
                found.append((method.upper(), right, bodies[0] if bodies else None))
    return sorted(found, key=lambda each: each[0] == "DELETE")


STAGES = ["03-background", "05-routers", "06-errors"]


@pytest.mark.parametrize(
    "name", [*STAGES, *(f"{name}, tasks done" for name in STAGES), "final", "final, exercises done"]
)
def test_no_connection_is_held_while_a_thread_is_awaited(launcher: Launcher, name: str) -> None:
    """Whatever a route finds, its request has given its connection back when it asks for the next thread."""
    with ExitStack() as stack:
        folder = stack.enter_context(scratch_copy(folder_of(name, stack)))
        main = next(file for file in (folder / "main.py", folder / "app" / "main.py") if file.exists())
        main.write_text(main.read_text(encoding="utf-8") + WATCH, encoding="utf-8")
        app = stack.enter_context(ServedApp(launcher, folder, env=ENV))
        client = stack.enter_context(Client(app, []))
        described = client.get("/openapi.json").json()
        usual = {"X-API-Key": "key", **enter(client, described["paths"])}
        for path in {"/auth/register", "/users/register", "/users"} & {*described["paths"]}:
            client.post(path, json={**{k: RIGHT[k] for k in ("name", "password")}, "email": "grace@example.com"})

        for method, path, body in requests_of(described):
            client.request(method, path, json=body, headers=usual)

        assert client.get("/openapi.json").headers["x-watched"] == "yes"
        assert [line for line in app.log.splitlines() if line.startswith("HELD")] == []
