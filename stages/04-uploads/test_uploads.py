import json
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, WebPImagePlugin  # noqa: F401  (else Pillow loads all forty)

from workbook.plugin.client import Client
from workbook.plugin.pictures import picture, upload, upload_several
from workbook.plugin.seen import (
    connection,
    list_stored_files,
    nothing_stored,
    status_of,
)
from workbook.serving import ServedApp

pytestmark = pytest.mark.one_app
MIB = 1024 * 1024
UPLOAD_PATHS = ["/uploads", "/uploads/image", "/uploads/profile-picture", "/uploads/multiple"]
NAME = r"[0-9a-f]{32}\.(jpg|png|webp)"
HTML = b"<!DOCTYPE html><script>new Image().src = '/a-script-ran'</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>new Image().src = '/a-script-ran'</script></svg>"


def padded(length: int) -> bytes:
    """Return an image of `length` bytes; decoders ignore what follows its end."""
    return picture().ljust(length, b"\0")


def test_only_images_are_stored(ada: Client, served: ServedApp) -> None:
    """A file that isn't a whole JPEG, PNG or WebP is refused with 415, whatever its label and name say."""
    strangers = {
        "a web page": HTML,
        "a drawing that holds a script": SVG,
        "a web page that begins like a GIF": b"GIF89a" + HTML,
        "a GIF": picture("GIF"),
        "an empty file": b"",
        "half a PNG": picture()[:50],
        "half a JPEG": picture("JPEG")[:400],
    }
    for what, content in strangers.items():
        with nothing_stored(served):
            response = upload(ada, content, "photo.png", "image/png")
            assert response.status_code == 415, f"{what} was sent with the label image/png and the name photo.png"
            assert response.json() == {"detail": "Not a whole JPEG, PNG or WebP image"}


def test_large_body_is_refused_unread(served: ServedApp, token: str) -> None:
    """A body that is announced as too large is refused with 413 before a byte of it is read."""
    head = (
        f"POST /uploads/image HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 209715200\r\nExpect: 100-continue\r\n\r\n"
    )
    with nothing_stored(served), connection(served) as (caller, replied):
        caller.sendall(head.encode())

        status = status_of(replied(3))

    assert status == "413", "the head announced 200 MB; the app asked for them (100) or waits for them (no response)"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_image_is_served_inert(ada: Client, served: ServedApp, kind: str) -> None:
    """An image is stored under a name of the server's making and served in a way that lets no script run."""
    sent = picture(kind, (8, 6), (200, 30, 40))
    response = upload(ada, sent, "../../my holiday.html", "text/html")
    assert response.status_code == 201, f"the label text/html is wrong, the content is a {kind}: {response.text}"
    stored = response.json()
    served_file = ada.get(stored["url"])

    assert re.fullmatch(NAME, stored["filename"]), f"the stored name {stored['filename']} comes from the client"
    assert stored == {
        "filename": stored["filename"],
        "original_name": "../../my holiday.html",
        "size": len(served_file.content),
        "uploaded_by": "ada",
        "url": f"/files/{stored['filename']}",
    }
    assert served_file.headers["content-type"] == f"image/{kind.lower()}"
    assert served_file.headers.get("x-content-type-options") == "nosniff"
    assert served_file.headers.get("content-security-policy") == "sandbox", "a browser would run scripts in this file"
    assert Image.open(BytesIO(served_file.content)).format == kind
    assert ImageChops.difference(Image.open(BytesIO(served_file.content)), Image.open(BytesIO(sent))).getbbox() is None


def test_several_are_stored_together_or_not_at_all(ada: Client, served: ServedApp) -> None:
    """Several images are stored all together; if one of them is refused, none is stored."""
    accepted = upload_several(ada, picture("JPEG"), picture("PNG"), picture("WEBP"))
    assert accepted.status_code == 201
    assert accepted.json()["uploaded"] == 3
    assert {f"uploads/{file['filename']}" for file in accepted.json()["files"]} <= list_stored_files(served)

    with nothing_stored(served):
        refused = upload_several(ada, picture("JPEG"), picture("PNG"), HTML)
        assert (refused.status_code, refused.json()) == (415, {"detail": "Not a whole JPEG, PNG or WebP image"})


@pytest.mark.deeper
def test_client_says_what_it_likes(ada: Client, served: ServedApp) -> None:
    """Name and label are what the client says; size and content are what came."""
    with nothing_stored(served):
        response = upload(ada, HTML, "photo.png", "image/png", to="/uploads")

    assert response.json() == {
        "filename": "photo.png",
        "content_type": "image/png",
        "size": len(HTML),
        "begins_with": "<!DOCTYPE ht",
    }


