from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

import httpx
import pytest
from PIL import Image
from workbook.plugin.client import Client
from workbook.plugin.members import Member
from workbook.plugin.pictures import upload
from workbook.plugin.seen import nothing_stored, peak_memory
from workbook.serving import ServedApp

from .crafted import (
    HTML,
    MIB,
    archive,
    jpeg_of,
    jpeg_of_many_pieces,
    jpeg_with,
    picture,
    png_of,
    png_of_many_texts,
    unpacking,
    webp_of,
    with_exif,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>new Image().src = '/a-script-ran'</script></svg>"
PDF = b"%PDF-1.4\n" + HTML + b"\ntrailer<</Root 1 0 R>>\n%%EOF\n"
KINDS = ["JPEG", "PNG", "WEBP"]

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_of_an_image_is_refused(
    client: Client, ada: Member, served: ServedApp, kind: str
) -> None:
    """An image whose end is missing is a 415, wherever it was cut, also within its first bytes."""
    whole = picture(kind, mode="RGB", quality=90)
    with nothing_stored(served):
        for length in (1, 4, 12, 30, len(whole) // 2, len(whole) - 30):
            assert (
                upload(client, whole[:length], headers=ada.headers).status_code == 415
            ), f"{length} of {len(whole)} bytes"

    assert upload(client, whole, headers=ada.headers).status_code == 201


@pytest.mark.parametrize(
    "bomb",
    [
        partial(png_of, 5_001),
        partial(png_of, 30_000),
        partial(webp_of, 5_001),
        partial(webp_of, 16_383),
    ],
    ids=["PNG 25 million", "PNG 900 million", "WebP 25 million", "WebP 268 million"],
)
def test_an_image_of_too_many_pixels_is_not_unpacked(
    client: Client, ada: Member, served: ServedApp, bomb: Callable[[], bytes]
) -> None:
    """A small file that would unpack to an enormous image is a 413 that says how many pixels go, and isn't unpacked."""
    content = bomb()
    assert len(content) < 200_000
    upload(client, picture(), headers=ada.headers)
    before = peak_memory(served)

    with nothing_stored(served):
        response = upload(client, content, headers=ada.headers)

    assert response.status_code == 413
    assert (
        response.json()["message"]
        == "An image may have at most 25,000,000 pixels, a JPEG twice as many"
    )
    assert peak_memory(served) - before < 20


def test_the_largest_image_is_taken(client: Client, ada: Member) -> None:
    """An image of 23 million pixels, as a good camera makes them, is stored."""
    response = upload(client, png_of(4_800), headers=ada.headers)

    assert response.status_code == 201
    assert Image.open(BytesIO(client.get(response.json()["url"]).content)).size == (
        4_800,
        4_800,
    )


def test_a_large_photo_costs_no_more_than_a_small_one(
    client: Client, ada: Member, served: ServedApp
) -> None:
    """A JPEG of 50 megapixels, which phones make, is stored at half its width and height, and takes little memory."""
    photo = BytesIO()
    Image.new("RGB", (8160, 6120), (90, 120, 150)).save(photo, "JPEG")
    before = peak_memory(served)

    response = upload(client, photo.getvalue(), headers=ada.headers)

    assert response.status_code == 201
    assert Image.open(BytesIO(client.get(response.json()["url"]).content)).size == (
        4080,
        3060,
    )
    assert (
        peak_memory(served) - before < 250
    )  # MB; unpacked as it is, 200 for the first copy alone


# Functions, because making them takes seconds: only the test that sends one does.
HIDDEN_BOMBS: dict[str, Callable[[], bytes]] = {
    "compressed text": partial(unpacking, b"zTXt", b"c\0\0"),
    "international text": partial(unpacking, b"iTXt", b"c\0\1\0\0\0"),
    "colour profile": partial(unpacking, b"iCCP", b"c\0\0"),
    "many texts": png_of_many_texts,
    "many chunks": partial(png_of, 8, *[(b"teXt", b"")] * 150_000),
    "a scan after the other": partial(jpeg_of, 4_800, 100_000),
    "pieces of Exif": jpeg_of_many_pieces,
}


@pytest.mark.parametrize("what", HIDDEN_BOMBS)
def test_what_takes_long_or_much_to_read_is_cut_short(
    client: Client, ada: Member, served: ServedApp, what: str
) -> None:
    """An image made to cost minutes or hundreds of megabytes is answered within seconds, and costs little memory."""
    content = HIDDEN_BOMBS[what]()
    upload(client, picture(), headers=ada.headers)
    before = peak_memory(served)

    response = upload(
        client, content, headers=ada.headers
    )  # the client waits for 10 seconds

    assert len(content) <= 5 * MIB
    assert response.status_code in {201, 415}
    assert peak_memory(served) - before < 120


def test_a_progressive_photo_is_taken(client: Client, ada: Member) -> None:
    """A JPEG that a page shows in several passes is stored like any other; so is one with a film behind it."""
    film = bytes(range(256)) * 8_000 + b"\xff\xda\xff\xe1" * 60

    assert (
        upload(
            client, picture("JPEG", progressive=True), headers=ada.headers
        ).status_code
        == 201
    )
    assert (
        upload(client, picture("JPEG") + film, headers=ada.headers).status_code == 201
    )


POLYGLOTS = {
    "a page in a JPEG's comment": jpeg_with(b"\xff\xfe", HTML),
    "a page in a JPEG's unknown segment": jpeg_with(b"\xff\xef", HTML),
    "a page after a JPEG": picture("JPEG") + HTML,
    "a page after a PNG": picture("PNG") + HTML,
    "a page in a PNG's text": png_of(8, (b"tEXt", b"Comment\0" + HTML)),
    "a page after a WebP": picture("WEBP") + HTML,
    "a page in a JPEG's Exif": with_exif("JPEG"),
    "a page in a PNG's Exif": with_exif("PNG"),
    "a page in a WebP's Exif": with_exif("WEBP"),
    "an archive of Java after a JPEG": picture("JPEG") + archive(),
}


@pytest.mark.parametrize("what", POLYGLOTS)
def test_what_hides_in_an_image_is_gone(client: Client, ada: Member, what: str) -> None:
    """An image that is something else at the same time comes back as an image and nothing else."""
    response = upload(client, POLYGLOTS[what], "page.html", headers=ada.headers)

    assert response.status_code == 201
    stored = client.get(response.json()["url"])
    assert stored.headers["content-type"].startswith("image/")
    for hidden in b"<script", b"Evil.class", b"PK\3\4":
        assert hidden not in stored.content


@pytest.mark.parametrize(
    "content",
    [
        HTML,
        SVG,
        b"GIF89a" + HTML,
        picture("GIF") + archive(),
        picture("GIF")[:6] + b"\xff" * 4 + picture("GIF")[10:],
        b"<?xml version='1.0'?>" + SVG,
        b" " + PDF,
        b"\xff\xd8" + HTML,
    ],
    ids=[
        "page",
        "SVG",
        "page like a GIF",
        "GIFAR",
        "enormous GIF",
        "SVG in XML",
        "not quite a PDF",
        "page like a JPEG",
    ],
)
def test_what_only_claims_to_be_an_image_is_refused(
    client: Client, ada: Member, served: ServedApp, content: bytes
) -> None:
    """A page, a drawing with a script, an archive: if a file isn't an image, it's a 415, whatever it's called."""
    with nothing_stored(served):
        assert upload(client, content, headers=ada.headers).status_code == 415


def test_a_pdf_that_is_a_page_too_is_only_a_download(
    client: Client, ada: Member
) -> None:
    """A PDF that is a web page at the same time is served as a PDF, to be downloaded, and in a sandbox."""
    response = upload(client, PDF, "page.html", headers=ada.headers)
    headers = client.get(response.json()["url"]).headers

    assert response.json()["filename"].endswith(".pdf")
    assert headers["content-type"] == "application/pdf"
    assert headers["content-disposition"] == "attachment"
    assert (headers["x-content-type-options"], headers["content-security-policy"]) == (
        "nosniff",
        "sandbox",
    )


def test_a_page_from_before_the_checks_runs_nothing(
    served: ServedApp, page: "Page"
) -> None:
    """A page or drawing that reached the folder in another way runs no script in a browser."""
    for name, content in ("old.html", HTML), ("old.svg", SVG):
        (served.data / "uploads" / name).write_bytes(content)

        asked = asked_for_by(page, f"{served.url}/files/{name}")

        assert asked == [f"/files/{name}"], "the script asked for more"


def asked_for_by(page: "Page", url: str) -> list[str]:
    """Return the paths that the browser asks for when it opens `url`."""
    paths: list[str] = []
    page.on("request", lambda request: paths.append(httpx.URL(request.url).path))
    page.goto(url)
    return paths
