"""The client that tests speak to an app with: an `httpx.Client` that remembers what it sent."""

from dataclasses import dataclass
from typing import Any

import httpx

from workbook.launch import ServedApp


@dataclass
class Exchange:
    """One request to a served app and, if one came, its reply."""

    app: ServedApp
    request: httpx.Request
    reply: httpx.Response | None = None


class Client(httpx.Client):
    """Speaks to one served app; `app` is that app, and every exchange is appended to `exchanges`."""

    def __init__(self, app: ServedApp, exchanges: list[Exchange]) -> None:
        # A TLS context costs 29 ms and proxies do not apply: the app is on this machine.
        super().__init__(base_url=app.url, verify=False, trust_env=False, timeout=10)
        self.app = app
        self.exchanges = exchanges

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        exchange = Exchange(self.app, request)
        self.exchanges.append(exchange)
        exchange.reply = super().send(request, **options)
        return exchange.reply
