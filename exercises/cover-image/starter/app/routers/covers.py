"""The cover: the one picture that a post shows, chosen by its author."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, UploadFile

router = APIRouter(prefix="/posts", tags=["Posts"])


@router.patch("/{post_id}/cover")
def replace_cover(
    post_id: Annotated[int, Path(ge=1, le=2**31 - 1)], file: UploadFile
) -> None:
    """Make the picture in `file` the post's cover, in place of the one before.

    Answers 200 with the post, as PATCH /posts/{post_id} does, whose `cover_image` is
    then `/files/<name>`. Refuses, in this order, with 401 (no good token), 404 (no such
    post, or someone else's draft), 403 (not the author) and 415 (not a whole JPEG, PNG
    or WebP). A 413 (over 5 MiB) and a 422 (no `file`) may come at any point. A refusal
    changes nothing.
    """
    raise HTTPException(
        status_code=501,
        detail="TODO: see who asks for which post, store it, remove the old one",
    )
