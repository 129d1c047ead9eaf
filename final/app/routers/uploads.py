"""Uploads: the token says who, the content says what, and we choose the name."""

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import WithJsonSchema

from .. import storage
from ..dependencies import CurrentUser, in_turn
from ..errors import documented
from ..models import User
from ..schemas import (
    Description,
    ProfilePicturePublic,
    StoredFile,
    UploadPublic,
    UploadsPublic,
)
from ..storage import FILE_BYTES, FORM_ROOM

MAX_FILES = 5
# Without the format, the OpenAPI page and generated clients take it for a text.
FormFile = Annotated[UploadFile, WithJsonSchema({"type": "string", "format": "binary"})]
IMAGES = "image/jpeg, image/png, image/webp"
DOCUMENTS = f"{IMAGES}, application/pdf"

router = APIRouter(
    prefix="/uploads",
    tags=["Uploads"],
    dependencies=[in_turn],
    responses=documented(400, 401, 415, 422),
    max_body_size=FILE_BYTES + FORM_ROOM,
    form_limits={"max_files": 1},
)


def takes(field: str, kinds: str) -> dict[str, Any]:
    """Document which kinds of file a form's field takes; nothing is refused by it."""
    form = {"encoding": {field: {"contentType": kinds}}}
    return {"requestBody": {"content": {"multipart/form-data": form}}}


def store(
    user: User, uploads: list[UploadFile], checked: list[storage.Checked]
) -> list[StoredFile]:
    names = storage.store(*checked)
    return [
        StoredFile(
            filename=name,
            original_name=storage.printable(upload.filename),
            size=len(file.content),
            uploaded_by=user.id,
        )
        for name, upload, file in zip(names, uploads, checked, strict=True)
    ]


@router.post("/image", status_code=201, openapi_extra=takes("file", DOCUMENTS))
def upload_image(file: FormFile, user: CurrentUser) -> UploadPublic:
    """Store a JPEG, PNG or WebP image, or a PDF."""
    (stored,) = store(user, [file], [storage.check_document(file)])
    return UploadPublic.model_validate(stored)


@router.post("/profile-picture", status_code=201, openapi_extra=takes("file", IMAGES))
def upload_profile_picture(
    file: FormFile,
    user: CurrentUser,
    description: Annotated[Description, Form()] = "",
) -> ProfilePicturePublic:
    """Store an image with a description: a form's fields beside its file."""
    (stored,) = store(user, [file], [storage.check_image(file)])
    return ProfilePicturePublic(
        **stored.model_dump(exclude={"url"}), user_id=user.id, description=description
    )


@router.post(
    "/multiple",
    status_code=201,
    max_body_size=MAX_FILES * FILE_BYTES + FORM_ROOM,
    form_limits={"max_files": MAX_FILES},
    openapi_extra=takes("files", DOCUMENTS),
)
def upload_multiple(
    files: Annotated[list[FormFile], File(min_length=1, max_length=MAX_FILES)],
    user: CurrentUser,
) -> UploadsPublic:
    """Store several images or PDFs: all of them, or none."""
    stored = store(user, files, [storage.check_document(file) for file in files])
    return UploadsPublic(uploaded=len(stored), files=stored)
