import select
import socket
from io import BytesIO

import httpx
import pytest
from PIL import Image

from workbook.plugin.client import Client
from workbook.serving import ServedApp

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def app_env() -> dict[str, str]:
    return {"TOKENS": '{"token-of-ada": "ada"}'}


@pytest.fixture
def ada(client: Client) -> Client:
    client.headers["Authorization"] = "Bearer token-of-ada"
    return client


def image_of(length: int) -> bytes:
    """A PNG of so many bytes: decoders ignore what follows the image's end."""
    file = BytesIO()
    Image.new("RGB", (8, 6), (20, 90, 160)).save(file, "PNG")
    return file.getvalue().ljust(length, b"\0")


def upload(client: Client, *lengths: int) -> httpx.Response:
    files = [("files", (f"day-{n}.png", image_of(length))) for n, length in enumerate(lengths)]
    return client.post("/uploads/multiple", files=files)


def files_in(app: ServedApp) -> set[str]:
    return {path.name for path in app.data.rglob("*") if path.is_file()}


def test_four_images_of_one_mebibyte(ada: Client, served: ServedApp) -> None:
    """Four images of 1 MiB each are stored in one request, and all of them are served."""
    before = files_in(served)

    reply = upload(ada, MIB, MIB, MIB, MIB)

    hints = {400: "the form may not have four files", 413: "a form of four such files is larger than 4 MiB"}
    assert reply.status_code == 201, hints.get(reply.status_code, "")
    assert reply.json()["uploaded"] == 4
    assert {file["filename"] for file in reply.json()["files"]} == files_in(served) - before
    assert [ada.get(file["url"]).status_code for file in reply.json()["files"]] == [200] * 4


@pytest.mark.parametrize("length", [MIB, 100], ids=["large", "small"])
def test_fifth_image_leaves_nothing(ada: Client, served: ServedApp, length: int) -> None:
    """Five images are refused, and none of them is stored."""
    before = files_in(served)

    assert upload(ada, *[length] * 5).status_code in {400, 413, 422}
    assert files_in(served) - before == set(), "five images were refused, and left a file behind"


def test_each_image_is_weighed(ada: Client, served: ServedApp) -> None:
    """An image of more than 1 MiB among small ones is refused with 413, and none of them is stored."""
    before = files_in(served)

    reply = upload(ada, 100, 100, 100, MIB + 1)

    assert reply.status_code == 413, "the last of the four has one byte more than 1 MiB"
    assert files_in(served) - before == set(), "an image was too large, and the others were stored"


def test_large_body_is_refused_unread(served: ServedApp) -> None:
    """A body announced as 8 MiB is refused with 413 before a byte of it is read."""
    address = httpx.URL(served.url)
    head = (
        "POST /uploads/multiple HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer token-of-ada\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 8388608\r\n\r\n"
    )
    with socket.create_connection((address.host, address.port or 80), timeout=10) as caller:
        caller.sendall(head.encode())
        replied, _, _ = select.select([caller], [], [], 3)
        status = caller.recv(4096).split()[1].decode() if replied else "no response"

    assert status == "413", "the head announced a large body, and the app did not refuse it"
