"""Files from strangers, as stage 04 takes them; it says why each line is here."""

import mimetypes
import warnings
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

from fastapi import Depends, HTTPException, Response, UploadFile
from fastapi.staticfiles import StaticFiles
from PIL import Image, ImageCms, ImageOps

from .config import settings

FORM_ROOM = 64 * 1024
EXTENSIONS = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp"}
MAX_PIXELS = 25_000_000
Image.MAX_IMAGE_PIXELS = 2 * MAX_PIXELS
COLOURS = {"L": "L", "LA": "L", "CMYK": "CMYK"}
COLOURS |= {"RGB": "RGB", "RGBA": "RGB", "P": "RGB", "PA": "RGB"}
warnings.simplefilter("error", Image.DecompressionBombWarning)
mimetypes.add_type("image/webp", ".webp")


async def take_turn() -> AsyncIterator[None]:
    yield


in_turn = Depends(take_turn, scope="function", max_concurrency=2)


def reencode(upload: UploadFile) -> tuple[str, bytes]:
    """Return the image's true extension, and its pixels without anything else."""
    if upload.size is None or upload.size > settings.max_upload_bytes:
        raise HTTPException(status_code=413, detail="The file is too large")
    encoded = BytesIO()
    try:
        with Image.open(upload.file, formats=("JPEG", "PNG", "WEBP")) as image:
            kind = str(image.format)
            pixels = unpack(image)
            pixels.save(encoded, "JPEG" if kind == "MPO" else kind, quality=90)
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
        half = image.width // 2, image.height // 2
        image.draft(None, half)
    if image.width * image.height > MAX_PIXELS:
        raise Image.DecompressionBombError
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    pixels = to_srgb(image)
    transparency = pixels.info.get("transparency")
    pixels.info = {} if transparency is None else {"transparency": transparency}
    return pixels


def to_srgb(image: Image.Image) -> Image.Image:
    """Return the image in the colours that browsers assume without a profile."""
    profile, mode = image.info.get("icc_profile"), COLOURS.get(image.mode)
    if not profile or not mode:
        return image
    opacity = None
    if image.has_transparency_data:
        opacity = image.convert("RGBA").getchannel("A")
    try:
        given = ImageCms.ImageCmsProfile(BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(given, srgb, mode, "RGB")
        converted = transform.apply(image.convert(mode))
    except (ImageCms.PyCMSError, OSError):
        return image
    if opacity:
        converted.putalpha(opacity)
    return converted


class InertFiles(StaticFiles):
    """Files that a browser shows and doesn't run."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Content-Security-Policy"] = "sandbox"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
