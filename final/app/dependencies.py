"""What routes ask for: who is calling, which post, which part of a list.

A plain `def` waits for the database, in a thread; an `async def` waits for nothing, and
saves the way into a thread and back: docs/final-why.md#async
"""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Path, Query, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session

from . import crud, security
from .database import SessionDep
from .models import Post, User

Id = Annotated[int, Path(ge=1, le=security.MAX_ID)]
Skip = Annotated[int, Query(ge=0, le=2**31 - 1)]
Limit = Annotated[int, Query(ge=1, le=100)]


async def take_turn() -> AsyncIterator[None]:
    yield


# A few files at a time; waiting here holds no thread: docs/final-why.md#uploads
in_turn = Depends(take_turn, scope="function", max_concurrency=4)

bearer = HTTPBearer(
    auto_error=False,
    description="The `access_token` that POST /auth/login answers with",
)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]
# FastAPI documents every login as required; this adds: or none.
OR_NO_LOGIN: dict[str, Any] = {"security": [{}]}
# ApiKeyMiddleware looks at the key; this tells the OpenAPI page about it.
api_key = APIKeyHeader(
    name="X-API-Key", auto_error=False, description="The setting API_KEY"
)


def unauthorized(detail: str) -> HTTPException:
    headers = {"WWW-Authenticate": "Bearer"}
    return HTTPException(status_code=401, detail=detail, headers=headers)


async def get_viewer(credentials: Credentials, session: SessionDep) -> User | None:
    """Return the user that the token names, or None without one; refuse a bad one."""
    if credentials is None:
        return None
    return await run_in_threadpool(find_user, credentials.credentials, session)


def find_user(token: str, session: Session) -> User:
    user_id = security.read_token(token)
    user = crud.get_user(session, user_id) if user_id is not None else None
    session.commit()  # docs/final-why.md#transactions
    if user is None:
        raise unauthorized("This token is invalid or expired: log in again")
    return user


Viewer = Annotated[User | None, Depends(get_viewer)]


async def get_current_user(viewer: Viewer) -> User:
    if viewer is None:
        detail = "Log in first, and send the token: Authorization: Bearer TOKEN"
        raise unauthorized(detail)
    return viewer


CurrentUser = Annotated[User, Depends(get_current_user)]


def get_visible_post(post_id: Id, viewer: Viewer, session: SessionDep) -> Post:
    post = crud.get_post(session, post_id, viewer)
    session.commit()
    if post is None:
        raise HTTPException(status_code=404, detail="Post not found")
    return post


VisiblePost = Annotated[Post, Depends(get_visible_post)]


async def get_own_post(user: CurrentUser, post: VisiblePost) -> Post:
    if post.author_id != user.id:
        raise HTTPException(status_code=403, detail="Only its author may change a post")
    return post


OwnPost = Annotated[Post, Depends(get_own_post)]
