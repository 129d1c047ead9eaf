"""Files from strangers: what they are, where they lie, how they are served."""

import mimetypes
import warnings
from concurrent.futures import ThreadPoolExecutor
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
EXTENSIONS = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp"}  # MPO: the JPEGs of some phones
MAX_PIXELS = 25_000_000  # of what is unpacked
Image.MAX_IMAGE_PIXELS = 2 * MAX_PIXELS  # of a JPEG, which can be unpacked at half its width and height
# Which of a picture's modes holds colours of which kind: a profile is for one kind.
COLOURS = {"L": "L", "LA": "L", "RGB": "RGB", "RGBA": "RGB", "P": "RGB", "PA": "RGB", "CMYK": "CMYK"}
warnings.simplefilter("error", Image.DecompressionBombWarning)  # up to twice the limit, Pillow only warns
mimetypes.add_type("image/webp", ".webp")  # Python 3.11 and 3.12 do not know it
# Two pictures at a time: one may take 700 MB, a transparent WebP that is encoded anew. And always in the same two
# threads: malloc keeps a part of what each thread has freed, and would for each of the forty that routes run in.
decoders = ThreadPoolExecutor(2, "decoder")
SCANS = 200  # a JPEG needs a dozen; each is a walk over all pixels, and 5 MB hold enough of them for half an hour


@dataclass(frozen=True)
class Checked:
    """A file that may be stored: its true extension, and its content without all that it need not hold."""

    extension: str
    content: bytes


def check_image(upload: UploadFile) -> Checked:
    """The image, encoded anew. Raises 413 and 415."""
    check_size(upload)
    try:
        return decoders.submit(encode_anew, upload.file).result()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise HTTPException(413, f"An image may have at most {MAX_PIXELS:,} pixels, a JPEG twice as many") from error
    except Exception as error:  # bytes made to hurt let a decoder fail in many ways
        raise HTTPException(415, "Send a whole JPEG, PNG or WebP image") from error


def encode_anew(file: BinaryIO) -> Checked:
    """The picture upright, and nothing but its pixels."""
    check_scans(file)
    encoded = BytesIO()
    with Image.open(file, formats=("JPEG", "PNG", "WEBP")) as image:
        kind = str(image.format)
        if image.width * image.height > MAX_PIXELS:
            image.draft(None, (image.width // 2, image.height // 2))  # only a JPEG can do that
        if image.width * image.height > MAX_PIXELS:
            raise Image.DecompressionBombError
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        pixels = to_srgb(image)
        pixels.info = {key: value for key, value in pixels.info.items() if key == "transparency"}
        pixels.save(encoded, "JPEG" if kind == "MPO" else kind, quality=90)
    return Checked(EXTENSIONS[kind], encoded.getvalue())


def to_srgb(image: Image.Image) -> Image.Image:
    """Return the image in the colours that browsers assume when a file holds no profile."""
    profile, mode = image.info.get("icc_profile"), COLOURS.get(image.mode)
    if not profile or not mode:
        return image
    opacity = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    try:
        given, srgb = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(given, srgb, mode, "RGB")
    except (ImageCms.PyCMSError, OSError):  # no profile, or one for other colours: browsers ignore it too
        return image
    if image.mode == mode == "RGB":
        transform.apply_in_place(image)  # a large photo is held once, not twice
        return image
    converted = transform.apply(image if image.mode == mode else image.convert(mode))
    if opacity:
        converted.putalpha(opacity)
    return converted


def check_scans(file: BinaryIO) -> None:
    """Raises ValueError for a JPEG with more scans, or pieces of Exif, than any camera writes."""
    content = file.read()
    file.seek(0)
    if content.startswith(b"\xff\xd8") and max(map(content.count, (b"\xff\xda", b"\xff\xe1"))) > SCANS:
        raise ValueError("too many scans")


def check_document(upload: UploadFile) -> Checked:
    """The image, or the PDF as it was sent. Raises 413 and 415."""
    check_size(upload)
    if upload.file.read(5) != b"%PDF-":
        upload.file.seek(0)
        return check_image(upload)
    upload.file.seek(0)
    content = upload.file.read()
    if b"%%EOF" not in content[-1024:]:
        raise HTTPException(415, "Send a whole PDF: the end of this one is missing")
    return Checked("pdf", content)


def check_size(upload: UploadFile) -> None:
    if upload.size is None or upload.size > FILE_BYTES:
        raise HTTPException(413, f"A file may have at most {FILE_BYTES:,} bytes")


def store(*files: Checked) -> list[str]:
    """Write all of them, or none; returns the names. Raises 503 where the disk is full."""
    names: list[str] = []
    try:
        for file in files:
            names.append(name := f"{uuid4().hex}.{file.extension}")
            part = UPLOADS / f".{name}.part"
            try:
                part.write_bytes(file.content)
                part.replace(UPLOADS / name)  # killed before this, no name leads to half a file
            finally:
                part.unlink(missing_ok=True)
    except OSError as error:
        for name in names:
            remove(name)
        if error.errno in NO_ROOM:
            raise HTTPException(
                503, "There is no room for this file; try again later", {"Retry-After": "60"}
            ) from error
        raise
    return names


def remove(name: str) -> None:
    """Remove a stored file, if it is there."""
    (UPLOADS / name).unlink(missing_ok=True)


def printable(name: str | None) -> str:
    """A client's name for a file, fit to be shown. It is never a path: what is stored is called otherwise."""
    return "".join(filter(str.isprintable, name or ""))[:100]


class InertFiles(StaticFiles):
    """Stored files, served so that a browser shows them and runs nothing of them."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Content-Security-Policy"] = "sandbox"
        if response.headers.get("content-type") == "application/pdf":
            response.headers["Content-Disposition"] = "attachment"
        return response
