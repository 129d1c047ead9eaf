"""Uploads: files from strangers."""

import mimetypes
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from uuid import uuid4

from fastapi import (
    APIRouter,
    Depends,
    FastAPI,
    Form,
    HTTPException,
    Request,
    Response,
    UploadFile,
)
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.staticfiles import StaticFiles
from PIL import Image, ImageCms, ImageOps
from pydantic import BaseModel, Field, Json, computed_field
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    upload_dir: Path = Path("uploads")
    tokens: dict[str, str] = {}


settings = Settings()
UPLOADS = settings.upload_dir.resolve()
MIB = 1024 * 1024
IMAGE_BYTES = 5 * MIB
GALLERY_FILES, GALLERY_BYTES = 3, 3 * MIB
FORM_ROOM = 64 * 1024  # a form is larger than its files: boundaries, names, text fields
# MPO is what some phones call a JPEG that holds several.
EXTENSIONS = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp"}
MAX_PIXELS = 25_000_000  # unpacked: 100 MB, and several copies while they are converted
# A JPEG may have twice as many: it can be unpacked at half its width and height.
Image.MAX_IMAGE_PIXELS = 2 * MAX_PIXELS
MAX_SEGMENTS = 200  # scans, or pieces of Exif, of a JPEG; a camera writes a dozen
COLOURS = {"L": "L", "LA": "L", "CMYK": "CMYK"}
COLOURS |= {"RGB": "RGB", "RGBA": "RGB", "P": "RGB", "PA": "RGB"}
warnings.simplefilter("error", Image.DecompressionBombWarning)  # Pillow only warns
mimetypes.add_type("image/webp", ".webp")  # Python 3.11 and 3.12 don't know it


class StoredFile(BaseModel):
    filename: str
    original_name: str
    size: int
    uploaded_by: str

    @computed_field
    def url(self) -> str:
        return f"/files/{self.filename}"


class UploadsPublic(BaseModel):
    uploaded: int
    files: list[StoredFile]


class Focus(BaseModel):
    x: Annotated[float, Field(ge=0, le=1)]
    y: Annotated[float, Field(ge=0, le=1)]


class ProfilePicturePublic(BaseModel):
    picture: StoredFile
    description: str
    focus: Focus | None


def get_current_user(
    given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())],
) -> str:
    if given.credentials not in settings.tokens:
        headers = {"WWW-Authenticate": "Bearer"}
        raise HTTPException(status_code=401, detail="Invalid token", headers=headers)
    return settings.tokens[given.credentials]


CurrentUser = Annotated[str, Depends(get_current_user)]


def printable(name: str | None) -> str:
    return "".join(filter(str.isprintable, name or ""))[:100]


def reencode(upload: UploadFile) -> tuple[str, bytes]:
    """Return the image's true extension, and its pixels without anything else."""
    if upload.size is None or upload.size > IMAGE_BYTES:
        detail = f"An image may have at most {IMAGE_BYTES:,} bytes"
        raise HTTPException(status_code=413, detail=detail)
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
        image.draft(None, (image.width // 2, image.height // 2))  # only a JPEG can
    if image.width * image.height > MAX_PIXELS:
        raise Image.DecompressionBombError
    image.load()
    with suppress(Exception):  # bad Exif: browsers ignore it too
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
    except (ImageCms.PyCMSError, OSError):  # a bad profile: browsers ignore it too
        return image
    if image.has_transparency_data:
        converted.putalpha(image.convert("RGBA").getchannel("A"))
    return converted


def store(user: str, checked: list[tuple[UploadFile, str, bytes]]) -> list[StoredFile]:
    """Write all of them, or none."""
    stored: list[StoredFile] = []
    try:
        for upload, extension, content in checked:
            name = f"{uuid4().hex}.{extension}"
            file = StoredFile(
                filename=name,
                original_name=printable(upload.filename),
                size=len(content),
                uploaded_by=user,
            )
            stored.append(file)
            (UPLOADS / name).write_bytes(content)
    except OSError:
        for file in stored:
            (UPLOADS / file.filename).unlink(missing_ok=True)
        raise
    return stored


class InertFiles(StaticFiles):
    """Files that a browser shows and doesn't run."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Content-Security-Policy"] = "sandbox"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


async def take_turn() -> AsyncIterator[None]:
    yield


# Two images at a time: waiting for that holds no thread, and bounds the memory.
in_turn = Depends(take_turn, scope="function", max_concurrency=2)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    UPLOADS.mkdir(parents=True, exist_ok=True)
    yield


router = APIRouter(
    prefix="/uploads",
    dependencies=[in_turn],
    max_body_size=IMAGE_BYTES + FORM_ROOM,
    form_limits={"max_files": 1, "max_fields": 10, "max_part_size": 4096},
)


@router.post("")
def look_at_file(file: UploadFile, user: CurrentUser) -> dict[str, str | int | None]:
    return {
        "filename": printable(file.filename),
        "content_type": file.content_type,
        "size": file.size,
        "begins_with": file.file.read(12).decode("ascii", "backslashreplace"),
    }


@router.post("/image", status_code=201)
def upload_image(file: UploadFile, user: CurrentUser) -> StoredFile:
    return store(user, [(file, *reencode(file))])[0]


@router.post("/profile-picture", status_code=201)
def upload_profile_picture(
    file: UploadFile,
    user: CurrentUser,
    description: Annotated[str, Form(max_length=200)] = "",
    focus: Annotated[Json[Focus] | None, Form()] = None,
) -> ProfilePicturePublic:
    (picture,) = store(user, [(file, *reencode(file))])
    return ProfilePicturePublic(picture=picture, description=description, focus=focus)


@router.post(
    "/multiple",
    status_code=201,
    max_body_size=GALLERY_BYTES + FORM_ROOM,
    form_limits={"max_files": GALLERY_FILES},
)
def upload_multiple(files: list[UploadFile], user: CurrentUser) -> UploadsPublic:
    checked = [(file, *reencode(file)) for file in files]
    return UploadsPublic(uploaded=len(files), files=store(user, checked))


app = FastAPI(title="Uploads", lifespan=lifespan)
app.include_router(router)
app.mount("/files", InertFiles(directory=UPLOADS, check_dir=False), name="files")


@app.exception_handler(RequestValidationError)
async def invalid(request: Request, exc: RequestValidationError) -> JSONResponse:
    """Name what's wrong, and send nothing back: half an emoji can't be encoded."""
    errors = [{key: e[key] for key in ("loc", "msg", "type")} for e in exc.errors()]
    return JSONResponse({"detail": errors}, status_code=422)
