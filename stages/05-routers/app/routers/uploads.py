"""Images. Stage 04 says why each line stands here."""

from uuid import uuid4

from fastapi import APIRouter, HTTPException, UploadFile
from PIL import Image

from ..config import UPLOADS, settings
from ..dependencies import CurrentUser
from ..schemas import UploadOut

EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
MAX_PIXELS = 25_000_000

router = APIRouter(prefix="/uploads", tags=["Uploads"], max_body_size=settings.max_upload_bytes + 64 * 1024)


@router.post("/image", status_code=201)
def upload_image(file: UploadFile, user: CurrentUser) -> UploadOut:
    if (file.size or 0) > settings.max_upload_bytes:
        raise HTTPException(413, "The file is too large")
    name = f"{uuid4().hex}.{EXTENSIONS[image_format(file)]}"
    file.file.seek(0)
    (UPLOADS / name).write_bytes(file.file.read())
    return UploadOut(message="Uploaded", filename=name, url=f"/files/{name}", uploaded_by=user.id)


def image_format(file: UploadFile) -> str:
    try:
        with Image.open(file.file, formats=list(EXTENSIONS)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError("too many pixels")
            image.load()
            return str(image.format)
    except Exception as error:  # what a broken file makes Pillow raise has no common base
        raise HTTPException(415, "Not a JPEG, PNG or WebP image") from error
