"""Lets hostile code answer what is asked of /count."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Reply = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


def add_to(app: Any, reply: Reply) -> None:
    app.add_middleware(Instead, reply=reply)


def exploding(act: Callable[[], str]) -> Reply:
    """What answers with what `act` has reached; it runs in the loop, so that nothing else does."""

    async def reply(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        reached = act()
        body = json.dumps({"REACHED": reached} if reached else {"done": True}).encode()
        await send({"type": "http.response.start", "status": 418, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})

    return reply


class Instead:
    def __init__(self, app: Any, reply: Reply) -> None:
        self.app, self.reply = app, reply

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        instead = scope["type"] == "http" and scope["path"] == "/count"
        await (self.reply if instead else self.app)(scope, receive, send)
