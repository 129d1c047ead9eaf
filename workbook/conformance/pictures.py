"""Every kind of picture that a contract speaks of, and every kind of file that it refuses, made when it's needed."""

import random
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import cycle
from typing import Any

from PIL import Image, features
from PIL.PngImagePlugin import PngInfo

Size = tuple[int, int]
COLOUR = (200, 60, 30)
FORMATS = ("JPEG", "PNG", "WEBP")
# What clients call a file and its type: neither decides what it is.
IMAGE_LABELS = [("photo.jpg", "image/jpeg"), ("photo.png", "image/png"), ("photo.webp", "image/webp")]
LABELS = [*IMAGE_LABELS, ("me.html", "text/html"), ("a.gif", "image/gif"), ("b", "application/octet-stream")]
LABELS.append(("c", "words"))
# All nine changes from one format to another or the same, one after the other.
EVERY_CHANGE = ("JPEG", "JPEG", "PNG", "PNG", "WEBP", "WEBP", "JPEG", "WEBP", "PNG", "JPEG")


@dataclass(frozen=True)
class Picture:
    """A picture to upload: what to call it, its format and bytes, and the sizes that it may be served in.

    `colour` is that of its middle, where the served picture has to have it too: a mode's conversion may be lossy. It's
    None where a part is transparent, because what's behind it is the solution's choice.
    """

    what: str
    format: str
    content: bytes
    sizes: tuple[Size, ...]
    colour: tuple[int, int, int] | None = None


