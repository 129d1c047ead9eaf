import contextlib
import http.client
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from workbook.plugin.client import Client
from workbook.plugin.members import Member

MIB = 1024 * 1024
ORIGIN = "http://localhost:3000"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data; boundary=b"}
FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
NO_POST, NO_FILE = {"title": "T", "content": ""}, ("a.png", b"not an image")


def refusal(reply: httpx.Response, status: int) -> dict[str, Any]:
    """The body of an error, which has the one shape, and says more than the status's name."""
    assert (reply.status_code, reply.headers["content-type"]) == (
        status,
        "application/json",
    ), reply.text
    body: dict[str, Any] = reply.json()
    assert set(body) == {"success", "message", "errors"}
    assert body["success"] is False
    assert body["message"].lower() not in {each.phrase.lower() for each in HTTPStatus}
    assert [
        error for error in body["errors"] if set(error) != {"field", "message", "type"}
    ] == []
    assert (body["errors"] != []) == (status == 422)
    return body


@pytest.fixture
def posts(client: Client, ada: Member) -> dict[str, int]:
    """The ids of a published post of ada's, and of a draft."""
    published, draft = (
        client.post("/posts", json=NO_POST | {"published": public}, headers=ada.headers)
        for public in (True, False)
    )
    return {"post": published.json()["id"], "draft": draft.json()["id"]}


@pytest.mark.parametrize(
    "method, path, status, advice",
    [
        ("PATCH", "/posts/{post}", 403, "author"),
        ("DELETE", "/posts/{post}", 403, "author"),
        ("GET", "/posts/{draft}", 404, "Post not found"),
        ("PATCH", "/posts/{draft}", 404, "Post not found"),
        ("DELETE", "/posts/{draft}", 404, "Post not found"),
        ("GET", "/posts/2147483647", 404, "Post not found"),
        ("GET", "/users/2147483647", 404, "User not found"),
        ("GET", "/users/2147483648", 422, "errors says which"),
        ("GET", "/users/0", 422, "errors says which"),
        ("GET", "/nothing/here", 404, "/docs lists"),
        ("GET", "/files/nothing.png", 404, "/docs lists"),
        ("GET", "/files/", 404, "/docs lists"),
    ],
)
def test_a_refusal_says_what_to_do(
    client: Client,
    grace: Member,
    posts: dict[str, int],
    method: str,
    path: str,
    status: int,
    advice: str,
) -> None:
    """What belongs to someone else, or isn't there, is refused in the one shape, and the message says what to do."""
    change = {"title": "mine"} if method == "PATCH" else None

    reply = client.request(
        method, path.format(**posts), json=change, headers=grace.headers
    )

    assert advice in refusal(reply, status)["message"]


def test_a_refused_change_changes_nothing(
    client: Client, ada: Member, grace: Member, posts: dict[str, int]
) -> None:
    """A post doesn't change when someone other than its author tries to change or delete it."""
    for path in (f"/posts/{post}" for post in posts.values()):
        before = client.get(path, headers=ada.headers).json()
        client.patch(path, json={"title": "mine"}, headers=grace.headers)
        client.delete(path, headers=grace.headers)
        assert client.get(path, headers=ada.headers).json() == before


@pytest.mark.parametrize(
    "path, headers, way, advice",
    [
        ("/users/me", {}, "Bearer", "Authorization: Bearer TOKEN"),
        ("/users/me", {"Authorization": "Bearer nonsense"}, "Bearer", "log in again"),
        ("/internal/stats", {}, "ApiKey", "X-API-Key: KEY"),
        ("/internal/stats", {"X-API-Key": "nonsense"}, "ApiKey", "X-API-Key: KEY"),
    ],
)
def test_a_401_names_the_way_in(
    client: Client, path: str, headers: dict[str, str], way: str, advice: str
) -> None:
    """A 401 has the one shape and keeps its WWW-Authenticate."""
    reply = client.get(path, headers=headers)

    assert advice in refusal(reply, 401)["message"]
    assert reply.headers["www-authenticate"] == way


def test_a_409_says_what_to_do(client: Client, ada: Member, grace: Member) -> None:
    """A change to another's email is a 409 that says to take another."""
    reply = client.patch("/users/me", json={"email": ada.email}, headers=grace.headers)

    assert "take another" in refusal(reply, 409)["message"]


