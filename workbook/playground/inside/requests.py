"""Requests as text, in the form that editors call `.http`: a request line, headers, an empty line, the body.

`###` begins the next request. With `Content-Type: multipart/form-data` a body has one `name=value` or
`name=@picture.png` in each line, as after curl's `-F`. `{{id}}` is that field of an earlier reply.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from .files import FILES

BOUNDARY = "playground-boundary"
_START = re.compile(r"(?P<method>[A-Z]+) +(?P<target>(?:/|\{\{)\S*)")
_HEADER = re.compile(r"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+): *(?P<value>.*?) *")
_FIELD = re.compile(
    r"(?P<name>[\w-]+)=(?:@(?P<file>[\w.-]+)(?P<options>(?:;(?:filename|type)=[^;]*)*)|(?P<text>(?!@).*))"
)
_GIVEN = re.compile(r"\{\{ *(?P<name>[\w-]+) *\}\}")
MOST_REQUESTS = 50


class BadRequest(Exception):
    """A text that is no request; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Request:
    """A request as written, in the line `line` of its text; its gaps are filled when its turn comes."""

    line: int
    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""


@dataclass(frozen=True)
class Ready:
    """A request as it is sent."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def parse(text: str) -> list[Request]:
    """The requests of `text`, in order. Raises `BadRequest`."""
    found: list[Request] = []
    block: list[tuple[int, str]] = []
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate([*lines, "###"], 1):
        if not line.startswith("###"):
            block.append((number, line))
            continue
        if request := _request(block):
            found.append(request)
        block = []
    if not found:
        raise BadRequest(1, "There is no request. Write one like: GET /posts")
    if len(found) > MOST_REQUESTS:
        raise BadRequest(found[MOST_REQUESTS].line, f"{MOST_REQUESTS} requests at a time are enough.")
    return found


def _request(block: list[tuple[int, str]]) -> Request | None:
    while block and (not block[0][1].strip() or block[0][1].startswith("#")):
        block = block[1:]
    if not block:
        return None
    (first, start), *rest = block
    if not (begin := _START.fullmatch(start.strip())):
        raise BadRequest(first, f"“{start.strip()}” is no request line. Write one like: GET /posts")
    headers: list[tuple[str, str]] = []
    body: list[str] = []
    for place, (number, line) in enumerate(rest):
        if not line.strip():
            body = [text for _, text in rest[place + 1 :]]
            break
        if not (header := _HEADER.fullmatch(line)) or not header["value"].isascii():
            raise BadRequest(number, f"“{line}” is no header. Write one like: Accept: text/html")
        headers.append((header["name"], header["value"]))
    while body and not body[-1].strip():
        body.pop()
    return Request(first, begin["method"], begin["target"], tuple(headers), "\n".join(body))


def fill(request: Request, known: Mapping[str, str]) -> Ready:
    """The request with its gaps filled from `known`, its body as bytes. Raises `BadRequest`."""

    def value(gap: re.Match[str]) -> str:
        if gap["name"] not in known:
            raise BadRequest(request.line, f"No reply so far has a field “{gap['name']}”.")
        return known[gap["name"]]

    headers = [(name, _GIVEN.sub(value, text)) for name, text in request.headers]
    text = _GIVEN.sub(value, request.body)
    kind = next((text for name, text in headers if name.lower() == "content-type"), "")
    if kind.lower().startswith("multipart/form-data"):
        headers = [(name, text) for name, text in headers if name.lower() != "content-type"]
        headers.append(("Content-Type", f"multipart/form-data; boundary={BOUNDARY}"))
        body = _form(request.line, text)
    else:
        body = _file(request.line, text[1:]) if re.fullmatch(r"@[\w.-]+", text) else text.encode("utf-8", "replace")
        if body and not kind and text[0] in '{["':
            headers.append(("Content-Type", "application/json"))
    if (body or request.method in {"POST", "PUT", "PATCH"}) and not _has(headers, "content-length"):
        headers.append(("Content-Length", str(len(body))))
    target = _GIVEN.sub(value, request.target)
    if not target.isascii() or not target.startswith("/"):
        raise BadRequest(request.line, "A path begins with / and has ASCII letters only; others are written as %C3%A9.")
    return Ready(request.method, target, tuple(headers), body)


def _has(headers: list[tuple[str, str]], wanted: str) -> bool:
    return any(name.lower() == wanted for name, _ in headers)


def _file(line: int, name: str) -> bytes:
    if name not in FILES:
        raise BadRequest(line, f"There is no file “{name}”; there are {', '.join(FILES)}.")
    return FILES[name].content()


def _form(line: int, text: str) -> bytes:
    parts = []
    for row in filter(str.strip, text.split("\n")):
        if not (field := _FIELD.fullmatch(row.strip())):
            raise BadRequest(line, f"“{row}” is no form field. Write name=value or name=@picture.png")
        head = f'Content-Disposition: form-data; name="{field["name"]}"'
        content = (field["text"] or "").encode("utf-8", "replace")
        if name := field["file"]:
            content = _file(line, name)
            options = dict(option.split("=", 1) for option in (field["options"] or "").split(";")[1:])
            head += f'; filename="{options.get("filename", name)}"'
            head += f"\r\nContent-Type: {options.get('type', FILES[name].media_type)}"
        parts.append(f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + content + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def learn(known: dict[str, str], body: bytes) -> None:
    """Keep the fields of a JSON reply for the requests after it; of those with the same name the last counts."""
    try:
        reply = json.loads(body)
    except (ValueError, RecursionError):
        return
    todo = [reply]
    while todo:
        match todo.pop():
            case dict() as fields:
                known.update({str(k): str(v) for k, v in fields.items() if isinstance(v, (str, int, float))})
                todo.extend(v for v in fields.values() if isinstance(v, dict))
