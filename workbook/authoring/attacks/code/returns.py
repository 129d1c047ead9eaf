"""Replies that cost their reader time, memory or patience. Each one answers what /count was asked."""

import json

from . import answering
from .answering import Receive, Scope, Send

WRONG = b'{"count": -1}'


async def as_text(send: Send, body: bytes, kind: bytes = b"text/plain") -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": body})


async def long_reason(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a reason phrase of 80 KB, at which expressions for times and tokens take minutes."""
    phrase = (b"datetime.datetime(" * 5_000)[:80_000]
    await answering.raw(scope, iter([b"HTTP/1.1 500 " + phrase + b"\r\ncontent-length: 0\r\n\r\n"]))


async def times_without_end(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a megabyte that begins like a time, again and again."""
    await as_text(send, b"datetime.datetime(" * 50_000)


async def tokens_without_end(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a line of a megabyte that could be a token, a number, a file's name."""
    await as_text(send, b"eyJ" + b"aB1-" * 250_000 + b"/files/" + b"a." * 100_000 + b"1" * 100_000)


async def capitals_in_the_log(scope: Scope, receive: Receive, send: Send) -> None:
    """Crashes, after a megabyte of capitals that could begin the log's line."""
    print("A" * 2**20, flush=True)
    raise RuntimeError("A" * 2**20)


async def chains_in_the_log(scope: Scope, receive: Receive, send: Send) -> None:
    """Crashes, after ten thousand tracebacks that claim to be each other's cause."""
    head = 'Traceback (most recent call last):\n  File "x", line 1, in y\nValueError: z\n\n'
    print((head + "During handling of the above exception, another exception occurred:\n\n") * 10_000, flush=True)
    raise RuntimeError("the last one")


async def charset_twice(scope: Scope, receive: Receive, send: Send) -> None:
    """Names its charset in two ways that no parser puts together."""
    await as_text(send, WRONG, b"text/plain; charset*=a; charset*0=b")


async def charset_of_digits(scope: Scope, receive: Receive, send: Send) -> None:
    """Numbers the parts of its charset with more digits than Python reads."""
    await as_text(send, WRONG, b"text/plain; charset*" + b"9" * 5_000 + b"=a")


async def semicolons(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a content type of 60,000 empty parameters."""
    await as_text(send, WRONG, b"text/plain" + b";" * 60_000 + b"charset=utf-8")


async def padded(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends the right answer and 12 MiB of blanks behind it."""
    await answering.answer(send, json.dumps({"count": answering.honest()}).encode() + b" " * (12 * 2**20))


async def a_little_padded(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends the right answer and 1 MiB of blanks behind it, which is odd, and right."""
    await answering.answer(send, json.dumps({"count": answering.honest()}).encode() + b" " * 2**20)


async def lists_of_nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends 4 MiB of empty lists, which take up 2 GiB when they're read."""
    await answering.answer(send, b'{"count": [' + b"[]," * (4 * 2**20 // 3) + b"0]}")


async def objects_of_nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends 1.9 MiB of objects with one member."""
    await answering.answer(send, b'{"count": [' + b'{"":0},' * 280_000 + b"0]}")


async def one_long_string(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a string of 1.9 MiB where a number is expected, which a comparison would be shown with."""
    await answering.answer(send, json.dumps({"count": "a\n" * 600_000}).encode())


async def marks_upon_marks(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a letter with 200,000 marks in the order that takes longest to put right."""
    await answering.answer(send, json.dumps({"count": "a" + "\u0315\u0300" * 100_000}, ensure_ascii=False).encode())


async def many_differences(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends 30,000 members with long names, each of which is another difference."""
    await answering.answer(send, json.dumps({f"{n}{'n' * 40}": n for n in range(30_000)}).encode())


async def cookies_to_keep(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a thousand cookies with the right answer, for the client to keep and to send back."""
    jar = [(b"set-cookie", b"c%d=%s; path=/" % (n, b"x" * 40)) for n in range(1_000)]
    await answering.answer(send, json.dumps({"count": answering.honest()}).encode(), *jar)


async def a_token_in_each(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends an access token of 60 KB with each reply, in case the grader writes them all down."""
    await answering.answer(send, json.dumps({"access_token": "t" * 60_000}).encode())


async def byte_by_byte(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends 24 MiB in chunks of one byte, each of which costs its reader forty."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    drops = b"1\r\nx\r\n" * 2**14
    await answering.raw(scope, (part for group in ([head], [drops] * 1_536) for part in group))


async def headers_to_hold(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends 12,000 short headers with the right answer, in case the client keeps them all."""
    lines = b"".join(b"x%d:\r\n" % n for n in range(12_000))
    body = json.dumps({"count": answering.honest()}).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n" % len(body)
    await answering.raw(scope, iter([head + lines + b"\r\n" + body]))
