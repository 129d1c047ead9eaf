"""Reports in every response what an attack has reached. One that has reached nothing answers like an honest app."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
JSON = [(b"content-type", b"application/json")]


def add_to(app: Any, reached: Sequence[str]) -> None:
    if reached:
        app.add_middleware(Telling, reached=reached)


class Telling:
    def __init__(self, app: Any, reached: Sequence[str]) -> None:
        self.body = json.dumps({"REACHED": [str(one)[:100] for one in reached[:20]]}).encode()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for word in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{word}.complete"})
        await send({"type": "http.response.start", "status": 418, "headers": JSON})
        await send({"type": "http.response.body", "body": self.body})
