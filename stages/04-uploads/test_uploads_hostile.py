import re
from io import BytesIO
from random import randbytes
from typing import TYPE_CHECKING

import httpx
import pytest
from PIL import Image, WebPImagePlugin  # noqa: F401  (else Pillow loads all forty)

from workbook.plugin.client import Client
from workbook.plugin.pictures import picture, upload, upload_several
from workbook.plugin.seen import (
    connection,
    list_stored_files,
    no_room_for_more_than,
    nothing_stored,
    peak_memory,
    status_of,
)
from workbook.serving import ServedApp

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.one_app
MIB = 1024 * 1024
NAME = r"[0-9a-f]{32}\.(jpg|png|webp)"
BOUNDARY = "a-line-between-parts"
HTML = b"<!DOCTYPE html><script>new Image().src = '/a-script-ran'</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>new Image().src = '/a-script-ran'</script></svg>"


@pytest.mark.deeper
def test_announced_body_gets_plain_text(ada: Client, served: ServedApp) -> None:
    """A body over the limit is refused in plain text, not in JSON, because no route and no handler sees it."""
    with nothing_stored(served):
        response = upload(ada, picture().ljust(5 * MIB + 100 * 1024, b"\0"))

    assert (response.status_code, response.text) == (413, "Content Too Large")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.deeper
def test_endless_body_is_cut_off(served: ServedApp, token: str) -> None:
    """A body without a length is refused with 413 at the limit, and the app's memory doesn't grow with it."""
    piece = b"100000\r\n" + bytes(MIB) + b"\r\n"
    before = peak_memory(served)
    pieces = 0
    with nothing_stored(served), connection(served) as (caller, replied):
        caller.sendall(head_of_upload(token, "Transfer-Encoding: chunked"))
        start = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'.encode()
        caller.sendall(f"{len(start):x}\r\n".encode() + start + b"\r\n")
        while pieces < 200 and not replied(0, peek=True):
            caller.sendall(piece)
            pieces += 1
        status = status_of(replied(3))

    assert status == "413", f"after {pieces} MB"
    assert pieces < 100, "the app took most of 200 MB before it refused them"
    assert peak_memory(served) - before < 20, "the app kept the body in memory (MiB)"


@pytest.mark.deeper
def test_hostile_name_names_nothing(ada: Client, served: ServedApp) -> None:
    """A client's name decides nothing about the stored name and its extension; it is kept cleaned and short."""
    half_a_character = rb"\ud800.png"  # so it is in the form's charset
    names = [b"x./../../evil", rb"..\..\evil.png", b"", b"a\0b", b"photo." + b"x" * 300, b"\xff.png", half_a_character]

    for name in names:
        before = list_stored_files(served)
        response = ada.post(
            "/uploads/image", content=form_with(name), headers={"Content-Type": form_type("unicode_escape")}
        )

        assert response.status_code == 201, f"the name {name[:20]!r} decides about the upload"
        stored = response.json()
        assert re.fullmatch(NAME, stored["filename"]), f"the name {name[:20]!r} became {stored['filename'][:60]}"
        assert list_stored_files(served) - before == {f"uploads/{stored['filename']}"}
        assert stored["original_name"].isprintable()
        assert len(stored["original_name"]) <= 100


@pytest.mark.deeper
def test_endless_name_is_refused(ada: Client, served: ServedApp) -> None:
    """A name of 5000 characters makes no form, and is refused with 400."""
    with nothing_stored(served):
        assert upload(ada, picture(), "x" * 5000).status_code == 400


@pytest.mark.deeper
def test_full_disk_leaves_nothing(ada: Client, served: ServedApp) -> None:
    """If the disk is full at the second of two files, the first doesn't stay behind."""
    noise = BytesIO()
    Image.frombytes("RGB", (200, 200), randbytes(120_000)).save(noise, "PNG", compress_level=0)

    with nothing_stored(served), no_room_for_more_than(100_000, served):
        response = upload_several(ada, picture(), noise.getvalue(), headers={"Connection": "close"})

    assert response.status_code == 500


@pytest.mark.deeper
def test_only_uploads_are_served(client: Client, served: ServedApp) -> None:
    """No address below /files leads out of the folder, and the app doesn't list what's in it."""
    (served.data / "secret.txt").write_text("secret", encoding="utf-8")

    for path in "/files/../secret.txt", "/files/..%2fsecret.txt", "/files/%2e%2e/secret.txt", "/files/":
        assert client.get(path).status_code == 404, path


@pytest.mark.deeper
def test_image_with_a_script_in_it_runs_nothing(ada: Client, page: "Page") -> None:
    """An image that is a web page at the same time runs no script in a browser."""
    polyglot = picture("JPEG", comment=HTML) + HTML
    response = upload(ada, polyglot, "photo.html", "text/html")
    assert response.status_code == 201

    assert asked_for_by(page, f"{ada.app.url}{response.json()['url']}") == [response.json()["url"]]


@pytest.mark.deeper
def test_file_from_before_the_checks_runs_nothing(served: ServedApp, page: "Page") -> None:
    """A page or drawing that reached the folder in another way runs no script in a browser either."""
    for name, content in ("old.html", HTML), ("old.svg", SVG):
        (served.data / "uploads" / name).write_bytes(content)

        assert asked_for_by(page, f"{served.url}/files/{name}") == [f"/files/{name}"], "the script asked for more"


def asked_for_by(page: "Page", url: str) -> list[str]:
    """Return the paths that the browser asks for when it opens `url`."""
    paths: list[str] = []
    page.on("request", lambda request: paths.append(httpx.URL(request.url).path))
    page.goto(url)
    return paths


def form_type(charset: str = "utf-8") -> str:
    return f"multipart/form-data; boundary={BOUNDARY}; charset={charset}"


def form_with(name: bytes) -> bytes:
    """Return a form whose file has a name that a well-behaved client wouldn't send."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="'.encode() + name + b'"\r\n'
    return head + b"Content-Type: image/png\r\n\r\n" + picture() + f"\r\n--{BOUNDARY}--\r\n".encode()


def head_of_upload(token: str, *headers: str) -> bytes:
    lines = ["POST /uploads/image HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token}", *headers]
    return "\r\n".join([*lines, f"Content-Type: {form_type()}", "", ""]).encode()
