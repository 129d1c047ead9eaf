"""Files from strangers, as stage 04 takes them; it says why each line is here."""

import mimetypes
import warnings
from contextlib import suppress
from io import BytesIO
from typing import Any, BinaryIO

from fastapi import HTTPException, Response, UploadFile
from fastapi.staticfiles import StaticFiles
from PIL import Image, ImageCms, ImageOps

from .config import settings

FORM_ROOM = 64 * 1024
EXTENSIONS = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp"}
MAX_PIXELS = 25_000_000
Image.MAX_IMAGE_PIXELS = 2 * MAX_PIXELS
MAX_SEGMENTS = 200
COLOURS = {"L": "L", "LA": "L", "CMYK": "CMYK"}
COLOURS |= {"RGB": "RGB", "RGBA": "RGB", "P": "RGB", "PA": "RGB"}
warnings.simplefilter("error", Image.DecompressionBombWarning)
mimetypes.add_type("image/webp", ".webp")


def reencode(upload: UploadFile) -> tuple[str, bytes]:
    """Return the image's true extension, and its pixels without anything else."""
    if upload.size is None or upload.size > settings.max_upload_bytes:
        raise HTTPException(status_code=413, detail="The file is too large")
    encoded = BytesIO()
    try:
        check_segments(upload.file)
        with Image.open(upload.file, formats=("JPEG", "PNG", "WEBP")) as image:
            kind = str(image.format)
            unpack(image).save(encoded, "JPEG" if kind == "MPO" else kind, quality=90)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        most = f"{MAX_PIXELS:,} pixels, a JPEG twice as many"
        detail = f"An image may have at most {most}"
        raise HTTPException(status_code=413, detail=detail) from exc
    except Exception as exc:  # bytes made to hurt let a decoder fail in many ways
        detail = "Not a whole JPEG, PNG or WebP image"
        raise HTTPException(status_code=415, detail=detail) from exc
    return EXTENSIONS[kind], encoded.getvalue()


def unpack(image: Image.Image) -> Image.Image:
    """Return the picture upright, in every screen's colours. Raise if it's large."""
    if image.width * image.height > MAX_PIXELS:
        image.draft(None, (image.width // 2, image.height // 2))
    if image.width * image.height > MAX_PIXELS:
        raise Image.DecompressionBombError
    image.load()
    with suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)
    pixels = to_srgb(image)
    pixels.info = {k: v for k, v in pixels.info.items() if k == "transparency"}
    return pixels


def check_segments(file: BinaryIO) -> None:
    """Raise ValueError for a JPEG with more scans or Exif than any camera writes."""
    content = file.read()
    most = max(content.count(b"\xff\xda"), content.count(b"\xff\xe1"))
    if content.startswith(b"\xff\xd8") and most > MAX_SEGMENTS:
        raise ValueError("too many segments")


def to_srgb(image: Image.Image) -> Image.Image:
    """Return the image in the colours that browsers assume without a profile."""
    profile, mode = image.info.get("icc_profile"), COLOURS.get(image.mode)
    if not profile or not mode:
        return image
    try:
        srgb = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(BytesIO(profile), srgb, mode, "RGB")
        converted = transform.apply(image.convert(mode))
    except (ImageCms.PyCMSError, OSError):
        return image
    if image.has_transparency_data:
        converted.putalpha(image.convert("RGBA").getchannel("A"))
    return converted


class InertFiles(StaticFiles):
    """Files that a browser shows and doesn't run."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Content-Security-Policy"] = "sandbox"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
