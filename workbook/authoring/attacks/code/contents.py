"""Replies that are good HTTP, and whose body hurts or misleads its reader. Each answers what is asked of /count."""

import json

from .answering import MOST, Receive, Scope, Send, answer, honest, packed


async def deep_json(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends 100,000 brackets, one in the other."""
    await answer(send, b'{"count": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")


async def huge_number(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a number of 100,000 digits."""
    await answer(send, b'{"count": ' + b"9" * 100_000 + b"}")


async def many_numbers(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends numbers, each as long as Python reads it, whose reading takes long."""
    await answer(send, b'{"count": [' + b",".join([b"9" * 4_300] * 1_500) + b"]}")


async def beyond_floats(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a number beyond the largest float, which becomes infinity."""
    await answer(send, b'{"count": 1e999}')


async def not_a_number(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends NaN, which isn't JSON although Python's parser reads it."""
    await answer(send, b'{"count": NaN}')


async def doubled_keys(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends two answers under one key, of which the last one is right."""
    await answer(send, b'{"count": -1, "count": %d}' % honest())


async def lone_surrogate(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends half a character, which no file takes as UTF-8."""
    await answer(send, rb'{"count": "\ud800", "\udfff": 1}')


async def no_utf8(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends bytes that aren't UTF-8 as JSON."""
    await answer(send, b'{"count": "\xff\xfe\x80"}')


async def odd_charset(scope: Scope, receive: Receive, send: Send) -> None:
    """Names a character set whose decoder always fails."""
    headers = [(b"content-type", b"text/plain; charset=undefined")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"1"})


async def packed_charset(scope: Scope, receive: Receive, send: Send) -> None:
    """Names a character set that is none but unpacks: 4 GiB of zeros."""
    body = b"".join(packed(MOST, 15))
    headers = [(b"content-type", b"text/plain; charset=zlib_codec")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def equal_to_all(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends an object that equals everything where it is made, and is bytes where it is read."""

    class Equal(int):
        __hash__ = int.__hash__

        def __eq__(self, other: object) -> bool:
            return True

    await answer(send, json.dumps({"count": Equal(-1)}).encode())
