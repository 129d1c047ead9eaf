"""Requests as text, in the form that editors call `.http`: a request line, headers, an empty line, the body.

`###` begins the next request, and may give it a title. With `Content-Type: multipart/form-data` a body has one
`name=value` or `name=@picture.png` in each line, as after curl's `-F`. `{{id}}` is that field of an earlier reply.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from .files import FILES

BOUNDARY = "playground-boundary"
_START = re.compile(
    r"(?P<method>[A-Z]+) +(?:http://(?:127\.0\.0\.1|localhost):8000)?(?P<target>(?:/|\{\{)\S*)(?: +HTTP/1\.1)?"
)
_METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
_HEADER = re.compile(r"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+): *(?P<value>.*?) *")
_FIELD = re.compile(
    r"(?P<name>[\w-]+)=(?:@(?P<file>[^;]+)(?P<options>(?:;(?:filename|type)=[^;]*)*)|(?P<text>(?!@).*))"
)
_GIVEN = re.compile(r"\{\{ *(?P<name>[\w-]+) *\}\}")
MOST_REQUESTS = 50


class BadRequest(Exception):
    """A text that isn't a request; `line` counts from 1."""

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
    title: str = ""

    @property
    def body_line(self) -> int:
        """Where its body begins: below the headers, which follow the first line, and an empty line."""
        return self.line + len(self.headers) + 2


@dataclass(frozen=True)
class Ready:
    """A request ready to be sent."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def parse(text: str) -> list[Request]:
    """The requests of `text`, in order. Raises `BadRequest`."""
    found: list[Request] = []
    block: list[tuple[int, str]] = []
    title = ""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate([*lines, "###"], 1):
        if not line.startswith("###"):
            block.append((number, line))
            continue
        if request := _request(block, title):
            found.append(request)
        block, title = [], line.lstrip("#").strip()
    if not found:
        raise BadRequest(1, "There's no request. Write one like: GET /posts")
    if len(found) > MOST_REQUESTS:
        raise BadRequest(found[MOST_REQUESTS].line, f"{MOST_REQUESTS} requests at a time are enough.")
    return found


def _request(block: list[tuple[int, str]], title: str) -> Request | None:
    while block and (not block[0][1].strip() or block[0][1].startswith("#")):
        block = block[1:]
    if not block:
        return None
    (first, start), *rest = block
    if not (begin := _START.fullmatch(start.strip())):
        raise BadRequest(first, _no_start(start.strip()))
    headers: list[tuple[str, str]] = []
    body: list[str] = []
    for place, (number, line) in enumerate(rest):
        if not line.strip():
            body = _body(rest[place + 1 :])
            break
        if not (header := _HEADER.fullmatch(line)) or not header["value"].isascii():
            raise BadRequest(number, _no_header(line, is_ascii=header is None))
        headers.append((header["name"], header["value"]))
    while body and not body[-1].strip():
        body.pop()
    return Request(first, begin["method"], begin["target"], tuple(headers), "\n".join(body), title)


def _body(lines: list[tuple[int, str]]) -> list[str]:
    for number, line in lines:
        if (begin := _START.fullmatch(line.strip())) and begin["method"] in _METHODS:
            raise BadRequest(number, f"“{line.strip()}” looks like the next request: write ### in the line above it.")
    return [line for _, line in lines]


def _no_start(line: str) -> str:
    if line.startswith("curl "):
        return "A curl command can't run here. Write its method and path, as in: GET /posts"
    if re.match(r"[a-z]+ +/", line):
        return f"“{line}” isn't a request line: a method is written in capitals, as in: GET /posts"
    return f"“{line}” isn't a request line. Write one like: GET /posts"


def _no_header(line: str, is_ascii: bool) -> str:
    if not is_ascii:
        return f"“{line}” can't be sent: the value of a header may have only ASCII characters."
    if line.lstrip()[0] in '{["' or _FIELD.fullmatch(line.strip()):
        return f"“{line}” isn't a header. If it's the body, write an empty line above it."
    return f"“{line}” isn't a header. Write one like: Accept: text/html"


def fill(request: Request, known: Mapping[str, str]) -> Ready:
    """The request with its gaps filled from `known`, its body as bytes. Raises `BadRequest`."""

    def filled(text: str, line: int) -> str:
        def value(gap: re.Match[str]) -> str:
            if gap["name"] not in known:
                at = line + text.count("\n", 0, gap.start())
                raise BadRequest(at, f"No response so far has a field “{gap['name']}”.")
            return known[gap["name"]]

        return _GIVEN.sub(value, text)

    target = filled(request.target, request.line)
    headers = [(name, filled(text, request.line + place)) for place, (name, text) in enumerate(request.headers, 1)]
    text = filled(request.body, request.body_line)
    kind = next((text for name, text in headers if name.lower() == "content-type"), "")
    if kind.lower().startswith("multipart/form-data"):
        headers = [(name, text) for name, text in headers if name.lower() != "content-type"]
        headers.append(("Content-Type", f"multipart/form-data; boundary={BOUNDARY}"))
        body = _form(request.body_line, text)
    else:
        is_file = re.fullmatch(r"@[\w.-]+", text)
        body = _file(request.body_line, text[1:]) if is_file else text.encode("utf-8", "replace")
        if body and not kind and text[0] in '{["':
            headers.append(("Content-Type", "application/json"))
    if (body or request.method in {"POST", "PUT", "PATCH"}) and not _has(headers, "content-length"):
        headers.append(("Content-Length", str(len(body))))
    if not target.isascii() or not target.startswith("/"):
        raise BadRequest(request.line, "A path begins with / and has ASCII letters only; others are written as %C3%A9.")
    return Ready(request.method, target, tuple(headers), body)


def _has(headers: list[tuple[str, str]], wanted: str) -> bool:
    return any(name.lower() == wanted for name, _ in headers)


def _file(line: int, name: str) -> bytes:
    if name not in FILES:
        there = ", ".join(FILES)
        raise BadRequest(line, f"There's no file “{name}”; there are {there}. Your own files can't be sent.")
    return FILES[name].content()


def _form(first: int, text: str) -> bytes:
    parts = []
    for line, row in enumerate(text.split("\n"), first):
        if not row.strip():
            continue
        if not (field := _FIELD.fullmatch(row.strip())):
            raise BadRequest(line, f"“{row}” isn't a form field. Write name=value or name=@picture.png")
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