@pytest.mark.parametrize(
    "method, path, allowed",
    [
        ("PUT", "/posts", "GET, HEAD, POST"),
        ("DELETE", "/posts", "GET, HEAD, POST"),
        ("OPTIONS", "/posts", "GET, HEAD, POST"),
        ("BREW", "/posts", "GET, HEAD, POST"),
        ("PUT", "/posts/1", "GET, HEAD, PATCH, DELETE"),
        ("POST", "/users/me", "GET, HEAD, PATCH, DELETE"),
        ("GET", "/auth/login", "POST"),
        ("DELETE", "/", "GET, HEAD"),
        ("POST", "/files/a.png", "GET, HEAD"),
    ],
)
def test_a_405_names_all_methods_of_the_path(
    client: Client, method: str, path: str, allowed: str
) -> None:
    """A method that a path doesn't take is a 405 whose Allow and message name every method that it takes."""
    reply = client.request(method, path)

    assert allowed in refusal(reply, 405)["message"]
    assert reply.headers["allow"] == allowed


@contextlib.contextmanager
def unfinished(
    client: Client, path: str, headers: dict[str, str], *sent: bytes
) -> Iterator[http.client.HTTPResponse]:
    """The reply to a request that sends this much of its body, and then waits."""
    address = httpx.URL(client.app.url)
    connection = http.client.HTTPConnection(address.host, address.port, timeout=10)
    with contextlib.closing(connection):
        connection.putrequest("POST", path)
        for name, value in {"Origin": ORIGIN, **headers}.items():
            connection.putheader(name, value)
        connection.endheaders()
        for piece in sent:
            connection.send(piece)
        yield connection.getresponse()


@pytest.mark.parametrize(
    "path, kind, limit",
    [("/posts", JSON, 256 * 1024), ("/uploads/image", FORM, 5 * MIB)],
)
@pytest.mark.parametrize("chunked", [False, True], ids=["Content-Length", "chunked"])
def test_a_body_that_is_too_large_is_refused_before_it_ends(
    client: Client,
    ada: Member,
    path: str,
    kind: dict[str, str],
    limit: int,
    chunked: bool,
) -> None:
    """A body over the limit is a 413 before the rest of it is read, in the one shape, and a page can read it."""
    over = limit + 128 * 1024
    start = FILE if kind is FORM else b'{"title": "'
    chunks = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (start, b"x" * over)]
    length = (
        {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(over)}
    )

    with unfinished(
        client, path, {**ada.headers, **kind, **length}, *(chunks if chunked else [])
    ) as answer:
        reply = httpx.Response(
            answer.status, headers=answer.getheaders(), content=answer.read()
        )

    assert "send less" in refusal(reply, 413)["message"]
    assert reply.headers["access-control-allow-origin"] == ORIGIN
    assert "x-request-id" in reply.headers
    assert client.get("/users/me", headers=ada.headers).status_code == 200


