"""Images."""

from uuid import uuid4

from fastapi import APIRouter, UploadFile

from ..config import UPLOADS, settings
from ..dependencies import CurrentUser, in_turn
from ..schemas import UploadPublic
from ..storage import FORM_ROOM, reencode

router = APIRouter(
    prefix="/uploads",
    tags=["Uploads"],
    dependencies=[in_turn],
    max_body_size=settings.max_upload_bytes + FORM_ROOM,
    form_limits={"max_files": 1, "max_fields": 10, "max_part_size": 4096},
)


@router.post("/image", status_code=201)
def upload_image(file: UploadFile, user: CurrentUser) -> UploadPublic:
    extension, content = reencode(file)
    name = f"{uuid4().hex}.{extension}"
    try:
        (UPLOADS / name).write_bytes(content)
    except OSError:  # half a picture would be served like a whole one
        (UPLOADS / name).unlink(missing_ok=True)
        raise
    return UploadPublic(
        message="Uploaded", filename=name, url=f"/files/{name}", uploaded_by=user.id
    )
