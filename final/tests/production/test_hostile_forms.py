import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from workbook.plugin.client import Client
from workbook.plugin.members import Member
from workbook.plugin.pictures import picture
from workbook.serving import ServedApp

BOUNDARY = b"a-line-between-parts"

pytestmark = pytest.mark.slow


def part(options: bytes, content: bytes = b"", *headers: bytes) -> bytes:
    head = [b"--" + BOUNDARY, b"Content-Disposition: form-data; " + options, *headers]
    return b"\r\n".join([*head, b"", content, b""])


END = b"--" + BOUNDARY + b"--\r\n"


def send(
    client: Client,
    member: Member,
    body: bytes,
    to: str = "/uploads/image",
    charset: str = "",
) -> httpx.Response:
    kind = f"multipart/form-data; boundary={BOUNDARY.decode()}{charset}"
    return client.post(
        to, content=body, headers={**member.headers, "Content-Type": kind}
    )


def stored(app: ServedApp) -> set[str]:
    """Return all files in the data folder and in the one above, except for the database's and the log."""
    kept = {path for path in app.data.parent.rglob("*") if path.is_file()}
    return {
        path.relative_to(app.data.parent).as_posix()
        for path in kept
        if path.name.partition(".")[0] != "blog"
    }


@contextmanager
def nothing_stored(app: ServedApp) -> Iterator[None]:
    before = stored(app)
    yield
    assert stored(app) == before, "a refused form left something on disk"


@pytest.mark.parametrize(
    "option",
    [
        b'filename="../../evil.png"',
        b'filename="..\\..\\evil.png"',
        b'filename="/etc/cron.d/evil"',
        b'filename="C:\\evil.png"',
        b'filename="a\0b.png"',
        b'filename=""',
        b'filename="..."',
        b'filename="   "',
        b'filename=".."',
        b'filename="CON"',
        b'filename="nul.png"',
        b'filename="photo.png.html"',
        b'filename="photo.' + b"x" * 300 + b'"',
        b'filename="photo.png:stream"',
        'filename="photo\u202egnp.exe"'.encode(),
        b'filename="a%0d%0aX-Evil: 1.png"',
        b'filename="\xff\xfe.png"',
        b'filename="a\nX-Evil: 1.png"',
        b"filename=a.png; filename*=UTF-8''..%2Fb%00%0d%0a.png",
        b"filename*=nonsense''..%2Fb; filename=a.png",
    ],
    ids=lambda option: option.decode("ascii", "backslashreplace")[:40],
)
def test_a_clients_name_names_no_file(
    client: Client, ada: Member, served: ServedApp, option: bytes
) -> None:
    """Whatever a client calls its file, it is stored under a name of our making, and its own is shown in one line."""
    before = stored(served)

    response = send(client, ada, part(b'name="file"; ' + option, picture()) + END)

    assert response.status_code == 201
    told = response.json()
    assert re.fullmatch(r"[0-9a-f]{32}\.png", told["filename"])
    assert stored(served) - before == {f"data/uploads/{told['filename']}"}
    assert told["original_name"].isprintable()
    assert len(told["original_name"]) <= 100


def test_half_a_character_in_a_name_is_shown_or_left_out(
    client: Client, ada: Member
) -> None:
    """A name in a charset that makes half a character of it breaks neither the response nor the log."""
    body = part(b'name="file"; filename="\\ud800.png"', picture()) + END

    response = send(client, ada, body, charset="; charset=unicode_escape")

    assert (response.status_code, response.json()["original_name"]) == (201, ".png")


FORMS = {
    "a name of 5000 characters": (
        400,
        part(b'name="file"; filename="' + b"x" * 5000 + b'"', picture()) + END,
    ),
    "no name of the field": (400, part(b'filename="a.png"', picture()) + END),
    "text where the file belongs": (422, part(b'name="file"', b"hello") + END),
    "only an encoded name": (
        422,
        part(b"name=\"file\"; filename*=UTF-8''..%2Fevil.png", picture()) + END,
    ),
    "a picture without a name": (422, part(b'name="file"', picture()) + END),
    "an empty file": (415, part(b'name="file"; filename="a.png"') + END),
    "no parts": (422, END),
    "nothing": (422, b""),
    "2000 fields": (
        400,
        part(b'name="x"', b"1") * 2000
        + part(b'name="file"; filename="a.png"', picture())
        + END,
    ),
    "a text of 2 MB": (400, part(b'name="description"', bytes(2_000_000)) + END),
    "a text of 5000 bytes": (400, part(b'name="description"', bytes(5000)) + END),
    "25 fields": (
        400,
        part(b'name="x"', b"1") * 25
        + part(b'name="file"; filename="a.png"', picture())
        + END,
    ),
    "a form in the form": (
        415,
        part(
            b'name="file"; filename="a"',
            part(b'name="file"; filename="b"', picture()),
            b"Content-Type: multipart/mixed",
        )
        + END,
    ),
    "a boundary that is never closed": (
        422,
        part(b'name="file"; filename="a.png"', picture()),
    ),
    "half a header": (422, b"--" + BOUNDARY + b"\r\nContent-Dispo"),
    "another boundary": (
        400,
        b"--another\r\n" + part(b'name="file"; filename="a.png"', picture()) + END,
    ),
    "200 headers": (
        400,
        part(b'name="file"; filename="a.png"', picture(), *[b"X-Header: 1"] * 200)
        + END,
    ),
}


@pytest.mark.parametrize("what", FORMS)
@pytest.mark.parametrize("path", ["/uploads/image", "/uploads/profile-picture"])
def test_a_form_that_is_none_is_refused(
    client: Client, ada: Member, served: ServedApp, path: str, what: str
) -> None:
    """A form that breaks the rules is an error in the common shape, leaves nothing behind, and the next one works."""
    status, body = FORMS[what]

    with nothing_stored(served):
        response = send(client, ada, body, path)

    assert (response.status_code, response.json()["success"]) == (status, False), (
        response.text
    )
    assert (
        send(
            client, ada, part(b'name="file"; filename="a.png"', picture()) + END
        ).status_code
        == 201
    )


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "text/plain",
        "image/png",
    ],
)
def test_a_body_that_is_no_form_is_refused(
    client: Client, ada: Member, served: ServedApp, kind: str
) -> None:
    """A picture that comes without a form around it, or with one that names no boundary, is refused."""
    with nothing_stored(served):
        response = client.post(
            "/uploads/image",
            content=picture(),
            headers={**ada.headers, "Content-Type": kind},
        )

    assert (response.status_code in {400, 422}, response.json()["success"]) == (
        True,
        False,
    )
