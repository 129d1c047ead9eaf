"""Many small requests over one connection: what a walk needs many rows for would cost too much one by one."""

import http.client
import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from workbook.serving import ServedApp

MOST_BYTES = 64 * 1024  # of one response


def post_all(app: ServedApp, path: str, bodies: Sequence[Any], headers: Mapping[str, str]) -> list[httpx.Response]:
    """Send the bodies as JSON, one after the other, and return the responses. Raises `httpx.TransportError`."""
    said: list[httpx.Response] = []
    connection = http.client.HTTPConnection("127.0.0.1")
    try:
        for body in bodies:
            if connection.sock is None:
                connection.sock = app.connect()
            connection.request("POST", path, json.dumps(body), {**headers, "Content-Type": "application/json"})
            reply = connection.getresponse()
            said.append(httpx.Response(reply.status, content=reply.read(MOST_BYTES)))
            if reply.will_close or not reply.isclosed():
                connection.close()
    except (OSError, http.client.HTTPException) as error:
        raise httpx.ReadError(f"POST {path}: {type(error).__name__}") from error
    finally:
        connection.close()
    return said
