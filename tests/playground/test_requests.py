"""The syntax of requests: what it accepts, and the message for what it doesn't."""

import pytest

from workbook.playground.inside.requests import BadRequest, Request, fill, learn, parse


def test_a_request_is_read_as_it_is_written() -> None:
    """Method and path, headers, an empty line, the body; `###` begins the next, `#` before one is a comment."""
    text = (
        "### First\n# a remark\nPOST /posts?x=1\r\nAccept: text/html\nX-Two:  2 \n\nline\n\nlast\n\n###\nGET /\n### \n"
    )

    assert parse(text) == [
        Request(3, "POST", "/posts?x=1", (("Accept", "text/html"), ("X-Two", "2")), "line\n\nlast", "First"),
        Request(12, "GET", "/"),
    ]


@pytest.mark.parametrize(
    "text, line, says",
    [
        ("", 1, "There's no request"),
        ("###\n\n###\n", 1, "There's no request"),
        ("get /posts", 1, "in capitals"),
        ("GET posts", 1, "isn't a request line"),
        ("GET http://example.com/", 1, "isn't a request line"),
        ("curl -i http://127.0.0.1:8000/posts", 1, "Write its method and path"),
        ("GET /\nno header", 2, "Write one like"),
        ("GET /\nBad Name: x", 2, "Write one like"),
        ("GET /\nX-Name: café", 2, "only ASCII characters"),
        ('POST /\n{"name": "Ada"}', 2, "write an empty line above it"),
        ("POST /\nfile=@picture.png", 2, "write an empty line above it"),
        ("GET /posts/1\n\nGET /posts/2", 3, "write ### in the line above it"),
        ("GET /\n###\n" * 60, 101, "enough"),
    ],
)
def test_what_is_no_request_is_told_with_its_line(text: str, line: int, says: str) -> None:
    """A text that isn't a request is refused with its line and a correct example."""
    with pytest.raises(BadRequest, match=says) as caught:
        parse(text)

    assert caught.value.line == line


@pytest.mark.parametrize(
    "text, line, says",
    [
        ("GET /é", 1, "ASCII"),
        ("GET {{id}}", 1, "No response so far has a field “id”"),
        ("GET /\nX-One: 1\nX-Two: {{id}}", 3, "No response so far"),
        ("\n###\nPOST /\nX-One: 1\n\n{\n{{id}}}", 7, "No response so far"),
        ("POST /\n\n@nothing.png", 3, "There's no file “nothing.png”; there are picture.png"),
        ("POST /\nContent-Type: multipart/form-data\n\na=b\n\nno field", 6, "isn't a form field"),
        ("POST /\nContent-Type: multipart/form-data\n\na=b\nfile=@/etc/passwd", 5, "Your own files can't be"),
    ],
)
def test_what_cannot_be_sent_is_told(text: str, line: int, says: str) -> None:
    """If a request turns out wrong only when it's sent, the message has its line too."""
    (request,) = parse(text)
    with pytest.raises(BadRequest, match=says) as caught:
        fill(request, {})

    assert caught.value.line == line


@pytest.mark.parametrize(
    "text",
    ["GET /posts?x=1", "GET /posts?x=1 HTTP/1.1", "GET http://127.0.0.1:8000/posts?x=1", "### \nGET  /posts?x=1"],
)
def test_a_request_line_as_other_tools_write_it(text: str) -> None:
    """You may write the HTTP version and the app's address; they don't change anything."""
    (request,) = parse(text)

    assert (request.method, request.target) == ("GET", "/posts?x=1")


def test_json_needs_no_label() -> None:
    """A body that begins like JSON is sent as JSON, unless it has a content type."""
    plain, labelled = parse('POST /\n\n{"id": {{id}}}\n###\nPOST /\ncontent-type: text/plain\n\n{}')

    assert dict(fill(plain, {"id": "7"}).headers) == {"Content-Type": "application/json", "Content-Length": "9"}
    assert dict(fill(labelled, {}).headers) == {"content-type": "text/plain", "Content-Length": "2"}


def test_a_form_sends_files_as_curl_does() -> None:
    """A form's line is a field, or a built-in file with the name and type from its options."""
    text = "POST /\nContent-Type: multipart/form-data\n\ntitle=a=b; c\nfile=@page.html;filename=x.png;type=image/png\n"
    sent = fill(parse(text)[0], {})

    assert b'name="title"\r\n\r\na=b; c\r\n' in sent.body
    assert b'name="file"; filename="x.png"\r\nContent-Type: image/png\r\n\r\n<!doctype html>' in sent.body
    assert ("Content-Length", str(len(sent.body))) in sent.headers


def test_a_response_fills_later_gaps() -> None:
    """Later requests can use a field of a JSON response, even a nested one; the last response counts."""
    known: dict[str, str] = {}
    for body in (b'{"id": 1, "user": {"name": "Ada"}}', b'{"id": 2}', b"no JSON", b"[" * 100_000):
        learn(known, body)

    assert known == {"id": "2", "name": "Ada"}
