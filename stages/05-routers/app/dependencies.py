"""What routes ask for: who is calling, which post, which part of a list.

Each of these runs in a thread, and so does the route. If a request kept its connection
while it waits for the next thread, those with the threads would wait for a connection.
With 60 requests at once, all of them would be stuck. So each one gives it back.
"""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, HTTPException, Path, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from . import crud, security
from .database import SessionDep
from .models import Post, User

Id = Annotated[int, Path(ge=1, le=security.MAX_ID)]
Skip = Annotated[int, Query(ge=0, le=2**31 - 1)]
Limit = Annotated[int, Query(ge=1, le=100)]


async def take_turn() -> AsyncIterator[None]:
    yield


# Two images at a time, as in stage 04.
in_turn = Depends(take_turn, scope="function", max_concurrency=2)

bearer = HTTPBearer(auto_error=False)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


def unauthorized(detail: str) -> HTTPException:
    headers = {"WWW-Authenticate": "Bearer"}
    return HTTPException(status_code=401, detail=detail, headers=headers)


def get_viewer(credentials: Credentials, session: SessionDep) -> User | None:
    """Return the user that the token names, or None without one; refuse a bad one."""
    if credentials is None:
        return None
    user_id = security.read_token(credentials.credentials)
    user = crud.get_user(session, user_id) if user_id is not None else None
    session.commit()  # gives the connection back
    if user is None:
        raise unauthorized("Invalid or expired token")
    return user


Viewer = Annotated[User | None, Depends(get_viewer)]


def get_current_user(viewer: Viewer) -> User:
    if viewer is None:
        raise unauthorized("Not authenticated")
    return viewer


CurrentUser = Annotated[User, Depends(get_current_user)]


def get_visible_post(post_id: Id, viewer: Viewer, session: SessionDep) -> Post:
    post = crud.get_post(session, post_id, viewer)
    session.commit()
    if post is None:
        raise HTTPException(status_code=404, detail="Post not found")
    return post


VisiblePost = Annotated[Post, Depends(get_visible_post)]


def get_own_post(user: CurrentUser, post: VisiblePost) -> Post:
    if post.author_id != user.id:
        raise HTTPException(status_code=403, detail="Not your post")
    return post


OwnPost = Annotated[Post, Depends(get_own_post)]
