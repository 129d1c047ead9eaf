"""Routes that tests add to an app whose own routes neither crash nor are known to have background tasks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

PREFIX = "/_probe"
TASKS_FILE = "probe-tasks.txt"


def add_probes(app: Any) -> None:
    """Add routes that crash and routes that have background tasks.

    `GET /_probe/crash` raises, and `GET /_probe/broken` does so in the middle of its response. The background tasks of
    `POST /_probe/task?name=…`, and of `POST /_probe/own-task?name=…` with a response of its own, leave a line: the
    name, in `probe-tasks.txt` in the working directory. An app that is wrapped in ASGI middlewares by
    hand gets them inside; one that is no FastAPI gets none.
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

    def own_task(name: str) -> Response:
        return JSONResponse({"task": name}, background=BackgroundTask(leave, name))

    app.add_api_route(f"{PREFIX}/crash", crash, methods=["GET"], include_in_schema=False)
    app.add_api_route(f"{PREFIX}/broken", broken, methods=["GET"], include_in_schema=False)
    app.add_api_route(f"{PREFIX}/own-task", own_task, methods=["POST"], include_in_schema=False)
    app.add_api_route(f"{PREFIX}/task", task, methods=["POST"], include_in_schema=False)
