"""Requests as curl lines that a learner can repeat against `workbook run`."""

import contextlib
import json
import shlex
from collections.abc import Sequence
from email import policy
from email.parser import BytesParser

import httpx

from .client import Exchange

ADDRESS = "http://127.0.0.1:8000"
SENT_BY_CURL = {"host", "accept", "accept-encoding", "connection", "user-agent", "content-length", "transfer-encoding"}


def curl_lines(exchanges: Sequence[Exchange]) -> list[str]:
    """One line of shell per request, in order; tokens from earlier replies are named, not repeated."""
    lines = []
    tokens: dict[str, str] = {}
    for exchange in exchanges:
        line = _curl(exchange.request)
        for value, name in tokens.items():
            line = line.replace(f"'authorization: Bearer {value}'", f'"authorization: Bearer ${name}"')
        lines.append(line)
        for value in _tokens(exchange.reply):
            if value not in tokens:
                tokens[value] = "TOKEN" if not tokens else f"TOKEN{len(tokens) + 1}"
                lines.append(f"{tokens[value]}=…   # the access_token of the reply")
    return lines


def _tokens(reply: httpx.Response | None) -> list[str]:
    try:
        body = reply.json() if reply is not None else None
    except (ValueError, httpx.StreamError):
        return []
    token = body.get("access_token") if isinstance(body, dict) else None
    return [token] if isinstance(token, str) else []


def _curl(request: httpx.Request) -> str:
    words = ["curl", "-i"]
    if request.method == "HEAD":
        words = ["curl", "-I"]
    elif request.method != "GET":
        words += ["-X", request.method]
    words.append(ADDRESS + request.url.raw_path.decode("ascii"))
    kind = request.headers.get("content-type", "")
    multipart = kind.startswith("multipart/form-data")
    for name, value in request.headers.items():
        if name not in SENT_BY_CURL and not (multipart and name == "content-type"):
            words += ["-H", f"{name}: {value}"]
    words += _form(request, kind) if multipart else _body(request)
    return shlex.join(words)


def _body(request: httpx.Request) -> list[str]:
    try:
        content = request.content
    except httpx.RequestNotRead:
        return ["--data-binary", "@FILE"]
    if not content:
        return []
    if len(content) > 2000:
        return ["--data-binary", f"@FILE-OF-{len(content)}-BYTES"]
    return ["-d", content.decode("utf-8", "backslashreplace")]


def _form(request: httpx.Request, kind: str) -> list[str]:
    try:
        content = request.read()
    except (httpx.RequestNotRead, httpx.StreamError):
        return ["-F", "file=@FILE"]
    message = BytesParser(policy=policy.HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + content)
    words = []
    for part in message.iter_parts():
        field = part.get_param("name", header="content-disposition")
        filename = part.get_filename()
        if filename is None:
            words += ["-F", f"{field}={part.get_payload(decode=True).decode('utf-8', 'replace')}"]  # type: ignore[union-attr]
        else:
            words += ["-F", f"{field}=@{filename};type={part.get_content_type()}"]
    return words


def reply_lines(reply: httpx.Response, width: int = 96) -> list[str]:
    """A reply as a card shows it: status, the headers that matter, the body's beginning."""
    lines = [f"{reply.status_code} {reply.reason_phrase}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.multi_items() if name not in {"date", "server"}]
    try:
        text = reply.text
    except (httpx.ResponseNotRead, httpx.StreamError):
        return lines
    if reply.headers.get("content-type", "").startswith("application/json"):
        with contextlib.suppress(ValueError):
            text = json.dumps(reply.json(), ensure_ascii=False, indent=2 if len(text) > width else None)
    elif not reply.headers.get("content-type", "text/").startswith("text/"):
        text = f"({len(reply.content)} bytes)"
    body = text[:1200].splitlines()
    return lines + body[:30] + (["…"] if len(text) > 1200 or len(body) > 30 else [])
