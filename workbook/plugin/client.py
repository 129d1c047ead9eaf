"""The client that tests speak to an app with: an `httpx.Client` that remembers what it sent."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

from workbook.serving import ServedApp

from .transport import HOLD, Transport

LONGEST_HOLD = 10.0  # seconds
TIME_TO_READ = 0.3  # seconds, for an app on a machine that is busy; the few tests that need it wait for it


@dataclass
class Exchange:
    """One request to a served app and, if one came, its reply. `log_size`: the app's log before it."""

    app: ServedApp
    request: httpx.Request
    log_size: int
    reply: httpx.Response | None = None


class Client(httpx.Client):
    """Speaks to one served app; `app` is that app, and every exchange is appended to `exchanges`."""

    def __init__(self, app: ServedApp, exchanges: list[Exchange]) -> None:
        plain = {"Accept-Encoding": "identity"}
        super().__init__(base_url=app.url, transport=Transport(app), trust_env=False, timeout=10, headers=plain)
        self.app = app
        self.exchanges = exchanges

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        exchange = Exchange(self.app, request, self.app.log_size)
        self.exchanges.append(exchange)
        exchange.reply = super().send(request, **options)
        return exchange.reply


def send_together(client: Client, requests: Sequence[httpx.Request]) -> list[httpx.Response]:
    """Send requests that have bodies so that their last bytes leave together; return the responses, in the same order.

    However slowly a busy machine begins them, the app has had time to read all but one byte of each before it may act
    on any.
    """
    ready = threading.Barrier(len(requests), action=lambda: time.sleep(TIME_TO_READ))

    def hold() -> None:
        try:
            ready.wait(LONGEST_HOLD)
        except threading.BrokenBarrierError:
            return  # another one failed, and says why

    def send(request: httpx.Request) -> httpx.Response:
        request.extensions = {**request.extensions, HOLD: hold}
        try:
            return client.send(request)
        except BaseException:
            ready.abort()
            raise

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(send, requests))
