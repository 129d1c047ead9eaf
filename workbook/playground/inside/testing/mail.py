"""The mailbox's server in the page: aiosmtpd itself, on a separate loop, reached as the apps are."""

from typing import Any

from aiosmtpd.controller import Controller

from .interior import NoInterior
from .loop import PageLoop
from .sockets import close_port, next_port, open_port


class PageController(Controller):
    """Receives mail without a thread: its loop runs while an app waits for an answer."""

    loop: PageLoop

    def __init__(self, handler: Any, hostname: str, port: int, **_: Any) -> None:
        loop = PageLoop(NoInterior())
        super().__init__(handler, hostname, port, loop)
        self.SMTP_kwargs["loop"] = loop

    def start(self) -> None:
        self.loop.listening = self.factory
        open_port(self.loop, self.port)

    def stop(self, no_assert: bool = False) -> None:
        close_port(self.port)
        if not self.loop.is_closed():
            self.loop.end()


class Unheard:
    """A socket that's bound, and that no one listens on: tests take its port for a server that is down."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self._port = next_port()

    def bind(self, address: Any) -> None: ...

    def getsockname(self) -> tuple[str, int]:
        return "127.0.0.1", self._port

    def close(self) -> None: ...

    def __enter__(self) -> "Unheard":
        return self

    def __exit__(self, *_: object) -> None: ...
