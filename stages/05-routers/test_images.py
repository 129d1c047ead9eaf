from io import BytesIO

import pytest
from PIL import Image, MpoImagePlugin  # noqa: F401  (else Pillow loads all forty)

from workbook.plugin.client import Client
from workbook.plugin.members import MOST_OF_IMAGE, SETTINGS, Member
from workbook.plugin.pictures import display_p3, fetched, many_scans, picture, upload
from workbook.plugin.seen import no_room_for_more_than, nothing_stored
from workbook.serving import ServedApp

pytestmark = [pytest.mark.deeper, pytest.mark.one_app]


@pytest.fixture(scope="module")
def app_env() -> dict[str, str]:
    return SETTINGS


def test_an_image_is_stored_and_served(client: Client, ada: Member) -> None:
    """An image gets a name from the server and is served below /files as what it is."""
    sent = picture(), "../../evil.html", "text/html"

    response = upload(client, *sent, headers=ada.headers)

    name = response.json().get("filename")
    expected = {"message": "Uploaded", "filename": name, "url": f"/files/{name}", "uploaded_by": ada.id}
    assert (response.status_code, response.json()) == (201, expected)
    image = client.get(f"/files/{name}")
    assert image.headers["content-type"] == "image/png"
    assert image.headers["content-security-policy"] == "sandbox"
    assert image.content.startswith(b"\x89PNG")
    assert upload(client, *sent).status_code == 401


def test_what_is_no_image_is_refused(client: Client, served: ServedApp, ada: Member) -> None:
    """A page that is called an image, a broken image, one of too many pixels or bytes: none leaves a file."""
    large = BytesIO()
    Image.new("1", (5001, 5000)).save(large, "PNG")
    bodies = [(b"<script>", 415), (picture()[:43], 415), (large.getvalue(), 413)]
    bodies += [(picture().ljust(MOST_OF_IMAGE + 1), 413)]

    for body, status in bodies:
        with nothing_stored(served):
            response = upload(client, body, headers=ada.headers)
        assert response.status_code == status, f"the file of {len(body)} bytes that begins with {body[:20]!r}"


def test_pictures_are_stored_as_stage_04_taught(client: Client, ada: Member) -> None:
    """A phone's photo with a second picture inside is one upright JPEG, without the place and the page behind it."""
    secret = b"<script>taken at 59.91 N</script>"
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    exif[0x010E] = secret.decode()
    photo = picture("MPO", (80, 60), save_all=True, append_images=[Image.new("RGB", (4, 3))], exif=exif)

    response = upload(client, photo + secret, headers=ada.headers)
    stored = fetched(client, response)

    assert (stored.format, stored.size) == ("JPEG", (60, 80))
    assert secret not in client.get(response.json()["url"]).content


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_colours_survive(client: Client, ada: Member, mode: str) -> None:
    """A photo in a phone's wide colours looks the same without its profile; one for other colours changes nothing."""
    file = BytesIO()
    sent = Image.new("RGBA", (8, 6), (220, 60, 40, 128)).convert(mode)
    sent.save(file, "PNG", icc_profile=display_p3())

    stored = fetched(client, upload(client, file.getvalue(), headers=ada.headers))

    seen = stored.convert("RGB").getpixel((4, 3))
    expected = sent.convert("RGB").getpixel((4, 3)) if mode == "L" else (241, 35, 17)
    assert isinstance(seen, tuple)
    assert isinstance(expected, tuple)
    assert max(abs(a - b) for a, b in zip(seen, expected, strict=True)) <= 4, f"{expected} became {seen}"


def test_what_takes_too_long_is_refused(client: Client, ada: Member) -> None:
    """A JPEG of more than 200 scans is a 415, and a form's text of more than 4096 bytes a 400: both could take minutes."""
    assert upload(client, many_scans(200), headers=ada.headers).status_code == 415
    assert upload(client, picture(), headers=ada.headers, description="x" * 4097).status_code == 400


def test_a_full_disk_leaves_no_half_of_a_picture(client: Client, served: ServedApp, ada: Member) -> None:
    """If there's no room for a picture, the response is a 500, and no part of it is left below /files."""
    noise = BytesIO()
    Image.effect_noise((90, 60), 100).save(noise, "PNG")

    with nothing_stored(served), no_room_for_more_than(2000, served):
        response = upload(client, noise.getvalue(), headers={**ada.headers, "Connection": "close"})

    assert response.status_code == 500
