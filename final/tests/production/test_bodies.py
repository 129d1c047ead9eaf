import contextlib
import http.client
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from workbook.plugin.client import Client
from workbook.plugin.members import Member
from workbook.plugin.pictures import picture, upload, upload_several
from workbook.plugin.seen import nothing_stored, refusal
from workbook.serving import ServedApp

MIB = 1024 * 1024
ORIGIN = "http://localhost:3000"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data; boundary=b"}
FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
ROUTES = {
    "/uploads/image": "file",
    "/uploads/profile-picture": "file",
    "/uploads/multiple": "files",
}
NO_FILE = ("a.png", b"not an image")


@contextlib.contextmanager
def unfinished(
    client: Client, path: str, headers: dict[str, str], *sent: bytes
) -> Iterator[http.client.HTTPResponse]:
    """Return the response to a request that sends only this much of its body, and then waits."""
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
        response = httpx.Response(
            answer.status, headers=answer.getheaders(), content=answer.read()
        )

    assert "send less" in refusal(response, 413)["message"]
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert "x-request-id" in response.headers
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
    response = client.post(
        "/posts", content=content, headers={**ada.headers, "Content-Type": kind}
    )

    body = refusal(response, status)
    assert "s3cret" not in response.text
    assert ("UTF-8" if status == 400 else "errors says which") in body["message"]


@pytest.mark.parametrize("path", ["/auth/register", "/auth/login"])
@pytest.mark.parametrize(
    "value", ["s3cret", ["s3cret"], {"s3cret": 1}, "s3cret\0"], ids=repr
)
def test_a_422_echoes_nothing(client: Client, path: str, value: object) -> None:
    """A 422 names the fields that are wrong, and repeats nothing of what was sent: it may be a password."""
    response = client.post(
        path, json={"name": value, "email": value, "password": value}
    )

    fields = [error["field"] for error in refusal(response, 422)["errors"]]
    assert {"body.email", "body.password"} <= set(fields)
    assert "s3cret" not in response.text


@pytest.mark.parametrize(
    "email", ["hunter2;)@x.com", "a@hunter;2.com", "a@hunter2⒈.com"]
)
def test_a_422_quotes_nothing_of_an_email(client: Client, email: str) -> None:
    """A 422 for an email that's wrong doesn't say which of its letters are: they may be those of a password."""
    response = client.post("/auth/login", json={"email": email, "password": "x" * 8})

    (error,) = refusal(response, 422)["errors"]
    assert error["message"] == "value is not a valid email address"


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
                "data": dict.fromkeys(map(str, range(21)), "x"),
            },
            "Maximum number of fields is 20",
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
        "21 fields",
        "boundary unnamed",
        "boundary missing",
        "no header",
    ],
)
def test_a_broken_form_is_refused(
    client: Client, ada: Member, path: str, form: dict[str, Any], advice: str
) -> None:
    """A form that is malformed, or has more files or fields than it may, is a 400 in the one shape that says which."""
    response = client.post(
        path, **{**form, "headers": {**ada.headers, **form.get("headers", {})}}
    )

    assert advice.lower() in refusal(response, 400)["message"].lower()


def test_a_file_of_another_kind_is_refused(client: Client, ada: Member) -> None:
    """A file that isn't an image is a 415 that names what is accepted."""
    for path, field in (
        ("image", "file"),
        ("profile-picture", "file"),
        ("multiple", "files"),
    ):
        response = client.post(
            f"/uploads/{path}", files={field: NO_FILE}, headers=ada.headers
        )

        said = refusal(response, 415)["message"]
        assert "JPEG, PNG or WebP" in said
        assert ("PDF" in said) == (path != "profile-picture")


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
        response = client.post(f"/uploads/{path}", headers=ada.headers, **form)

        assert [
            error["field"].removesuffix(".0")
            for error in refusal(response, 422)["errors"]
        ] == [f"body.{field}"]


def test_nul_in_a_forms_field_is_refused(client: Client, ada: Member) -> None:
    """A NUL in the description of a profile picture is a 422 that names the field."""
    text = {"description": "a\0b"}

    response = client.post(
        "/uploads/profile-picture",
        files={"file": NO_FILE},
        data=text,
        headers=ada.headers,
    )

    assert [error["field"] for error in refusal(response, 422)["errors"]] == [
        "body.description"
    ]


@pytest.mark.parametrize("path", ROUTES)
def test_a_body_far_over_the_limit_has_the_common_shape(
    client: Client, ada: Member, served: ServedApp, path: str
) -> None:
    """A body that no route would take is a 413 in the common shape, with the headers that every response has."""
    with nothing_stored(served):
        response = upload(client, bytes(26 * MIB), to=path, headers=ada.headers)

    assert (
        response.status_code,
        response.json()["success"],
        response.json()["errors"],
    ) == (
        413,
        False,
        [],
    )
    assert {"x-request-id", "x-process-time", "x-content-type-options"} <= set(
        response.headers
    )


def test_more_files_than_five_are_refused(
    client: Client, ada: Member, served: ServedApp
) -> None:
    """Five files of 5 MiB go into one form; six files, or two where one is asked for, are a 400."""
    largest = picture().ljust(5 * MIB, b"\0")
    assert (
        upload_several(client, *[largest] * 5, headers=ada.headers).status_code == 201
    )

    with nothing_stored(served):
        six = upload_several(client, *[picture()] * 6, headers=ada.headers)
        two = client.post(
            "/uploads/image",
            headers=ada.headers,
            files=[("file", picture()), ("file", picture())],
        )

    for response in six, two:
        assert (response.status_code, response.json()["success"]) == (400, False)


@pytest.mark.parametrize("path", ROUTES)
def test_a_form_without_the_file_is_refused(
    client: Client, ada: Member, served: ServedApp, path: str
) -> None:
    """A form without the file, a JSON body and no body at all are a 422 that names the missing field."""
    bodies: list[dict[str, Any]] = [
        {"files": {"another": picture()}},
        {"json": {ROUTES[path]: "photo.png"}},
        {},
    ]
    for body in bodies:
        with nothing_stored(served):
            response = client.post(path, headers=ada.headers, **body)

        assert response.status_code == 422
        assert [(e["field"], e["type"]) for e in response.json()["errors"]] == [
            (f"body.{ROUTES[path]}", "missing")
        ]
