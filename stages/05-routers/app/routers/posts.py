"""Posts. Published ones are public; a draft is its author's."""

from collections.abc import Sequence

from fastapi import APIRouter

from .. import crud
from ..database import SessionDep
from ..dependencies import CurrentUser, Limit, OwnPost, Skip, Viewer, VisiblePost
from ..models import Post
from ..schemas import PostCreate, PostPublic, PostUpdate, PostWithAuthor

router = APIRouter(prefix="/posts", tags=["Posts"])


@router.post("", response_model=PostPublic, status_code=201)
def create_post(new: PostCreate, user: CurrentUser, session: SessionDep) -> Post:
    post = Post(**new.model_dump(), author_id=user.id)
    crud.save(session, post)
    return post


@router.get("", response_model=list[PostPublic])
def list_posts(
    viewer: Viewer,
    session: SessionDep,
    published: bool | None = None,
    skip: Skip = 0,
    limit: Limit = 10,
) -> Sequence[Post]:
    return crud.get_posts(session, viewer, skip, limit, published=published)


@router.get("/my", response_model=list[PostPublic])
def list_my_posts(
    user: CurrentUser, session: SessionDep, skip: Skip = 0, limit: Limit = 10
) -> Sequence[Post]:
    return crud.get_posts(session, user, skip, limit, author_id=user.id)


@router.get("/{post_id}", response_model=PostWithAuthor)
def read_post(post: VisiblePost) -> Post:
    return post


@router.patch("/{post_id}", response_model=PostPublic)
def update_post(changes: PostUpdate, post: OwnPost, session: SessionDep) -> Post:
    crud.change(post, changes)
    crud.save(session, post)
    return post


@router.delete("/{post_id}", status_code=204)
def delete_post(post: OwnPost, session: SessionDep) -> None:
    crud.delete(session, post)
