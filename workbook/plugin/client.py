"""The client that tests speak to an app with: an `httpx.Client` that remembers what it sent."""

from dataclasses import dataclass
from typing import Any

import httpx

from workbook.launch import ServedApp

from .transport import Transport


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
