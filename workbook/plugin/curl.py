"""Requests as curl lines that a learner can repeat against `workbook run`."""

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

from .client import Exchange, Remembered
from .named import MadeUp, name_values

ADDRESS = "http://127.0.0.1:8000"
LONGEST_BODY = 2000
# What httpx adds on its own, and curl in its own way.
ADDED = re.compile(r"accept: \*/\*|accept-encoding: identity|connection: keep-alive|user-agent: python-httpx.{0,100}")
SPECIAL_IN_QUOTES = re.compile(r'[$`"\\!]')  # between double quotes, to a shell

Keep = Callable[[str, bytes], str]  # a file's name and content; returns the path to name it by


def curl_lines(exchanges: Sequence[Exchange], keep: Keep = lambda name, _: name) -> list[str]:
    """Return one line of shell per request, in order.

    What an earlier response made up and a later request sends, such as a token or an id, is a shell variable.
    """
    named = name_values(exchanges)
    lines = []
    for number, exchange in enumerate(exchanges):
        known = [value for value in named if value.source < number]
        line = _joined([_with_variables(word, known, place) for word, place in _words(exchange.request, keep)])
        made = [value for value in named if value.source == number]
        lines += [line] if not made else _assignments(line, made)
    return lines


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
        return name if re.fullmatch(r"\w[\w.-]{0,100}", name, re.ASCII) else "FILE"

    def words(self, keep: Keep) -> list[str]:
        if self.filename is None:
            text = self.content.decode("utf-8", "replace")
            return ["--form-string" if re.match("[@<]", text) or ";" in text else "-F", f"{self.name}={text}"]
        path = keep(self.path, self.content)
        quoted = self.filename.replace("\\", "\\\\").replace('"', '\\"')
        renamed = f';filename="{quoted}"' if path.rpartition("/")[2] != self.filename else ""
        kind = f";type={self.kind}" if self.kind else ""
        return ["-F", f"{self.name}=@{path}{kind}{renamed}"]


def _words(request: httpx.Request, keep: Keep) -> list[tuple[str, str]]:
    """Return the words of a request's line, each with where a value in it would be: `path`, `header`, `body` or ""."""
    words = [("curl", ""), ("-i", "")]
    if request.method == "HEAD":
        words = [("curl", ""), ("-I", "")]
    elif request.method != "GET":
        words += [("-X", ""), (request.method, "")]
    path = request.url.raw_path.decode("ascii")
    words += [("-g", "")] if re.search(r"[][{}]", path) else []  # to curl these are patterns
    words += [("--path-as-is", "")] if re.search(r"/\.{1,2}(/|$)", path.partition("?")[0]) else []
    words.append((ADDRESS + path, "path"))
    parts = _parts(request)
    for name, value in request.headers.multi_items():
        is_added = ADDED.fullmatch(f"{name}: {value}") or name == "content-length"
        is_own_host = name == "host" and value == request.url.netloc.decode("ascii")
        if not is_added and not is_own_host and not (parts is not None and name == "content-type"):
            words += [("-H", ""), (f"{name}: {_at_address(value, request)}" if value else f"{name};", "header")]
    body = [word for part in parts for word in part.words(keep)] if parts is not None else _body(request, keep)
    return words + [(word, "" if word.startswith("-") else "body") for word in body]


def _at_address(text: str, request: httpx.Request) -> str:
    """Return text in which the app's own address is the one that `workbook run` has."""
    return text.replace(request.url.netloc.decode("ascii"), ADDRESS.rpartition("/")[2])


def _body(request: httpx.Request, keep: Keep) -> list[str]:
    try:
        content = bytes(request.stream.sent) if isinstance(request.stream, Remembered) else request.content
    except httpx.RequestNotRead:
        return ["--data-binary", "@FILE"]
    if not content:
        return []
    kind = [] if "content-type" in request.headers else ["-H", "content-type:"]  # otherwise curl calls it a form
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text or len(content) > LONGEST_BODY:
        return [*kind, "--data-binary", f"@{keep(f'FILE-OF-{len(content)}-BYTES', content)}"]
    return [*kind, "--data-raw" if text.startswith("@") else "-d", _at_address(text, request)]


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


def _with_variables(word: str, known: Sequence[MadeUp], place: str) -> list[str | MadeUp]:
    """Return a word as its literal pieces and the values between them."""
    pieces: list[str | MadeUp] = [word]
    for value in known:
        split: list[str | MadeUp] = []
        for piece in pieces:
            split += value.split(piece, place) if isinstance(piece, str) else [piece]
        pieces = split
    return pieces


def _joined(words: Sequence[Sequence[str | MadeUp]]) -> str:
    return " ".join(_quoted(pieces) for pieces in words)


def _quoted(pieces: Sequence[str | MadeUp]) -> str:
    """Return the pieces as one word of a shell."""
    if len(pieces) == 1 and isinstance(pieces[0], str):
        return shlex.quote(pieces[0])
    if not any(isinstance(piece, str) and SPECIAL_IN_QUOTES.search(piece) for piece in pieces):
        return '"' + "".join(piece if isinstance(piece, str) else f"${{{piece.name}}}" for piece in pieces) + '"'
    return "".join(shlex.quote(piece) if isinstance(piece, str) else f'"${piece.name}"' for piece in pieces if piece)


def _assignments(line: str, made: Sequence[MadeUp]) -> list[str]:
    """Return lines that send the request once and take values out of its response."""
    silent = line.replace("curl -i", "curl -s", 1)
    if len(made) == 1:
        return [f"{made[0].name}=$({silent} | {made[0].reader})"]
    return [f"REPLY=$({silent})", *(f'{value.name}=$(printf %s "$REPLY" | {value.reader})' for value in made)]
