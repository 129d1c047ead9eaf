"""Files from strangers: what they are, where they're kept, how they're served."""

import mimetypes
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO
from uuid import uuid4

from fastapi import HTTPException, Response, UploadFile
from fastapi.staticfiles import StaticFiles
from PIL import Image, ImageCms, ImageOps

from .config import UPLOADS
from .errors import NO_ROOM

FILE_BYTES = 5 * 1024 * 1024
FORM_ROOM = 64 * 1024  # a form is larger than its files: boundaries, names, text fields
# MPO is what some phones call a JPEG that holds several.
EXTENSIONS = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp"}
MAX_PIXELS = 25_000_000  # of what is unpacked
# A JPEG may have twice as many: it can be unpacked at half its width and height.
Image.MAX_IMAGE_PIXELS = 2 * MAX_PIXELS
# A colour profile is for grey, for RGB or for CMYK; these are the modes that hold them.
COLOURS = {"L": "L", "LA": "L", "CMYK": "CMYK"}
COLOURS |= {"RGB": "RGB", "RGBA": "RGB", "P": "RGB", "PA": "RGB"}
# Up to twice the limit, Pillow only warns.
warnings.simplefilter("error", Image.DecompressionBombWarning)
mimetypes.add_type("image/webp", ".webp")  # Python 3.11 and 3.12 don't know it
decoders = ThreadPoolExecutor(2, "decoder")  # docs/final-why.md#uploads
MAX_SEGMENTS = 200  # scans, or pieces of Exif, of a JPEG: docs/final-why.md#scans


@dataclass(frozen=True)
class Checked:
    """A file that may be stored: its true extension, and its cleaned content."""

    extension: str
    content: bytes


def check_image(upload: UploadFile, kinds: str = "JPEG, PNG or WebP") -> Checked:
    """Return the image, encoded again. Raise 413 and 415."""
    check_size(upload)
    try:
        return decoders.submit(reencode, upload.file).result()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        most = f"{MAX_PIXELS:,} pixels, a JPEG twice as many"
        detail = f"An image may have at most {most}"
        raise HTTPException(status_code=413, detail=detail) from exc
    except Exception as exc:  # bytes made to hurt let a decoder fail in many ways
        detail = f"Send a whole {kinds} image"
        raise HTTPException(status_code=415, detail=detail) from exc


def reencode(file: BinaryIO) -> Checked:
    """Return the image's true extension, and its pixels without anything else."""
    check_segments(file)
    encoded = BytesIO()
    with Image.open(file, formats=("JPEG", "PNG", "WEBP")) as image:
        kind = str(image.format)
        unpack(image).save(encoded, "JPEG" if kind == "MPO" else kind, quality=90)
    return Checked(EXTENSIONS[kind], encoded.getvalue())


def unpack(image: Image.Image) -> Image.Image:
    """Return the picture upright, in every screen's colours. Raise if it's large."""
    if image.width * image.height > MAX_PIXELS:
        image.draft(None, (image.width // 2, image.height // 2))  # only a JPEG can
    if image.width * image.height > MAX_PIXELS:
        raise Image.DecompressionBombError
    image.load()
    with suppress(Exception):  # bad Exif: browsers ignore it too
        ImageOps.exif_transpose(image, in_place=True)
    pixels = to_srgb(image)
    pixels.info = {k: v for k, v in pixels.info.items() if k == "transparency"}
    return pixels


def to_srgb(image: Image.Image) -> Image.Image:
    """Return the image in the colours that browsers assume without a profile."""
    profile, mode = image.info.get("icc_profile"), COLOURS.get(image.mode)
    if not profile or not mode:
        return image
    try:
        srgb = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(BytesIO(profile), srgb, mode, "RGB")
        if image.mode == mode == "RGB" and not image.has_transparency_data:
            transform.apply_in_place(image)  # a large photo is held once, not twice
            return image
        converted = transform.apply(
            image if image.mode == mode else image.convert(mode)
        )
    except (ImageCms.PyCMSError, OSError):  # a bad profile: browsers ignore it too
        return image
    if image.has_transparency_data:
        converted.putalpha(image.convert("RGBA").getchannel("A"))
    return converted


def check_segments(file: BinaryIO) -> None:
    """Raise ValueError for a JPEG with more scans or Exif than any camera writes."""
    content = file.read()
    most = max(content.count(b"\xff\xda"), content.count(b"\xff\xe1"))
    if content.startswith(b"\xff\xd8") and most > MAX_SEGMENTS:
        raise ValueError("too many segments")


def check_document(upload: UploadFile) -> Checked:
    """Return the image, or the PDF as it was sent. Raise 413 and 415."""
    check_size(upload)
    if upload.file.read(5) != b"%PDF-":
        upload.file.seek(0)
        return check_image(upload, "PDF, or a JPEG, PNG or WebP")
    upload.file.seek(0)
    content = upload.file.read()
    if b"%%EOF" not in content[-1024:]:
        detail = "Send a whole PDF: the end of this one is missing"
        raise HTTPException(status_code=415, detail=detail)
    return Checked("pdf", content)


def check_size(upload: UploadFile) -> None:
    if upload.size is None or upload.size > FILE_BYTES:
        detail = f"A file may have at most {FILE_BYTES:,} bytes"
        raise HTTPException(status_code=413, detail=detail)


def store(*files: Checked) -> list[str]:
    """Write all of them, or none; return the names. Raise 503 if the disk is full."""
    names: list[str] = []
    try:
        for file in files:
            name = f"{uuid4().hex}.{file.extension}"
            names.append(name)
            write(name, file.content)
    except OSError as exc:
        for name in names:
            remove(name)
        if exc.errno not in NO_ROOM:
            raise
        detail = "There is no room for this file; try again later"
        headers = {"Retry-After": "60"}
        raise HTTPException(status_code=503, detail=detail, headers=headers) from exc
    return names


def write(name: str, content: bytes) -> None:
    """Write a file so that no name leads to half of one, even after kill -9."""
    part = UPLOADS / f".{name}.part"
    try:
        part.write_bytes(content)
        part.replace(UPLOADS / name)
    finally:
        part.unlink(missing_ok=True)


def remove(name: str) -> None:
    """Remove a stored file, if it is there."""
    (UPLOADS / name).unlink(missing_ok=True)


def printable(name: str | None) -> str:
    """Return a client's name for a file, fit to be shown. It's never used as a path."""
    return "".join(filter(str.isprintable, name or ""))[:100]


class InertFiles(StaticFiles):
    """Files that a browser shows and doesn't run."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Content-Security-Policy"] = "sandbox"
        if response.headers.get("content-type") == "application/pdf":
            response.headers["Content-Disposition"] = "attachment"
        return response
