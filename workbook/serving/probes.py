"""What tests change about an app: routes that crash or have background tasks, and a clock that's ahead.

The app's own routes may not crash, or aren't known to have tasks. With the clock, tests see it at another hour.
"""

import asyncio
import contextlib
import datetime
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

PREFIX = "/_probe"
TASKS_FILE = "probe-tasks.txt"
LONGEST_HOLD = 8.0
PAUSE = 0.25  # seconds
_REAL = datetime.datetime


def add_probes(app: Any) -> None:
    """Add routes that crash, one that takes its time, routes that have background tasks, and one that copies rows.

    `GET /_probe/crash` raises, and `GET /_probe/broken` does so in the middle of its response; the background task of
    `POST /_probe/crash` raises after it. `GET /_probe/held` and `/_probe/stream/…` send half of their response and
    wait for `POST /_probe/release`, at most `LONGEST_HOLD` seconds. So do the background tasks of
    `POST /_probe/slow-task`, in a thread, and of `/_probe/stream-task/…`, whose response comes in pieces. Those of
    `POST /_probe/task?name=…`, of `/_probe/async-task`, which waits a moment, and of `/_probe/own-task`, with its own
    response, leave a line: the name, in `probe-tasks.txt` in the working directory. `POST /_probe/copies` is
    `copy_rows`. `GET /_probe/pause` keeps the app from everything else for a moment, so that requests pile up. If an
    app is wrapped in ASGI middlewares by hand, the routes are added inside; if there's no FastAPI inside, none are.
    """
    from fastapi import BackgroundTasks, FastAPI
    from starlette.background import BackgroundTask
    from starlette.responses import JSONResponse, Response, StreamingResponse

    while app is not None and not isinstance(app, FastAPI):
        app = getattr(app, "app", None)
    if app is None:
        return

    def leave(name: str) -> None:
        with Path(TASKS_FILE).open("a", encoding="utf-8") as file:
            file.write(f"{name}\n")

    def crash() -> None:
        raise RuntimeError("a crash that a test has asked for")

    def crash_later(tasks: BackgroundTasks) -> None:
        tasks.add_task(crash)

    def task(name: str, tasks: BackgroundTasks) -> dict[str, str]:
        tasks.add_task(leave, name)
        return {"task": name}

    def broken() -> Response:
        def half() -> Iterator[bytes]:
            yield b"the first half"
            raise RuntimeError("a crash in the middle of a response, which a test has asked for")

        return StreamingResponse(half(), media_type="text/plain")

    released = asyncio.Event()

    async def until_released() -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(released.wait(), LONGEST_HOLD)

    async def held() -> Response:
        released.clear()

        async def halves() -> AsyncIterator[bytes]:
            yield b"the first half"
            await until_released()
            yield b", the second half"

        return StreamingResponse(halves(), media_type="text/plain")

    async def release() -> None:
        released.set()
        no_longer.set()

    no_longer = threading.Event()

    async def slow_task(tasks: BackgroundTasks) -> None:
        no_longer.clear()
        tasks.add_task(no_longer.wait, LONGEST_HOLD)

    async def stream_task() -> Response:
        released.clear()

        async def pieces() -> AsyncIterator[bytes]:
            yield b"the first half"
            yield b", the second half"

        return StreamingResponse(pieces(), media_type="text/plain", background=BackgroundTask(until_released))

    async def pause() -> None:
        time.sleep(PAUSE)  # noqa: ASYNC251 - nothing else may run

    async def leave_later(name: str) -> None:
        await asyncio.sleep(0.1)
        leave(name)

    def async_task(name: str, tasks: BackgroundTasks) -> dict[str, str]:
        tasks.add_task(leave_later, name)
        return {"task": name}

    def own_task(name: str) -> Response:
        return JSONResponse({"task": name}, background=BackgroundTask(leave, name))

    app.add_api_route(f"{PREFIX}/crash", crash, methods=["GET"], include_in_schema=False)
    app.add_api_route(f"{PREFIX}/crash", crash_later, methods=["POST"], include_in_schema=False)
    app.add_api_route(f"{PREFIX}/broken", broken, methods=["GET"], include_in_schema=False)
    app.add_api_route(f"{PREFIX}/held", held, methods=["GET"], include_in_schema=False)
    app.add_api_route(f"{PREFIX}/stream/{{name}}", held, methods=["GET"], include_in_schema=False)
    app.add_api_route(f"{PREFIX}/pause", pause, methods=["GET"], include_in_schema=False)
    app.add_api_route(f"{PREFIX}/copies", copy_rows, methods=["POST"], include_in_schema=False)
    app.add_api_route(f"{PREFIX}/release", release, methods=["POST"], status_code=204, include_in_schema=False)
    app.add_api_route(f"{PREFIX}/async-task", async_task, methods=["POST"], include_in_schema=False)
    app.add_api_route(f"{PREFIX}/own-task", own_task, methods=["POST"], include_in_schema=False)
    app.add_api_route(f"{PREFIX}/slow-task", slow_task, methods=["POST"], include_in_schema=False)
    app.add_api_route(f"{PREFIX}/stream-task/{{name}}", stream_task, methods=["POST"], include_in_schema=False)
    app.add_api_route(f"{PREFIX}/task", task, methods=["POST"], include_in_schema=False)


