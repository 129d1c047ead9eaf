"""Requests as curl lines that a learner can repeat against `workbook run`."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from .client import FIRST, LAST, Exchange

ADDRESS = "http://127.0.0.1:8000"
LONGEST_BODY = 2000
MOST_REQUESTS = 30  # those with a token among them: an app can put one into every reply
# What httpx adds on its own, and curl in its own way.
ADDED = re.compile(r"accept: \*/\*|accept-encoding: identity|connection: keep-alive|user-agent: python-httpx.{0,100}")


def curl_lines(exchanges: Sequence[Exchange]) -> list[str]:
    """Return one line of shell per request, in order; tokens from earlier responses are named, not repeated."""
    lines: list[str] = []
    tokens: dict[str, str] = {}
    for exchange in exchanges:
        line = _curl(exchange.request)
        for value, name in tokens.items():
            line = line.replace(f"'authorization: Bearer {value}'", f'"authorization: Bearer ${name}"')
        lines.append(line)
        token = exchange.reply.token if exchange.reply else ""
        if token and token not in tokens:
            tokens[token] = f"TOKEN{len(tokens) + 1}" if tokens else "TOKEN"
            lines.append(f"{tokens[token]}=…   # the access_token of the reply")
    return lines


def worth_repeating(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """Return the first two of many exchanges, the last ones, and those whose response holds a token."""
    last = len(exchanges) - LAST
    own = [
        exchange
        for n, exchange in enumerate(exchanges)
        if n < FIRST or n >= last or (exchange.reply and exchange.reply.token)
    ]
    return own if len(own) <= MOST_REQUESTS else [*own[: MOST_REQUESTS - LAST], *own[-LAST:]]


def made_files(exchanges: Sequence[Exchange]) -> list[str]:
    """Return path, type and size of the files in the lines: the test makes them, so the learner has to."""
    parts = [part for exchange in exchanges for part in _parts(exchange.request) or [] if part.filename and part.kind]
    return list(dict.fromkeys(f"{part.path}: {part.kind}, {len(part.content)} bytes" for part in parts))


@dataclass(frozen=True)
class _Part:
    """One part of a multipart body."""

    name: str
    filename: str | None
    kind: str
    content: bytes

    @property
    def path(self) -> str:
        """What to call the file on the learner's disk."""
        name = self.filename or ""
        return name if re.fullmatch(r"\w[\w.-]{0,200}", name, re.ASCII) else "FILE"

    def words(self) -> list[str]:
        if self.filename is None:
            text = self.content.decode("utf-8", "replace")
            return ["--form-string" if re.match("[@<]", text) or ";" in text else "-F", f"{self.name}={text}"]
        quoted = self.filename.replace("\\", "\\\\").replace('"', '\\"')
        renamed = f';filename="{quoted}"' if self.path != self.filename else ""
        kind = f";type={self.kind}" if self.kind else ""
        return ["-F", f"{self.name}=@{self.path}{kind}{renamed}"]


def _curl(request: httpx.Request) -> str:
    words = ["curl", "-i"]
    if request.method == "HEAD":
        words = ["curl", "-I"]
    elif request.method != "GET":
        words += ["-X", request.method]
    path = request.url.raw_path.decode("ascii")
    words += ["-g"] if re.search(r"[][{}]", path) else []  # to curl these are patterns
    words.append(ADDRESS + path)
    parts = _parts(request)
    for name, value in request.headers.multi_items():
        is_added = ADDED.fullmatch(f"{name}: {value}") or name == "content-length"
        is_own_host = name == "host" and value == request.url.netloc.decode("ascii")
        if not is_added and not is_own_host and not (parts is not None and name == "content-type"):
            words += ["-H", f"{name}: {value}" if value else f"{name};"]
    words += [word for part in parts for word in part.words()] if parts is not None else _body(request)
    return shlex.join(words)


def _body(request: httpx.Request) -> list[str]:
    try:
        content = request.content
    except httpx.RequestNotRead:
        return ["--data-binary", "@FILE"]
    if not content:
        return []
    kind = [] if "content-type" in request.headers else ["-H", "content-type:"]  # else curl calls it a form
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text or len(content) > LONGEST_BODY:
        return [*kind, "--data-binary", f"@FILE-OF-{len(content)}-BYTES"]
    return [*kind, "--data-raw" if text.startswith("@") else "-d", text]


def _parts(request: httpx.Request) -> list[_Part] | None:
    """Return the parts of a multipart request; None if it isn't one, or not one that curl could make."""
    boundary = re.match(r'multipart/form-data; {0,8}boundary="?([^";]{1,200})', request.headers.get("content-type", ""))
    try:
        content = request.read() if boundary else b""
    except (httpx.StreamError, ValueError):  # a stream that was sent, a file that was closed
        return [_Part("file", "FILE", "", b"")]
    if boundary is None or not content.endswith(f"\r\n--{boundary[1]}--\r\n".encode()):
        return None
    parts = []
    for part in (b"\r\n" + content).split(f"\r\n--{boundary[1]}".encode())[1:-1]:
        head, _, body = part.partition(b"\r\n\r\n")
        said = head.decode("utf-8", "replace")
        name, filename = (re.search(rf'[; ]{key}="([^"]{{0,4000}})"', said) for key in ("name", "filename"))
        kind = re.search(r"(?mi)^content-type: {0,8}(\S{1,200})", said)
        if not name:
            return None
        parts.append(_Part(name[1], _plain(filename[1]) if filename else None, kind[1] if kind else "", body))
    return parts


def _plain(filename: str) -> str:
    """Return a file's name without the escapes that it has in a part's headers."""
    return filename.replace("%22", '"').replace("\\\\", "\\")
