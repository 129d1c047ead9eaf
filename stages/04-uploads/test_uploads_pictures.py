import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image, MpoImagePlugin, WebPImagePlugin  # noqa: F401  (else Pillow loads all forty)

from workbook.plugin.client import Client
from workbook.plugin.pictures import display_p3, fetched, many_scans, picture, upload
from workbook.plugin.seen import nothing_stored
from workbook.serving import ServedApp

pytestmark = pytest.mark.one_app


@pytest.mark.deeper
def test_bomb_is_not_unpacked(ada: Client, served: ServedApp) -> None:
    """A small file that unpacks to an enormous image is refused with 413, and not unpacked."""
    honest = picture()
    for side in 6_000, 30_000:
        header = b"IHDR" + struct.pack(">II", side, side) + honest[24:29]
        bomb = honest[:12] + header + struct.pack(">I", zlib.crc32(header)) + honest[33:]
        with nothing_stored(served):
            response = upload(ada, bomb)
            assert response.status_code == 413, f"the image claims {side} by {side} pixels"
            assert response.json() == {"detail": "An image may have at most 25,000,000 pixels, a JPEG twice as many"}


@pytest.mark.deeper
def test_only_pixels_are_kept(ada: Client) -> None:
    """Where a photo was taken isn't kept, and neither is anything else that's hidden in the file."""
    secret = b"taken at 59.91 N 10.75 E <script>"
    exif = Image.Exif()
    exif[0x010E] = secret.decode()
    for kind in "JPEG", "PNG", "WEBP":
        sent = picture(kind, comment=secret, exif=exif, icc_profile=secret, xmp=secret) + secret

        stored = ada.get(upload(ada, sent).json()["url"]).content

        assert secret not in stored, f"the stored {kind} holds more than the image's pixels"
        assert {"comment", "exif", "icc_profile", "xmp"} & set(Image.open(BytesIO(stored)).info) == set(), kind


@pytest.mark.deeper
def test_photo_from_a_phone_stands_upright(ada: Client) -> None:
    """A phone's photo, held sideways and with a second picture inside, becomes one upright JPEG."""
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    small = Image.new("RGB", (4, 3))
    photo = picture("MPO", (80, 60), save_all=True, append_images=[small], exif=exif)

    response = upload(ada, photo, "photo.jpg", "image/jpeg")
    stored = fetched(ada, response)

    assert response.json()["filename"].endswith(".jpg")
    assert (stored.format, stored.size) == ("JPEG", (60, 80))


@pytest.mark.deeper
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "LA", "CMYK"])
def test_colours_survive(ada: Client, mode: str) -> None:
    """A photo in a phone's wide colours looks the same without its profile; one for other colours changes nothing."""
    kind = "JPEG" if mode == "CMYK" else "PNG"
    file = BytesIO()
    sent = Image.new("RGBA", (8, 6), (220, 60, 40, 128)).convert(mode)
    sent.save(file, kind, icc_profile=display_p3())
    stored = fetched(ada, upload(ada, file.getvalue()))

    assert "icc_profile" not in stored.info
    wide = mode in {"RGB", "RGBA", "P"}
    expected = (241, 35, 17) if wide else sent.convert("RGB").getpixel((4, 3))
    seen = stored.convert("RGBA").getpixel((4, 3))
    assert isinstance(seen, tuple)
    assert isinstance(expected, tuple)
    assert max(abs(a - b) for a, b in zip(seen[:3], expected, strict=True)) <= 4, f"{expected} became {seen}"
    assert seen[3] == (128 if mode in {"RGBA", "P", "LA"} else 255)


@pytest.mark.deeper
@pytest.mark.parametrize(
    "size, stored_size", [((5712, 4284), (5712, 4284)), ((8160, 6120), (4080, 3060))], ids=["24 MP", "50 MP"]
)
def test_large_photos_are_taken(
    ada: Client, served: ServedApp, size: tuple[int, int], stored_size: tuple[int, int]
) -> None:
    """A photo of 24 megapixels is kept; one of 48 or 50 is stored at half its width and height, to save memory."""
    response = upload(ada, picture("JPEG", size), "photo.jpg", "image/jpeg")

    assert fetched(ada, response).size == stored_size


@pytest.mark.deeper
def test_transparency_is_kept(ada: Client) -> None:
    """What was transparent stays transparent."""
    for profile in (None, display_p3()):
        see_through = picture(colour=(200, 30, 40), transparency=(200, 30, 40), icc_profile=profile)
        pixel = fetched(ada, upload(ada, see_through)).convert("RGBA").getpixel((0, 0))

        assert isinstance(pixel, tuple)
        assert pixel[3] == 0, "with a colour profile" if profile else "without a colour profile"


@pytest.mark.deeper
def test_endless_scans_are_refused(ada: Client, served: ServedApp) -> None:
    """A JPEG that would keep the decoder busy for minutes, by more than 200 scans, is refused with 415."""
    with nothing_stored(served):
        assert upload(ada, many_scans(200)).status_code == 415

    assert upload(ada, many_scans(100)).status_code == 201
