import re
from io import BytesIO

import pytest
from PIL import Image, ImageChops
from workbook.plugin.client import Client
from workbook.plugin.members import Member
from workbook.plugin.pictures import fetched, picture, ramps, upload, upload_several
from workbook.plugin.seen import nothing_stored
from workbook.serving import ServedApp

MIB = 1024 * 1024
NAME = r"[0-9a-f]{32}\.(jpg|png|webp|pdf)"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
HTML = b"<!DOCTYPE html><script>new Image().src = '/a-script-ran'</script>"
ORIENTATION, GPS = 0x0112, 0x8825
ROUTES = {
    "/uploads/image": "file",
    "/uploads/profile-picture": "file",
    "/uploads/multiple": "files",
}
EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}


@pytest.mark.parametrize("kind", EXTENSIONS)
def test_an_image_is_stored_and_told_about(
    client: Client, ada: Member, served: ServedApp, kind: str
) -> None:
    """An uploaded image gets a name of our making; the response has it, the client's, the size and who sent it."""
    response = upload(client, picture(kind), headers=ada.headers)

    assert response.status_code == 201
    stored = response.json()
    assert re.fullmatch(NAME, stored["filename"])
    assert stored["filename"].endswith(EXTENSIONS[kind])
    assert (stored["original_name"], stored["uploaded_by"]) == ("photo.png", ada.id)
    assert stored["url"] == f"/files/{stored['filename']}"
    assert stored["message"] == "File uploaded successfully"
    assert stored["size"] == len(client.get(stored["url"]).content)
    assert (
        stored["size"] == (served.data / "uploads" / stored["filename"]).stat().st_size
    )


@pytest.mark.parametrize("kind", EXTENSIONS)
def test_an_image_is_served_inert(client: Client, ada: Member, kind: str) -> None:
    """A stored image is served with its own type, and so that a browser runs nothing of it."""
    served_file = client.get(
        upload(client, picture(kind), headers=ada.headers).json()["url"]
    )

    assert served_file.status_code == 200
    assert served_file.headers["content-type"] == f"image/{kind.lower()}"
    assert served_file.headers["x-content-type-options"] == "nosniff"
    assert served_file.headers["content-security-policy"] == "sandbox"
    assert "content-disposition" not in served_file.headers


@pytest.mark.parametrize("kind", EXTENSIONS)
def test_a_photo_stands_upright_and_tells_no_place(
    client: Client, ada: Member, kind: str
) -> None:
    """A photo taken sideways is turned upright. Only its pixels are kept, and not where it was taken."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # the camera was held upright: a quarter turn to the right
    exif[0x010E] = "taken at home"
    exif.get_ifd(GPS)[2] = (59.0, 54.0, 49.0)
    sent = ramps(
        kind,
        exif=exif,
        icc_profile=b"taken at home",
        xmp=b"taken at home",
        comment=b"taken at home",
    )

    response = upload(client, sent, headers=ada.headers)
    stored = fetched(client, response)

    assert stored.size == (60, 80)
    upright = Image.open(BytesIO(sent)).transpose(Image.Transpose.ROTATE_270)
    far_off = ImageChops.difference(
        upright.convert("RGB"), stored.convert("RGB")
    ).point(lambda value: value > 40)
    assert far_off.getbbox() is None
    assert dict(stored.getexif()) == {}
    assert b"taken at home" not in client.get(response.json()["url"]).content


def test_a_pdf_is_kept_and_offered_as_a_download(client: Client, ada: Member) -> None:
    """A PDF is stored byte for byte and served as a download, never shown in the page's place."""
    response = upload(client, PDF, headers=ada.headers)
    served_file = client.get(response.json()["url"])

    assert response.status_code == 201
    assert response.json()["filename"].endswith(".pdf")
    assert served_file.content == PDF
    assert served_file.headers["content-type"] == "application/pdf"
    assert served_file.headers["content-disposition"] == "attachment"
    assert served_file.headers["content-security-policy"] == "sandbox"
    assert served_file.headers["x-content-type-options"] == "nosniff"


def test_a_pdf_is_no_profile_picture(
    client: Client, ada: Member, served: ServedApp
) -> None:
    """A profile picture is an image: a PDF is a 415."""
    with nothing_stored(served):
        response = upload(
            client, PDF, to="/uploads/profile-picture", headers=ada.headers
        )

    assert (response.status_code, response.json()["success"]) == (415, False)


def test_a_profile_picture_comes_with_its_description(
    client: Client, ada: Member
) -> None:
    """A text field can travel in the same form as the picture, and it's in the response; left out, it's empty."""
    told = upload(
        client,
        picture(),
        to="/uploads/profile-picture",
        description="me, in Oslo",
        headers=ada.headers,
    )
    bare = upload(client, picture(), to="/uploads/profile-picture", headers=ada.headers)

    assert told.status_code == 201
    stored = told.json()
    assert (stored["user_id"], stored["description"]) == (ada.id, "me, in Oslo")
    assert (stored["uploaded_by"], stored["original_name"]) == (ada.id, "photo.png")
    assert fetched(client, told).size == (24, 16)
    assert (bare.status_code, bare.json()["description"]) == (201, "")


