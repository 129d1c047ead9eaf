"""The client that tests speak to an app with: an `httpx.Client` that remembers what it sent."""

from dataclasses import dataclass
from typing import Any

import httpx

from workbook.launch import ServedApp


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
        # A TLS context costs 29 ms and proxies do not apply: the app is on this machine.
        # No connection is used twice: uvicorn closes it after a crash, without saying so in the reply.
        once = httpx.Limits(max_keepalive_connections=0)
        super().__init__(base_url=app.url, verify=False, trust_env=False, timeout=10, limits=once)
        self.app = app
        self.exchanges = exchanges

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        exchange = Exchange(self.app, request, self.app.log_size)
        self.exchanges.append(exchange)
        exchange.reply = super().send(request, **options)
        return exchange.reply
