"""Pictures to upload: of one colour, of noise, and as phones make them."""

import random
import struct
from io import BytesIO

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


def picture(kind: str = "PNG", size: tuple[int, int] = (24, 16), colour: tuple[int, int, int] = (200, 60, 30)) -> bytes:
    """Return the bytes of a picture of one colour."""
    from PIL import Image  # late: most tests need no picture

    file = BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    return file.getvalue()


def noise(rng: random.Random, kind: str = "PNG") -> tuple[bytes, tuple[int, int]]:
    """Return a picture of coloured noise, which packs badly, and its size, to recognise it by."""
    from PIL import Image

    size = rng.randint(40, 400), rng.randint(40, 120)
    file = BytesIO()
    Image.frombytes("RGB", size, rng.randbytes(size[0] * size[1] * 3)).save(file, kind)
    return file.getvalue(), size
