"""Pictures to upload, of one colour, of noise, and as phones make them; and uploading them."""

import random
import struct
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

import httpx

from .client import Client

if TYPE_CHECKING:
    from PIL import Image

# Where red, green and blue of Display P3 are, as X, Y and Z under D50.
DISPLAY_P3 = {
    b"rXYZ": (0.5151, 0.2412, -0.0011),
    b"gXYZ": (0.2920, 0.6922, 0.0419),
    b"bXYZ": (0.1571, 0.0666, 0.7841),
}


def display_p3() -> bytes:
    """Return the colour profile of a phone's photos, as ICC writes it: sRGB's, with other primaries."""
    from PIL import ImageCms  # late: most tests show no picture

    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for number in range(int.from_bytes(profile[128:132], "big")):
        name, start, _ = struct.unpack(">4sII", profile[132 + 12 * number : 144 + 12 * number])
        if name in DISPLAY_P3:
            numbers = (round(value * 65536) for value in DISPLAY_P3[name])
            profile[start + 8 : start + 20] = struct.pack(">3i", *numbers)
    return bytes(profile)


def picture(
    kind: str = "PNG",
    size: tuple[int, int] = (24, 16),
    colour: tuple[int, int, int] = (200, 60, 30),
    **options: Any,
) -> bytes:
    """Return the bytes of a picture of one colour; `options` are Pillow's for saving it."""
    from PIL import Image  # late: most tests need no picture

    file = BytesIO()
    Image.new("RGB", size, colour).save(file, kind, **options)
    return file.getvalue()


def ramps(kind: str = "PNG", mode: str = "RGB", **options: Any) -> bytes:
    """Return the bytes of a picture of 80 by 60 pixels in which every corner is different."""
    from PIL import Image

    ramp = Image.linear_gradient("L").resize((80, 60))
    bands = [ramp, ramp.rotate(180), ramp.transpose(Image.Transpose.FLIP_LEFT_RIGHT), ramp]
    file = BytesIO()
    Image.merge("RGBA", bands).convert(mode).save(file, kind, **options)
    return file.getvalue()


def many_scans(scans: int) -> bytes:
    """Return a progressive JPEG in which a decoder walks over all pixels so many more times, for nothing."""
    from PIL import Image

    file = BytesIO()
    Image.new("L", (16, 16)).save(file, "JPEG", progressive=True)
    honest = file.getvalue()
    last = honest[honest.rindex(b"\xff\xda") : -2]
    return honest[:-2] + last * scans + honest[-2:]


def noise(rng: random.Random, kind: str = "PNG") -> tuple[bytes, tuple[int, int]]:
    """Return a picture of coloured noise, which packs badly, and its size, to recognise it by."""
    from PIL import Image

    size = rng.randint(40, 400), rng.randint(40, 120)
    file = BytesIO()
    Image.frombytes("RGB", size, rng.randbytes(size[0] * size[1] * 3)).save(file, kind)
    return file.getvalue(), size


def open_picture(content: bytes) -> "Image.Image":
    """Open a picture that an app has served. Raises `OSError` for what's neither JPEG nor PNG nor WebP.

    Pillow opens forty other kinds, and runs another program, Ghostscript, on what an app says is one of them.
    """
    from PIL import Image

    return Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP"))


def upload(
    client: Client,
    content: bytes,
    name: str = "photo.png",
    label: str = "image/png",
    *,
    to: str = "/uploads/image",
    headers: Mapping[str, str] | None = None,
    **fields: str,
) -> httpx.Response:
    """Send a form with one file, called `name` and labelled with a content type, and with these text fields."""
    field = "files" if to.endswith("/multiple") else "file"
    return client.post(to, headers=headers, files={field: (name, content, label)}, data=fields)


def upload_several(client: Client, *contents: bytes, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """Send a form with several files, called `photo-1.png` and so on."""
    files = [("files", (f"photo-{number}.png", content)) for number, content in enumerate(contents, 1)]
    return client.post("/uploads/multiple", headers=headers, files=files)


def fetched(client: Client, response: httpx.Response) -> "Image.Image":
    """Return the picture that was stored, as the app serves it; `response` is the one to its upload."""
    assert response.status_code == 201, f"the upload was answered with {response.status_code}: {response.text}"
    image = open_picture(client.get(response.json()["url"]).content)
    image.load()
    return image