@pytest.mark.parametrize(
    "status, content, kind",
    [
        (422, b"", "application/json"),
        (422, b'{"title": "s3cret"', "application/json"),
        (422, b"s3cret", "application/json"),
        (422, b'["s3cret"]', "application/json"),
        (422, b'{"title": ["s3cret"], "content": NaN}', "application/json"),
        (422, b'{"title": "s3cret", "content": "\\ud800"}', "application/json"),
        (422, b'{"title": "s3cret", "content": ""}', "text/plain"),
        (422, b"title=s3cret&content=", "application/x-www-form-urlencoded"),
        (400, b'{"title": "s3cret\xff"}', "application/json"),
        (
            400,
            b'{"title": ' + b"1" * 5000 + b', "content": "s3cret"}',
            "application/json",
        ),
        (400, b"[" * 100_000, "application/json"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_body_that_is_no_json_is_refused(
    client: Client, ada: Member, status: int, content: bytes, kind: str
) -> None:
    """A body that is missing, malformed or of another type is refused in the one shape, and not echoed."""
    reply = client.post(
        "/posts", content=content, headers={**ada.headers, "Content-Type": kind}
    )

    body = refusal(reply, status)
    assert "s3cret" not in reply.text
    assert ("UTF-8" if status == 400 else "errors says which") in body["message"]


@pytest.mark.parametrize("path", ["/auth/register", "/auth/login"])
@pytest.mark.parametrize(
    "value", ["s3cret", ["s3cret"], {"s3cret": 1}, "s3cret\0"], ids=repr
)
def test_a_422_echoes_nothing(client: Client, path: str, value: object) -> None:
    """A 422 names the fields that are wrong, and repeats nothing of what was sent: it may be a password."""
    reply = client.post(path, json={"name": value, "email": value, "password": value})

    fields = [error["field"] for error in refusal(reply, 422)["errors"]]
    assert {"body.email", "body.password"} <= set(fields)
    assert "s3cret" not in reply.text


def images(field: str, count: int) -> list[tuple[str, tuple[str, bytes]]]:
    return [(field, NO_FILE)] * count


@pytest.mark.parametrize(
    "path, form, advice",
    [
        (
            "/uploads/image",
            {"files": images("file", 2)},
            "Maximum number of files is 1",
        ),
        (
            "/uploads/multiple",
            {"files": images("files", 6)},
            "Maximum number of files is 5",
        ),
        (
            "/uploads/profile-picture",
            {"files": images("file", 2)},
            "Maximum number of files is 1",
        ),
        (
            "/uploads/profile-picture",
            {
                "files": images("file", 1),
                "data": dict.fromkeys(map(str, range(1001)), "x"),
            },
            "Maximum number of fields is 1000",
        ),
        (
            "/uploads/image",
            {"content": FILE, "headers": {"Content-Type": "multipart/form-data"}},
            "Missing boundary",
        ),
        (
            "/uploads/image",
            {"content": b"no boundary at all", "headers": FORM},
            "check its headers",
        ),
        (
            "/uploads/image",
            {"content": b"--b\r\nno header\r\n\r\n", "headers": FORM},
            "check its headers",
        ),
    ],
    ids=[
        "two files",
        "six files",
        "two pictures",
        "1001 fields",
        "boundary unnamed",
        "boundary missing",
        "no header",
    ],
)
def test_a_broken_form_is_refused(
    client: Client, ada: Member, path: str, form: dict[str, Any], advice: str
) -> None:
    """A form that is malformed, or has more files or fields than it may, is a 400 in the one shape that says which."""
    reply = client.post(
        path, **{**form, "headers": {**ada.headers, **form.get("headers", {})}}
    )

    assert advice.lower() in refusal(reply, 400)["message"].lower()


def test_a_file_of_another_kind_is_refused(client: Client, ada: Member) -> None:
    """A file that isn't an image is a 415 that names what is accepted."""
    for path, field in (
        ("image", "file"),
        ("profile-picture", "file"),
        ("multiple", "files"),
    ):
        reply = client.post(
            f"/uploads/{path}", files={field: NO_FILE}, headers=ada.headers
        )

        assert "JPEG, PNG or WebP" in refusal(reply, 415)["message"]


@pytest.mark.parametrize("path", ["image", "profile-picture", "multiple"])
def test_a_form_without_its_file_is_refused(
    client: Client, ada: Member, path: str
) -> None:
    """A form without its file, or with a text in its place, is a 422 that names the field."""
    field = "files" if path == "multiple" else "file"
    forms: list[dict[str, Any]] = [
        {},
        {"data": {field: "a text"}},
        {"json": {field: "a text"}},
    ]
    for form in forms:
        reply = client.post(f"/uploads/{path}", headers=ada.headers, **form)

        assert [
            error["field"].removesuffix(".0") for error in refusal(reply, 422)["errors"]
        ] == [f"body.{field}"]


def test_nul_in_a_forms_field_is_refused(client: Client, ada: Member) -> None:
    """A NUL in the description of a profile picture is a 422 that names the field."""
    text = {"description": "a\0b"}

    reply = client.post(
        "/uploads/profile-picture",
        files={"file": NO_FILE},
        data=text,
        headers=ada.headers,
    )

    assert [error["field"] for error in refusal(reply, 422)["errors"]] == [
        "body.description"
    ]