def copy_rows(table: str, count: int, unique: str) -> dict[str, int]:
    """Copy the newest row of a table of the SQLite file in the working directory, and return the first copy's id.

    The values of the column `unique` get a number before them. A thousand rows would cost seconds if they were sent.
    """
    import sqlite3  # late: only apps of an exercise are asked for it

    (file,) = Path().glob("*.db")
    with contextlib.closing(sqlite3.connect(file, timeout=5)) as database, database:
        columns = [row[1] for row in database.execute("SELECT * FROM pragma_table_info(?)", (table,)) if row[1] != "id"]
        newest = database.execute(f'SELECT max(id) FROM "{table}"').fetchone()[0]
        names = ", ".join(f'"{name}"' for name in columns)
        values = ", ".join(f"n || '-' || \"{name}\"" if name == unique else f'"{name}"' for name in columns)
        numbers = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)"
        copy = f'INSERT INTO "{table}" ({names}) SELECT {values} FROM numbers, "{table}" WHERE id = ?'
        database.execute(f"{numbers} {copy}", (count, newest))
        return {"first": database.execute(f'SELECT max(id) FROM "{table}"').fetchone()[0] - count + 1}


class _Metaclass(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _REAL)


class _Function:
    """A function that stays one as a class's attribute, as those of `time` do: it isn't bound to an instance."""

    def __init__(self, called: Callable[..., Any]) -> None:
        self._called = called

    def __call__(self, *given: Any, **named: Any) -> Any:
        return self._called(*given, **named)


def move_clock(seconds: int) -> None:
    """Let the clock be ahead by so many seconds for what's imported from now on: in `time` and in `datetime.datetime`.

    What was imported before keeps the real class; values of both are equal, compare, and are of the same type to
    `isinstance`, pydantic and SQLAlchemy.
    """
    ahead = datetime.timedelta(seconds=seconds)
    now, nanoseconds = time.time, time.time_ns
    before = datetime.datetime  # the real one, or one that was moved before: then this one adds up

    class Ahead(_REAL, metaclass=_Metaclass):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return before.now(tz) + ahead

        @classmethod
        def utcnow(cls) -> Any:
            return _REAL.fromtimestamp(now() + seconds, datetime.UTC).replace(tzinfo=None)

        @classmethod
        def today(cls) -> Any:
            return before.now() + ahead

        @classmethod
        def __get_pydantic_core_schema__(cls, _: Any, handler: Any) -> Any:
            from pydantic_core import core_schema  # late: only apps that have models need it

            return core_schema.datetime_schema()

    def of_now(real: Callable[[float], Any]) -> Any:
        return _Function(lambda secs=None: real(now() + seconds if secs is None else secs))

    moved: dict[str, Any] = {
        "time": _Function(lambda: now() + seconds),
        "time_ns": _Function(lambda: nanoseconds() + seconds * 1_000_000_000),
        **{name: of_now(getattr(time, name)) for name in ("gmtime", "localtime", "ctime")},
    }
    strftime, asctime = time.strftime, time.asctime
    moved["strftime"] = _Function(lambda form, t=None: strftime(form, moved["localtime"]() if t is None else t))
    moved["asctime"] = _Function(lambda t=None: asctime(moved["localtime"]() if t is None else t))
    for name, function in moved.items():
        setattr(time, name, function)
    datetime.datetime = Ahead  # type: ignore[misc]
