"""Replies that break HTTP, or never end. Each answers what is asked of /count."""

import asyncio
import json
import zlib

from . import known
from .answering import MOST, Receive, Scope, Send, answer, honest, packed, pieces, raw


async def endless_body(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a body that never ends."""
    await pieces(send, (b" " * 2**16 for _ in range(16 * MOST)))


async def huge_body(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends the right answer and 512 MiB of blanks after it, with their true length in the header."""
    told = json.dumps({"count": honest()}).encode()
    length = str(len(told) + 512 * 2**20).encode()
    await pieces(send, (part for part in [told, *[b" " * 2**20] * 512]), (b"content-length", length))


async def gzip_bomb(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends 4 GiB of zeros as 4 MiB of gzip."""
    await pieces(send, packed(MOST, 31), (b"content-encoding", b"gzip"))


async def deflate_bomb(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends 4 GiB of zeros as 4 MiB of deflate."""
    await pieces(send, packed(MOST, 15), (b"content-encoding", b"deflate"))


async def packed_answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends the right answer packed three times, to a client that has asked for none of it."""
    body = json.dumps({"count": honest()}).encode()
    for _ in range(3):
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        body = packer.compress(body) + packer.flush()
    await answer(send, body, (b"content-encoding", b"gzip, gzip, gzip"))


async def dripping_body(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a blank a second: no single wait is long enough to be a timeout."""
    await pieces(send, (b" " for _ in range(120)), pause=1)


async def dripping_headers(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a header a second."""
    lines = (f"x-{n}: 1\r\n".encode() for n in range(120))
    await raw(scope, (line for group in ([b"HTTP/1.1 200 OK\r\n"], lines) for line in group), pause=1)


async def silence(scope: Scope, receive: Receive, send: Send) -> None:
    """Takes the request and never answers."""
    await asyncio.Event().wait()


async def no_status_line(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends something that isn't HTTP."""
    await raw(scope, iter([b"SSH-2.0-OpenSSH_9.9\r\n", b'{"count": 1}']))


async def bare_body(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a body without a head, as HTTP/0.9 did."""
    await raw(scope, iter([json.dumps({"count": honest()}).encode()]))


async def odd_status(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a status that isn't a number of three digits."""
    await raw(scope, iter([b"HTTP/1.1 -200 Fine\r\ncontent-length: 0\r\n\r\n"]))


async def odd_reason(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a reason phrase that changes a terminal's title."""
    await raw(scope, iter([b"HTTP/1.1 200 \x1b]0;full marks\x07\r\ncontent-length: 0\r\n\r\n"]))


async def odd_header(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends escape sequences, Latin-1 and NUL in headers."""
    head = b"HTTP/1.1 200 OK\r\nx-\x1b[2J: 1\r\nx: \x00\x1b[31m\xff\xfe\r\ncontent-length: 0\r\n\r\n"
    await raw(scope, iter([head]))


async def many_headers(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends the right answer after 20,000 headers."""
    headers = [(f"x-{n}".encode(), b"1" * 40) for n in range(20_000)]
    await answer(send, json.dumps({"count": honest()}).encode(), *headers)


async def huge_header(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends the right answer after a header of 16 MiB."""
    await answer(send, json.dumps({"count": honest()}).encode(), (b"x", b"1" * 2**24))


async def endless_headers(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends headers and never the end of them."""
    lines = (b"x: " + b"1" * 2**16 + b"\r\n" for _ in range(4 * MOST))
    await raw(scope, (line for group in ([b"HTTP/1.1 200 OK\r\n"], lines) for line in group))


async def endless_hints(scope: Scope, receive: Receive, send: Send) -> None:
    """Says `103 Early Hints` again and again before the reply that never comes."""
    await raw(scope, (b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * 64 for _ in range(16 * MOST)))


async def endless_continue(scope: Scope, receive: Receive, send: Send) -> None:
    """Says `100 Continue` twice a second: a client that waits for the reply waits for ever."""
    await raw(scope, (b"HTTP/1.1 100 Continue\r\n\r\n" for _ in range(240)), pause=0.5)


async def two_replies(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a second reply along, for the request that comes next."""
    good = json.dumps({"count": honest()}).encode()
    wrong = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
    await raw(scope, iter([wrong + b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(good), good)]))


async def split_header(scope: Scope, receive: Receive, send: Send) -> None:
    """Ends a header early, so that its value becomes the reply's body."""
    await answer(send, b"", (b"x", b'1\r\n\r\n{"count": 1}'))


async def short_body(scope: Scope, receive: Receive, send: Send) -> None:
    """Promises 1,000 bytes, sends the right answer and leaves."""
    body = json.dumps({"count": honest()}).encode()
    await raw(scope, iter([b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + body]))


async def long_body(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends more than it has promised."""
    await raw(scope, iter([b'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}{"count": 1}']))


async def two_lengths(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends the right answer with two lengths that disagree."""
    body = json.dumps({"count": honest()}).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\ncontent-length: 3\r\n\r\n" % len(body)
    await raw(scope, iter([head + body]))


async def huge_chunk(scope: Scope, receive: Receive, send: Send) -> None:
    """Announces a chunk of 16 exabytes."""
    await raw(scope, iter([b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n{}"]))


async def no_chunk(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a chunk whose size is a word."""
    await raw(scope, iter([b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nmany\r\n{}\r\n0\r\n\r\n"]))


async def endless_trailers(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends the right answer in chunks, and trailers without end after it."""
    body = json.dumps({"count": honest()}).encode()
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n" % (len(body), body)
    lines = (b"x: " + b"1" * 2**16 + b"\r\n" for _ in range(4 * MOST))
    await raw(scope, (line for group in ([head], lines) for line in group))


async def other_protocol(scope: Scope, receive: Receive, send: Send) -> None:
    """Switches to another protocol, unasked."""
    await raw(
        scope, iter([b"HTTP/1.1 101 Switching Protocols\r\nupgrade: tls\r\nconnection: upgrade\r\n\r\n", b"\0" * 99])
    )


async def redirect_to_itself(scope: Scope, receive: Receive, send: Send) -> None:
    """Redirects to itself."""
    await answer(send, b"", (b"location", b"/count"), status=307)


async def redirect_to_the_host(scope: Scope, receive: Receive, send: Send) -> None:
    """Redirects to a server of the machine that grades, which the sandbox does not see."""
    await answer(send, b"", (b"location", f"http://127.0.0.1:{known.PORT}/".encode()), status=302)


async def redirect_to_a_file(scope: Scope, receive: Receive, send: Send) -> None:
    """Redirects to a file of the machine that grades."""
    await answer(send, b"", (b"location", f"file://{known.FILE}".encode()), status=301)


async def many_cookies(scope: Scope, receive: Receive, send: Send) -> None:
    """Sets 3,000 cookies."""
    cookies = [(b"set-cookie", f"c{n}={'x' * 20}; Path=/".encode()) for n in range(3_000)]
    await answer(send, b"{}", *cookies)
