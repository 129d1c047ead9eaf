"""Images made by hand: enormous, cut up, and with something else in them."""

import struct
import zipfile
import zlib
from io import BytesIO
from typing import Any

from PIL import Image

MIB = 1024 * 1024
HTML = b"<!DOCTYPE html><script>new Image().src = '/a-script-ran'</script>"


def picture(
    kind: str = "PNG",
    size: tuple[int, int] = (80, 60),
    mode: str = "RGB",
    **options: Any,
) -> bytes:
    file = BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(file, kind, **options)
    return file.getvalue()


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """Return a PNG of these chunks, each with its checksum."""
    parts = [
        struct.pack(">I", len(data))
        + name
        + data
        + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def png_of(side: int, *more: tuple[bytes, bytes]) -> bytes:
    """Return a white PNG of `side` by `side` pixels of one bit, with more chunks if you like."""
    packer = zlib.compressobj(9)
    row = b"\0" + b"\xff" * ((side + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return png(
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)),
        *more,
        (b"IDAT", packed),
        (b"IEND", b""),
    )


def webp_of(side: int) -> bytes:
    """Return a WebP that claims to have `side` by `side` pixels."""
    honest = picture("WEBP", (1, 1), lossless=True)
    size = (side - 1) | (side - 1) << 14 | honest[24] >> 4 << 28
    return honest[:21] + struct.pack("<I", size) + honest[25:]


def jpeg_of(side: int, scans: int) -> bytes:
    """Return a JPEG that repeats all of its pixels `scans` times without changing one."""
    honest = picture("JPEG", (side, side), "L", progressive=True, quality=50)
    last = honest[honest.rindex(b"\xff\xda") : -2]
    return honest[:-2] + last * scans + honest[-2:]


def jpeg_with(marker: bytes, *segments: bytes) -> bytes:
    honest = picture("JPEG")
    return (
        honest[:2]
        + b"".join(
            marker + struct.pack(">H", len(each) + 2) + each for each in segments
        )
        + honest[2:]
    )


def unpacking(name: bytes, before: bytes) -> bytes:
    """Return a PNG with a chunk that would unpack to 200 MiB."""
    return png_of(8, (name, before + zlib.compress(bytes(200 * MIB))))


def png_of_many_texts() -> bytes:
    text = (b"zTXt", b"c\0\0" + zlib.compress(bytes(MIB - 9)))
    return png_of(8, *[text] * 200)


def jpeg_of_many_pieces() -> bytes:
    large, small = b"Exif\0\0" + bytes(65_000), b"Exif\0\0" + b"x"
    return jpeg_with(b"\xff\xe1", *[large] * 40, *[small] * 200_000)


def archive() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("Evil.class", HTML)
    return file.getvalue()


def with_exif(kind: str) -> bytes:
    exif = Image.Exif()
    exif[0x010E] = HTML.decode()
    return picture(kind, exif=exif)