@pytest.mark.parametrize("description", ["x" * 201, "a\0b"])
def test_a_wrong_description_stores_nothing(
    client: Client, ada: Member, served: ServedApp, description: str
) -> None:
    """A description that's too long or holds a NUL is a 422 that names the field, and the picture isn't stored."""
    with nothing_stored(served):
        response = upload(
            client,
            picture(),
            to="/uploads/profile-picture",
            description=description,
            headers=ada.headers,
        )

    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [
        "body.description"
    ]


def test_several_files_are_told_in_their_order(client: Client, ada: Member) -> None:
    """Several files, a PDF among them, are stored together; the response counts them and lists them in order."""
    response = upload_several(
        client, picture("JPEG"), PDF, picture("WEBP"), headers=ada.headers
    )

    assert response.status_code == 201
    body = response.json()
    assert body["uploaded"] == 3
    assert [file["original_name"] for file in body["files"]] == [
        "photo-1.png",
        "photo-2.png",
        "photo-3.png",
    ]
    assert [file["filename"].rpartition(".")[2] for file in body["files"]] == [
        "jpg",
        "pdf",
        "webp",
    ]
    for file in body["files"]:
        answer = client.get(file["url"])
        assert (answer.status_code, len(answer.content), file["uploaded_by"]) == (
            200,
            file["size"],
            ada.id,
        )
        assert answer.headers["content-security-policy"] == "sandbox"


def test_several_files_are_stored_all_or_none(
    client: Client, ada: Member, served: ServedApp
) -> None:
    """If the last of several files is refused, none is stored."""
    with nothing_stored(served):
        response = upload_several(
            client, picture("JPEG"), picture("PNG"), PDF, HTML, headers=ada.headers
        )

    assert (response.status_code, response.json()["success"]) == (415, False)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "PDF"])
def test_five_mebibytes_are_taken_and_one_byte_more_is_not(
    client: Client, ada: Member, served: ServedApp, kind: str
) -> None:
    """A file of exactly 5 MiB is taken, whatever follows its end; one byte more is a 413."""
    content = (
        PDF.replace(b"trailer", b"% " + b"x" * (5 * MIB - len(PDF) - 3) + b"\ntrailer")
        if kind == "PDF"
        else None
    )
    content = content or picture(kind).ljust(5 * MIB, b"\0")
    assert len(content) == 5 * 1024 * 1024

    assert upload(client, content, headers=ada.headers).status_code == 201

    with nothing_stored(served):
        refused = [
            upload(client, content + b"\0", headers=ada.headers),
            upload_several(client, picture(), content + b"\0", headers=ada.headers),
        ]
    for response in refused:
        assert response.status_code == 413
        assert response.json() == {
            "success": False,
            "message": "A file may have at most 5,242,880 bytes",
            "errors": [],
        }


@pytest.mark.parametrize("path", ROUTES)
def test_the_content_decides_what_a_file_is(
    client: Client, ada: Member, served: ServedApp, path: str
) -> None:
    """What a file's name and label say decides nothing: a WebP called a web page is a WebP, a web page is a 415."""
    field = ROUTES[path]
    taken = client.post(
        path,
        headers=ada.headers,
        files={field: ("page.html", picture("WEBP"), "text/html")},
    )

    assert taken.status_code == 201, taken.text
    filename = re.search(r'"filename": ?"(\w+\.\w+)"', taken.text)
    assert filename
    assert client.get(f"/files/{filename[1]}").headers["content-type"] == "image/webp"

    strangers = {
        "a web page": HTML,
        "text": b"hello",
        "nothing": b"",
        "a GIF": picture("GIF"),
        "a BMP": picture("BMP"),
    }
    for what, content in {
        **strangers,
        "a TIFF": picture("TIFF"),
        "half a PDF": PDF[:40],
    }.items():
        with nothing_stored(served):
            response = upload(client, content, to=path, headers=ada.headers)
        assert response.status_code == 415, what
        assert (response.json()["success"], response.json()["errors"]) == (False, [])


def test_the_token_says_who_uploads(client: Client, ada: Member, grace: Member) -> None:
    """Fields of the form that name another user change nothing: the token says who uploads."""
    others = {"user_id": str(ada.id), "uploaded_by": str(ada.id)}
    for path in "/uploads/image", "/uploads/profile-picture":
        stored = upload(
            client, picture(), to=path, headers=grace.headers, **others
        ).json()
        assert (stored["uploaded_by"], stored.get("user_id", grace.id)) == (
            grace.id,
            grace.id,
        )


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer bad"}], ids=["no token", "bad token"]
)
def test_a_stranger_stores_nothing(
    client: Client, served: ServedApp, path: str, headers: dict[str, str]
) -> None:
    """Without a good token an upload is a 401 that names the way, and nothing is stored."""
    with nothing_stored(served):
        response = client.post(path, headers=headers, files={ROUTES[path]: picture()})

    assert (response.status_code, response.headers["www-authenticate"]) == (
        401,
        "Bearer",
    )
    assert response.json()["success"] is False
