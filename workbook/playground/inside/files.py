"""The files that a request can send: they're made here, so a reader doesn't have to load them."""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

_PAGE = b"<!doctype html><title>A page</title><script>alert('This ran')</script>\n"
MIB = 1024 * 1024


@dataclass(frozen=True)
class BuiltIn:
    """A file: the type that it claims to be, and its content."""

    media_type: str
    content: Callable[[], bytes]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int = 48, height: int = 32) -> bytes:
    """A picture whose colours run from one corner to the other."""
    rows = b"".join(
        b"\0" + bytes(value for x in range(width) for value in (255 * x // width, 255 * y // height, 128))
        for y in range(height)
    )
    return png_of(width, height, rows)


def png_of(width: int, height: int, rows: bytes) -> bytes:
    """Return a PNG of these rows: before each there's the filter's number, and a pixel has three bytes."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def gif_of(width: int, height: int, colour: bytes) -> bytes:
    """Return a GIF of one colour: its codes, three bits each, begin again after every pixel, so none grows longer."""
    codes = [4, 0] * (width * height) + [5]
    bits = sum(code << 3 * place for place, code in enumerate(codes))
    data = bits.to_bytes(3 * len(codes) // 8 + 1, "little")
    blocks = b"".join(bytes([len(data[at : at + 255])]) + data[at : at + 255] for at in range(0, len(data), 255))
    size = struct.pack("<HH", width, height)
    return b"GIF89a" + size + b"\x80\0\0" + colour + bytes(3) + b"," + bytes(4) + size + b"\0\2" + blocks + b"\0;"


FILES = {
    "picture.png": BuiltIn("image/png", png),
    "picture-and-page.png": BuiltIn("image/png", lambda: png() + _PAGE),
    "broken.png": BuiltIn("image/png", lambda: png()[:60]),
    "large.png": BuiltIn("image/png", lambda: png() + bytes(6 * MIB)),
    "page.html": BuiltIn("text/html", lambda: _PAGE),
    "notes.txt": BuiltIn("text/plain", lambda: "Café, naïve, 5 €\n".encode()),
}