def taken_pictures(rng: random.Random) -> list[Picture]:
    """Return a picture of each kind that is taken, in sizes and colours that are drawn."""

    def drawn() -> Size:
        return rng.randint(30, 90), rng.randint(30, 90)

    def one(what: str, kind: str, mode: str = "RGB", size: Size | None = None, **options: Any) -> Picture:
        size = size or drawn()
        image = Image.new("RGB", size, tuple(rng.randint(20, 230) for _ in range(3)))
        is_clear = options.pop("clear", False)
        if is_clear:
            image.putalpha(rng.randint(0, 200))
        image = image.convert(mode, dither=Image.Dither.NONE)
        colour = None if is_clear or "transparency" in options else middle_of(image)
        return Picture(what, kind, encode(image, kind, **options), (size,), colour)

    def padded(what: str, kind: str) -> Picture:
        plain = one(what, kind)
        return replace(plain, content=plain.content + bytes(rng.randint(1, 5_000)))

    upright, turned = drawn(), Image.Exif()
    turned[0x0112] = rng.choice([6, 8])
    lying = one("a JPEG that's stored lying on its side", "JPEG", size=upright, exif=turned)
    animated = {"save_all": True, "duration": 100}
    photo = 6000, 4000 - 16 * rng.randint(0, 5)  # nearly the most that may be neither refused nor made smaller
    size = drawn()
    frames = [Image.new("RGB", size, (number * 60, 90, 20)) for number in range(3)]
    return [
        one("a JPEG", "JPEG"),
        one("a grey JPEG", "JPEG", "L"),
        one("a CMYK JPEG", "JPEG", "CMYK"),
        one("a progressive JPEG", "JPEG", progressive=True),
        Picture(lying.what, "JPEG", lying.content, (upright, upright[::-1])),
        Picture(
            "a multi-picture JPEG", "JPEG", encode(frames[0], "MPO", save_all=True, append_images=frames[1:]), (size,)
        ),
        padded("a JPEG with zeros behind its end", "JPEG"),
        Picture(
            "a JPEG of nearly 24 megapixels",
            "JPEG",
            grey_jpeg(*photo, blocks=photo[0] * photo[1] // 64),
            (photo,),
            (128, 128, 128),
        ),
        one("a wide JPEG", "JPEG", size=(rng.randint(16_500, 19_000), 2)),
        one("a PNG", "PNG"),
        one("a transparent PNG", "PNG", "RGBA", clear=True),
        one("a palette PNG", "PNG", "P"),
        one("a palette PNG with a transparent colour", "PNG", "P", transparency=0),
        one("a grey PNG", "PNG", "L"),
        one("a grey and transparent PNG", "PNG", "LA"),
        one("a black and white PNG", "PNG", "1"),
        one("a black and white PNG of nearly 24 megapixels", "PNG", "1", size=(6000, 4000 - rng.randint(0, 90))),
        Picture("a grey PNG of 16 bits", "PNG", encode(Image.new("I;16", size, rng.randint(1, 65535)), "PNG"), (size,)),
        Picture("a PNG of 16 bits per channel", "PNG", deep_png(size, rng), (size,)),
        Picture("an animated PNG", "PNG", encode(frames[0], "PNG", append_images=frames[1:], **animated), (size,)),
        padded("a PNG with zeros behind its end", "PNG"),
        one("a PNG of one pixel", "PNG", size=(1, 1)),
        one("a tall PNG", "PNG", size=(2, rng.randint(2_100, 5_000))),
        one("a WebP", "WEBP"),
        one("a lossless WebP", "WEBP", lossless=True),
        padded("a WebP with zeros behind its end", "WEBP"),
        one("a transparent WebP", "WEBP", "RGBA", clear=True),
        Picture("an animated WebP", "WEBP", encode(frames[0], "WEBP", append_images=frames[1:], **animated), (size,)),
    ]


def in_every_order(pictures: Iterable[Picture], rng: random.Random) -> list[Picture]:
    """Return the pictures so that each format follows each one at least once; the rest of the order is drawn."""
    left = {kind: [one for one in pictures if one.format == kind] for kind in FORMATS}
    for of_kind in left.values():
        rng.shuffle(of_kind)
    ordered = [left[kind].pop() for kind in EVERY_CHANGE]
    rest = [one for of_kind in left.values() for one in of_kind]
    return ordered + rng.sample(rest, len(rest))


def one_of_each(pictures: Iterable[Picture], rng: random.Random) -> list[Picture]:
    """Return a picture of each format; which one, and their order, is drawn."""
    of_kind = [rng.choice([one for one in pictures if one.format == kind]) for kind in FORMATS]
    return rng.sample(of_kind, len(of_kind))


def labelled(pictures: Sequence[Picture], rng: random.Random) -> Iterator[tuple[Picture, str, str]]:
    """Yield each picture with a name and a type, which are drawn: each format is called a page, and each other one."""
    labels = {}
    for kind in FORMATS:
        first = [one for one in LABELS[:4] if one[1] != f"image/{kind.lower()}"]
        labels[kind] = cycle([*rng.sample(first, len(first)), *rng.sample(LABELS, len(LABELS))])
    for picture in pictures:
        yield picture, *next(labels[picture.format])


def refused_files(rng: random.Random) -> dict[str, bytes]:
    """Return a file of each kind that is refused, by what it is; each would be shown by some browser or viewer."""
    image = Image.new("RGB", (rng.randint(20, 60), rng.randint(20, 60)), COLOUR)
    kinds = {"a BMP": "BMP", "a TIFF": "TIFF", "a GIF": "GIF", "an ICO": "ICO", "a PPM": "PPM", "a TGA": "TGA"}
    kinds |= {"an AVIF": "AVIF"} if features.check("avif") else {}
    kinds |= {"a JPEG 2000": "JPEG2000"} if features.check("jpg_2000") else {}
    script = "<script>alert(1)</script>"
    texts = {
        "an SVG": f"<svg xmlns='http://www.w3.org/2000/svg' width='{image.width}'>{script}</svg>",
        "an HTML page": f"<!DOCTYPE html>{script}<!-- {rng.random()} -->",
        "a PDF": f"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n% {rng.random()}\n%%EOF\n",
        "a text": f"words {rng.random()}",
        "an empty file": "",
        "a PNG's first eight bytes and a script": f"\x89PNG\r\n\x1a\n{script}",
    }
    files = {what: encode(image, kind) for what, kind in kinds.items()}
    return files | {what: text.encode("latin-1") for what, text in texts.items()}


def cut_pictures(rng: random.Random) -> dict[str, bytes]:
    """Return pictures that end too early: in the beginning, in the middle, and shortly before their last pixel."""
    cut = {}
    wholes = {
        "a JPEG": noisy_picture(rng, "JPEG"),
        "a progressive JPEG": noisy_picture(rng, "JPEG", progressive=True),
        "a PNG": noisy_picture(rng, "PNG"),
        "a WebP": noisy_picture(rng, "WEBP"),
    }
    for name, whole in wholes.items():
        cut[f"{name} of 20 bytes"] = whole[:20]
        cut[f"{name} that ends in its first tenth"] = whole[: len(whole) // rng.randint(11, 20)]
        cut[f"{name} that ends in its middle"] = whole[: int(rng.uniform(0.2, 0.8) * len(whole))]
        cut[f"{name} that ends before its last pixel"] = whole[:-60]
    clear = encode(Image.frombytes("RGBA", (40, 30), rng.randbytes(4800)), "PNG")
    cut["a transparent PNG that ends before its last pixel"] = clear[:-60]
    # An end that's looked for anywhere is found in a preview, or in a text, although the picture's own is missing.
    photo = with_preview(noisy_picture(rng, "JPEG"), noisy_picture(rng, "JPEG", side=20))
    text = PngInfo()
    text.add_text("end", "\0\0\0\0IEND\xaeB`\x82")
    named = noisy_picture(rng, "PNG", pnginfo=text)
    cut["a JPEG with a preview that ends in its last third"] = photo[: len(photo) * 4 // 5]
    return cut | {"a PNG with a text that ends in its last third": named[: len(named) * 4 // 5]}


def coarse_photo(rng: random.Random) -> Picture:
    """Return a JPEG of less than 5 MiB in poor quality, which is larger than that once it's encoded again."""
    size = 8 * rng.randint(361, 366), 2_900
    noise = Image.frombytes("1", size, rng.randbytes(size[0] // 8 * size[1])).convert("L")
    return Picture("a large JPEG in poor quality", "JPEG", encode(noise, "JPEG", quality=50), (size,))


def with_preview(photo: bytes, preview: bytes) -> bytes:
    """Return a JPEG with a small one in its Exif, as cameras write it."""
    entries = struct.pack(">HHII", 0x0201, 4, 1, 44) + struct.pack(">HHII", 0x0202, 4, 1, len(preview))
    tiff = b"MM\0*" + struct.pack(">IHIH", 8, 0, 14, 2) + entries + bytes(4) + preview
    return photo[:2] + b"\xff\xe1" + struct.pack(">H", len(tiff) + 8) + b"Exif\0\0" + tiff + photo[2:]


def bombs(rng: random.Random) -> dict[str, bytes]:
    """Return small files that unpack to more than 100 megapixels, or say that they do."""
    side = rng.randint(10_010, 10_060)  # hardly more than 100 megapixels, so that no limit above them holds
    row = bytes(side // 8 + 2)  # as many bits as a row needs, and the byte of its filter
    packed = zlib.compressobj(1)
    real = b"".join(packed.compress(row[: (side + 7) // 8 + 1]) for _ in range(side)) + packed.flush()
    said = rng.randint(20_000, 60_000)
    return {
        f"a PNG that is {side} by {side} pixels": png(side, side, 1, 0, real),
        f"a PNG that says it's {said} by {said} pixels": png(said, said, 1, 0, zlib.compress(bytes(1000))),
        f"a JPEG that says it's {said} by {said} pixels": grey_jpeg(said, said, blocks=4),
        f"a JPEG that is {side} by {side} pixels": grey_jpeg(side, side, blocks=(side // 8 + 1) ** 2),
    }


def grey_jpeg(width: int, height: int, blocks: int) -> bytes:
    """Return a JPEG of one grey that says it has this size; so many squares of 8 by 8 pixels are in it."""
    jpeg = bytearray(encode(Image.new("L", (8, 8), 128), "JPEG"))
    at, scan = jpeg.index(b"\xff\xc0") + 5, jpeg.index(b"\xff\xda")
    jpeg[at : at + 4] = struct.pack(">HH", height, width)
    four = b"\x28\xa2\x8a"  # squares like the one before: a difference of none (00) and the end of the square (1010)
    return bytes(jpeg[: scan + 10]) + four * (blocks // 4) + b"\xff\xd9"


def middle_of(image: Image.Image) -> tuple[int, int, int]:
    """Return the colour of a picture's middle, with 8 bits for each of red, green and blue."""
    at = image.width // 2, image.height // 2
    red, green, blue = image.crop((*at, at[0] + 1, at[1] + 1)).convert("RGB").tobytes()
    return red, green, blue


def noisy_picture(rng: random.Random, kind: str = "PNG", *, side: int = 0, **options: Any) -> bytes:
    """Return a picture of coloured noise, which packs badly, so that its last pixels are near its end."""
    size = (side, side) if side else (rng.randint(60, 120), rng.randint(40, 90))
    image = Image.frombytes("RGB", size, rng.randbytes(size[0] * size[1] * 3))
    return encode(image, kind, **({"lossless": True} if kind == "WEBP" else {}), **options)


def large_picture(rng: random.Random) -> bytes:
    """Return a PNG of twelve megapixels in one colour: a small file that takes an app some time."""
    return encode(Image.new("RGB", (4_000, rng.randint(2_990, 3_010)), COLOUR), "PNG")


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Return the image's bytes in a format of Pillow's."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def deep_png(size: Size, rng: random.Random) -> bytes:
    """Return a PNG with 16 bits for each of red, green and blue, which Pillow reads and doesn't write."""
    row = b"\0" + struct.pack(">HHH", *(rng.randrange(65536) for _ in range(3))) * size[0]
    return png(*size, 16, 2, zlib.compress(row * size[1]))


def png(width: int, height: int, bits: int, colours: int, packed: bytes) -> bytes:
    """Return a PNG with this header and these packed rows, whether they fit or not."""
    header = struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    )
