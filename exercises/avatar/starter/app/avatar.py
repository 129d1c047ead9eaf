"""The avatar: the one picture that a user shows."""

from fastapi import APIRouter, HTTPException, UploadFile

router = APIRouter(prefix="/users/me", tags=["Users"])


@router.post("/avatar")
def replace_avatar(file: UploadFile) -> None:
    """Make the picture in `file` the caller's avatar, in place of the one before.

    Answers 200 with the account, as GET /users/me does, whose `avatar_url` is then
    `/files/<name>`. Refuses with 401 (no good token), 413 (over 5 MiB), 415 (no whole
    JPEG, PNG or WebP) and 422 (no `file`), and then changes nothing.
    """
    raise HTTPException(
        status_code=501,
        detail="TODO: store the picture, name it in the row, remove the old file",
    )
