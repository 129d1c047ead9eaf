"""Two routes that tests add to an app whose own routes neither crash nor are known to have background tasks."""

from pathlib import Path
from typing import Any

PREFIX = "/_probe"
TASKS_FILE = "probe-tasks.txt"


def add_probes(app: Any) -> None:
    """Add `GET /_probe/crash`, which raises, and `POST /_probe/task?name=…`, whose background task leaves a line.

    The line is the name, in `probe-tasks.txt` in the working directory. An app that is wrapped in ASGI middlewares by
    hand gets them inside; one that is no FastAPI gets none.
    """
    from fastapi import BackgroundTasks, FastAPI

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

    app.add_api_route(f"{PREFIX}/crash", crash, methods=["GET"], include_in_schema=False)
    app.add_api_route(f"{PREFIX}/task", task, methods=["POST"], include_in_schema=False)
