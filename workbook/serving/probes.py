"""Routes that tests add to an app if its own routes don't crash, or aren't known to have background tasks."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

PREFIX = "/_probe"
TASKS_FILE = "probe-tasks.txt"
LONGEST_HOLD = 8.0


def add_probes(app: Any) -> None:
    """Add routes that crash, one that takes its time, and routes that have background tasks.

    `GET /_probe/crash` raises, and `GET /_probe/broken` does so in the middle of its response. `GET /_probe/held` sends
    half of its response and waits for `POST /_probe/release`, at most `LONGEST_HOLD` seconds. The background tasks of
    `POST /_probe/task?name=…`, of `/_probe/async-task`, which waits a moment, and of `/_probe/own-task`, with its own
    response, leave a line: the name, in `probe-tasks.txt` in the working directory. If an app is wrapped in ASGI
    middlewares by hand, the routes are added inside; if there's no FastAPI inside, none are.
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

    def task(name: str, tasks: BackgroundTasks) -> dict[str, str]:
        tasks.add_task(leave, name)
        return {"task": name}

    def broken() -> Response:
        def half() -> Iterator[bytes]:
            yield b"the first half"
            raise RuntimeError("a crash in the middle of a response, which a test has asked for")

        return StreamingResponse(half(), media_type="text/plain")

    released = asyncio.Event()

    async def held() -> Response:
        released.clear()

        async def halves() -> AsyncIterator[bytes]:
            yield b"the first half"
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(released.wait(), LONGEST_HOLD)
            yield b", the second half"

        return StreamingResponse(halves(), media_type="text/plain")

    async def release() -> None:
        released.set()

    async def leave_later(name: str) -> None:
        await asyncio.sleep(0.1)
        leave(name)

    def async_task(name: str, tasks: BackgroundTasks) -> dict[str, str]:
        tasks.add_task(leave_later, name)
        return {"task": name}

    def own_task(name: str) -> Response:
        return JSONResponse({"task": name}, background=BackgroundTask(leave, name))

    app.add_api_route(f"{PREFIX}/crash", crash, methods=["GET"], include_in_schema=False)
    app.add_api_route(f"{PREFIX}/broken", broken, methods=["GET"], include_in_schema=False)
    app.add_api_route(f"{PREFIX}/held", held, methods=["GET"], include_in_schema=False)
    app.add_api_route(f"{PREFIX}/release", release, methods=["POST"], status_code=204, include_in_schema=False)
    app.add_api_route(f"{PREFIX}/async-task", async_task, methods=["POST"], include_in_schema=False)
    app.add_api_route(f"{PREFIX}/own-task", own_task, methods=["POST"], include_in_schema=False)
    app.add_api_route(f"{PREFIX}/task", task, methods=["POST"], include_in_schema=False)
