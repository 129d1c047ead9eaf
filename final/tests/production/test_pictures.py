from io import BytesIO

import pytest
from PIL import Image, ImageChops
from workbook.plugin.client import Client
from workbook.plugin.members import Member
from workbook.plugin.pictures import display_p3, fetched, ramps, upload

ORIENTATION = 0x0112


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_keeps_its_pixels(
    client: Client, ada: Member, mode: str
) -> None:
    """A PNG comes back with the same pixels: black and white, grey, palette, transparent, 16 bits deep."""
    if mode == "I;16":
        file = BytesIO()
        Image.frombytes("I;16", (80, 60), bytes(range(240)) * 40).save(file, "PNG")
        sent = file.getvalue()
    else:
        sent = ramps("PNG", mode)

    stored = fetched(client, upload(client, sent, headers=ada.headers))

    assert (stored.format, stored.mode, stored.size) == ("PNG", mode, (80, 60))
    assert stored.tobytes() == Image.open(BytesIO(sent)).tobytes()


@pytest.mark.parametrize(
    "mode, transparency", [("P", 7), ("RGB", (255, 0, 255)), ("L", 255)]
)
def test_a_transparent_colour_stays_transparent(
    client: Client, ada: Member, mode: str, transparency: object
) -> None:
    """A PNG in which one colour is declared transparent, as in many icons, stays transparent there."""
    sent = ramps("PNG", mode, transparency=transparency)

    stored = fetched(client, upload(client, sent, headers=ada.headers)).convert("RGBA")

    assert (
        ImageChops.difference(
            stored, Image.open(BytesIO(sent)).convert("RGBA")
        ).getbbox()
        is None
    )


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "LA", "CMYK"])
def test_colours_survive(client: Client, ada: Member, mode: str) -> None:
    """A photo in a phone's wide colours looks the same without its profile; one for other colours changes nothing."""
    file = BytesIO()
    sent = Image.new("RGBA", (8, 6), (220, 60, 40, 128)).convert(mode)
    sent.save(file, "JPEG" if mode == "CMYK" else "PNG", icc_profile=display_p3())

    stored = fetched(client, upload(client, file.getvalue(), headers=ada.headers))

    wide = mode in {"RGB", "RGBA", "P"}
    expected = (241, 35, 17) if wide else sent.convert("RGB").getpixel((4, 3))
    seen = stored.convert("RGBA").getpixel((4, 3))
    assert isinstance(seen, tuple)
    assert isinstance(expected, tuple)
    assert max(abs(a - b) for a, b in zip(seen[:3], expected, strict=True)) <= 4, (
        f"{expected} became {seen}"
    )
    assert (seen[3], "icc_profile" in stored.info) == (
        128 if mode in {"RGBA", "P", "LA"} else 255,
        False,
    )


def test_a_phones_picture_of_two_becomes_one_jpeg(client: Client, ada: Member) -> None:
    """The JPEG of some phones, which holds a second picture (MPO), is stored as one JPEG, turned upright."""
    exif = Image.Exif()
    exif[ORIENTATION] = 8
    photo = ramps(
        "MPO", save_all=True, append_images=[Image.new("RGB", (4, 3))], exif=exif
    )
    assert Image.open(BytesIO(photo)).format == "MPO"

    response = upload(client, photo, headers=ada.headers)
    stored = fetched(client, response)

    assert (stored.format, stored.size) == ("JPEG", (60, 80))
    assert response.json()["filename"].endswith(".jpg")
