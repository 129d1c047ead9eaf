"""Responses, and what the app logged while it made them, as a card shows them."""

import contextlib
import json
import time
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from workbook.serving.frames import last_traceback

from .bounds import KeptResponse, charset_of, read_json
from .client import Exchange
from .comparison import WIDTH, cut

HIDDEN = {"content-length", "date", "server"}
MOST_LINES = 16
MOST_OF_LOG = 64 * 1024  # of what the app wrote last


def status_lines(responses: Iterable[KeptResponse | None]) -> str:
    """Return the responses' statuses as `200 OK (3 times), 404 Not Found`."""
    groups = [(said, len(list(same))) for said, same in groupby(_status(response) for response in responses)]
    return ", ".join(said + (f" ({count} times)" if count > 1 else "") for said, count in groups)


def _status(response: KeptResponse | None) -> str:
    return f"{response.status_code} {response.reason_phrase}".strip() if response is not None else "no response"


def response_lines(response: KeptResponse) -> list[str]:
    """Return a response as lines: status, the headers that matter, and the beginning of the body."""
    lines = [_status(response)]
    lines += [cut(f"{name}: {value}") for name, value in response.headers if name.lower() not in HIDDEN]
    body = _body(response)
    return lines + [cut(line) for line in body[:MOST_LINES]] + (["…"] if len(body) > MOST_LINES else [])


def _body(response: KeptResponse) -> list[str]:
    kind, body = response.kind, response.body
    if kind.startswith("application/json"):
        with contextlib.suppress(ValueError):
            return _json_lines(read_json(body.beginning))
    elif not kind.startswith("text/"):
        return [f"({body.size} bytes)"] if body.size else []
    lines = body.beginning.decode(charset_of(kind) or "utf-8", "replace").splitlines()
    return [*lines, "…"] if body.size > len(body.beginning) else lines


def _json_lines(value: Any, key: str = "", indent: int = 0, end: str = "") -> list[str]:
    """Return a value as lines of JSON, one line if it fits."""
    lead = " " * indent + key
    whole = lead + json.dumps(value, ensure_ascii=False) + end
    if len(whole) <= WIDTH or not value or not isinstance(value, dict | list):
        return [whole]
    keys = (
        [json.dumps(name, ensure_ascii=False) + ": " for name in value]
        if isinstance(value, dict)
        else [""] * len(value)
    )
    items = list(value.values()) if isinstance(value, dict) else value
    first, last = "{}" if isinstance(value, dict) else "[]"
    ends = ["," if n < len(items) else "" for n in range(1, len(items) + 1)]
    inside = [_json_lines(item, name, indent + 2, end) for name, item, end in zip(keys, items, ends, strict=True)]
    return [lead + first, *(line for lines in inside for line in lines), " " * indent + last + end]


def app_traceback(exchange: Exchange, seconds: float = 0.3) -> str:
    """Return the traceback that the app logged since the request, cut to its own frames; wait `seconds` for it."""
    app, deadline = exchange.app, time.monotonic() + seconds
    while True:
        found = last_traceback(app.log_since(exchange.log_size, MOST_OF_LOG), app.app_directory)
        if found or time.monotonic() > deadline:
            return "\n".join(cut(line) for line in found.splitlines())
        time.sleep(0.01)  # the response may be here before its line is in the log
