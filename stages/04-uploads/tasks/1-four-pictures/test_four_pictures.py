import httpx
import pytest

from workbook.plugin.client import Client
from workbook.plugin.pictures import picture, upload_several
from workbook.plugin.seen import (
    connection,
    list_stored_files,
    nothing_stored,
    status_of,
)
from workbook.serving import ServedApp

MIB = 1024 * 1024


def upload(client: Client, *lengths: int) -> httpx.Response:
    """Send PNGs of so many bytes; decoders ignore what follows the image's end."""
    return upload_several(client, *(picture().ljust(length, b"\0") for length in lengths))


def test_four_images_of_one_mebibyte(ada: Client, served: ServedApp) -> None:
    """Four images of 1 MiB each are stored in one request, and all of them are served."""
    before = list_stored_files(served)

    response = upload(ada, MIB, MIB, MIB, MIB)

    hints = {400: "the form may not have four files", 413: "a form of four such files is larger than 4 MiB"}
    assert response.status_code == 201, hints.get(response.status_code, "")
    assert response.json()["uploaded"] == 4
    assert {f"uploads/{file['filename']}" for file in response.json()["files"]} == list_stored_files(served) - before
    assert [ada.get(file["url"]).status_code for file in response.json()["files"]] == [200] * 4


@pytest.mark.as_before
@pytest.mark.parametrize("length", [MIB, 100], ids=["large", "small"])
def test_fifth_image_leaves_nothing(ada: Client, served: ServedApp, length: int) -> None:
    """Five images are refused, and none of them is stored."""
    with nothing_stored(served):
        assert upload(ada, *[length] * 5).status_code in {400, 413, 422}


def test_each_image_is_weighed(ada: Client, served: ServedApp) -> None:
    """An image of more than 1 MiB among small ones is refused with 413, and none of them is stored."""
    with nothing_stored(served):
        response = upload(ada, 100, 100, 100, MIB + 1)

    assert response.status_code == 413, "the last of the four has one byte more than 1 MiB"


@pytest.mark.as_before
def test_large_body_is_refused_unread(served: ServedApp) -> None:
    """A body announced as 8 MiB is refused with 413 before a byte of it is read."""
    head = (
        "POST /uploads/multiple HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer token-of-ada\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 8388608\r\n\r\n"
    )
    with connection(served) as (caller, replied):
        caller.sendall(head.encode())
        status = status_of(replied(3))

    assert status == "413", "the head announced a large body, and the app didn't refuse it"