@pytest.mark.deeper
def test_fields_travel_with_a_file(ada: Client) -> None:
    """Text fields and a JSON field travel in the same form as a file."""
    focus = {"x": 0.5, "y": 0.25}
    response = upload(ada, picture(), to="/uploads/profile-picture", description="me, in Oslo", focus=json.dumps(focus))
    bare = upload(ada, picture(), to="/uploads/profile-picture")

    assert response.status_code == 201, response.text
    assert (response.json()["description"], response.json()["focus"]) == ("me, in Oslo", focus)
    assert (bare.json()["description"], bare.json()["focus"]) == ("", None)


@pytest.mark.deeper
def test_wrong_fields_store_nothing(ada: Client, served: ServedApp) -> None:
    """If a field beside the file is wrong, the response is a 422 and the file isn't stored."""
    wrong = [("focus", '{"x": 2, "y": 0}'), ("focus", '{"x": 1e999, "y": NaN}'), ("focus", "the middle")]
    wrong += [("description", "x" * 201)]

    for field, value in wrong:
        with nothing_stored(served):
            response = ada.post("/uploads/profile-picture", files={"file": picture()}, data={field: value})
            assert response.status_code == 422, f"{field} was {value[:20]}"
            assert response.json()["detail"][0]["loc"][:2] == ["body", field]


@pytest.mark.deeper
def test_json_body_carries_no_file(ada: Client) -> None:
    """A JSON body can't carry a file: the route finds no form and answers with 422."""
    for path in "/uploads/profile-picture", "/uploads/multiple":
        response = ada.post(path, json={"file": "photo.png", "files": [], "description": "me"})
        assert (response.status_code, response.json()["detail"][0]["type"]) == (422, "missing"), path


@pytest.mark.deeper
def test_user_comes_from_the_token(ada: Client) -> None:
    """The token says who uploads; a field `user_id` is ignored."""
    response = upload(ada, picture(), to="/uploads/profile-picture", user_id="grace", uploaded_by="grace")

    assert response.json()["picture"]["uploaded_by"] == "ada"


@pytest.mark.deeper
def test_stranger_stores_nothing(client: Client, served: ServedApp) -> None:
    """Without a known token nothing is stored, and the answer is 401."""
    for path in UPLOAD_PATHS:
        field = "files" if path.endswith("multiple") else "file"
        with nothing_stored(served):
            response = client.post(path, headers={"Authorization": "Bearer wrong"}, files={field: picture()})
            assert (response.status_code, response.headers.get("www-authenticate")) == (401, "Bearer"), path

    with nothing_stored(served):
        assert client.post(path, files={field: picture()}).status_code == 401


@pytest.mark.deeper
def test_image_of_exactly_the_limit(ada: Client, served: ServedApp) -> None:
    """An image of 5 MiB is stored, and one byte more is refused with 413."""
    assert upload(ada, padded(5 * MIB)).status_code == 201

    with nothing_stored(served):
        refused = upload(ada, padded(5 * MIB + 1))
        assert refused.status_code == 413
        assert refused.json() == {"detail": "An image may have at most 5,242,880 bytes"}


@pytest.mark.deeper
def test_files_of_one_form_are_counted(ada: Client, served: ServedApp) -> None:
    """A form with more files than it may have is refused, and none of them is stored."""
    with nothing_stored(served):
        gallery = upload_several(ada, *[picture()] * 6)
        single = ada.post("/uploads/image", files=[("file", ("photo.png", picture()))] * 2)

        assert gallery.status_code in {400, 413, 422}, "six files went through /uploads/multiple"
        assert (single.status_code, single.json()) == (400, {"detail": "Too many files. Maximum number of files is 1."})


@pytest.mark.deeper
def test_texts_of_one_form_are_short(ada: Client, served: ServedApp) -> None:
    """A text of more than 4096 bytes is refused with 400: in some charsets, reading a long one takes minutes."""
    with nothing_stored(served):
        response = upload(ada, picture(), to="/uploads/profile-picture", description="x" * 4097)

        assert (response.status_code, response.json()) == (400, {"detail": "Part exceeded maximum size of 4KB."})


@pytest.mark.deeper
def test_files_of_one_form_are_weighed_together(ada: Client, served: ServedApp) -> None:
    """Files that are small enough one by one are refused with 413 if they are too large together."""
    with nothing_stored(served):
        assert upload_several(ada, *[padded(2 * MIB)] * 2).status_code == 413


@pytest.mark.deeper
def test_folder_is_made_at_the_start(fresh_app: Callable[..., Client], tmp_path: Path) -> None:
    """The folder for uploads is where UPLOAD_DIR says, and made when the app starts."""
    folder = tmp_path / "disk" / "pictures"
    client = fresh_app(UPLOAD_DIR=str(folder))
    assert list(folder.iterdir()) == []

    response = client.post(
        "/uploads/image", headers={"Authorization": "Bearer token-of-ada"}, files={"file": picture()}
    )

    assert response.status_code == 201
    assert [path.name for path in folder.iterdir()] == [response.json()["filename"]]
    assert client.get(response.json()["url"]).status_code == 200
