"""A real SMTP server on this machine that keeps what it receives."""

import contextlib
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from workbook.serving import ServedApp

IDLE = 1.0  # seconds that an app may be without work; the mail holds it up then, not a busy machine
LOOK = 0.005  # seconds from one look at the app to the next


class Mailbox:
    """Receives mail over SMTP at `host`:`port`; `messages` holds it in the order of arrival.

    `delay` is the number of seconds that it takes over each message; `on_message` is called with each.
    """

    def __init__(self, port: int = 0, on_message: Callable[[EmailMessage], None] | None = None) -> None:
        from aiosmtpd.controller import Controller

        self.messages: list[EmailMessage] = []
        self.delay = 0.0
        self._is_held: Callable[[], bool] = lambda: False
        self._on_message = on_message
        self._controller = Controller(self, hostname="127.0.0.1", port=port or _free_port(), ready_timeout=30)
        self._controller.start()
        self.host = "127.0.0.1"
        self.port: int = self._controller.port

    def __repr__(self) -> str:
        return f"<mailbox with {len(self.messages)} messages>"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802, the name that aiosmtpd calls
        import asyncio

        await asyncio.sleep(self.delay)
        while self._is_held():  # noqa: ASYNC110, the test's own thread ends the waiting
            await asyncio.sleep(LOOK)
        message = message_from_bytes(envelope.content.replace(b"\r\n", b"\n"), policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        if self._on_message:
            self._on_message(message)
        return "250 kept"

    @contextlib.contextmanager
    def held(self, until_idle: ServedApp | None = None) -> Iterator[None]:
        """Keep everyone who sends a mail waiting until this block ends, or until an app has had no work for a second.

        An app that sends its mail before it responds would otherwise wait for this block, and this block for it.
        """
        idle, seen = 0.0, time.monotonic()

        def is_held() -> bool:
            nonlocal idle, seen
            if until_idle:
                now = time.monotonic()
                if not until_idle.is_working:
                    idle += min(now - seen, 4 * LOOK)  # what it did in a longer time, no one has seen
                seen = now
            return idle < IDLE

        self._is_held = is_held
        try:
            yield
        finally:
            self._is_held = lambda: False

    def to(self, address: str) -> list[EmailMessage]:
        """Return the messages that have arrived for `address` so far."""
        return [message for message in self.messages if message["To"] == address]

    def wait_for(self, address: str, *, count: int = 1, seconds: float = 10) -> list[EmailMessage]:
        """Return the mail for `address` as soon as there are `count` messages; fail after `seconds`."""
        deadline = time.monotonic() + seconds
        while len(self.to(address)) < count:
            if time.monotonic() > deadline:
                pytest.fail(f"{len(self.to(address))} of {count} mails for {address} arrived within {seconds:g} s")
            time.sleep(0.005)
        return self.to(address)

    def close(self) -> None:
        self._controller.stop()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:  # aiosmtpd checks its own start by connecting: it must know the port beforehand
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    """Yield a local mailbox that speaks SMTP, for this module."""
    opened = Mailbox()
    yield opened
    opened.close()
