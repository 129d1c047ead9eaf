"""Posts. Published ones are public; a draft is its author's."""

from collections.abc import Sequence

from fastapi import APIRouter

from .. import crud
from ..database import SessionDep
from ..dependencies import (
    OR_NO_LOGIN,
    CurrentUser,
    Limit,
    OwnPost,
    Skip,
    Viewer,
    VisiblePost,
)
from ..errors import documented
from ..models import Post
from ..schemas import PostCreate, PostPublic, PostUpdate, PostWithAuthor

router = APIRouter(prefix="/posts", tags=["Posts"], responses=documented(401, 422))


@router.post(
    "", response_model=PostPublic, status_code=201, responses=documented(400, 409)
)
def create_post(new: PostCreate, user: CurrentUser, session: SessionDep) -> Post:
    post = Post(**new.model_dump(), author_id=user.id)
    crud.save(session, post)
    return post


@router.get("", response_model=list[PostPublic], openapi_extra=OR_NO_LOGIN)
def list_posts(
    viewer: Viewer,
    session: SessionDep,
    published: bool | None = None,
    skip: Skip = 0,
    limit: Limit = 10,
) -> Sequence[Post]:
    return crud.get_posts(session, viewer, skip, limit, published=published)


# Above /{post_id}, which would take "my" for an id.
@router.get("/my", response_model=list[PostPublic])
def list_my_posts(
    user: CurrentUser, session: SessionDep, skip: Skip = 0, limit: Limit = 10
) -> Sequence[Post]:
    return crud.get_posts(session, user, skip, limit, author_id=user.id)


@router.get(
    "/{post_id}",
    response_model=PostWithAuthor,
    responses=documented(404),
    openapi_extra=OR_NO_LOGIN,
)
async def read_post(post: VisiblePost) -> Post:  # waits for nothing: needs no thread
    return post


@router.patch(
    "/{post_id}", response_model=PostPublic, responses=documented(400, 403, 404, 409)
)
def update_post(changes: PostUpdate, post: OwnPost, session: SessionDep) -> Post:
    crud.change(post, changes)
    crud.save(session, post)
    return post


@router.delete("/{post_id}", status_code=204, responses=documented(403, 404, 409))
def delete_post(post: OwnPost, session: SessionDep) -> None:
    crud.delete(session, post)
