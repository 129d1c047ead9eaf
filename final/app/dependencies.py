"""What routes ask for: who is calling, which post, which part of a list.

A function that waits for the database is a plain `def`, and runs in a thread. One that waits for nothing is `async`:
the way into a thread and back would cost more than it does.
"""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Path, Query, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session

from . import crud, security
from .database import Db
from .models import Post, User

Id = Annotated[int, Path(ge=1, le=security.MAX_ID)]
Skip = Annotated[int, Query(ge=0, le=2**31 - 1)]
Limit = Annotated[int, Query(ge=1, le=100)]


async def take_turn() -> AsyncIterator[None]:
    yield


# Files are checked a few at a time. Who waits for that here holds no thread that other routes need.
in_turn = Depends(take_turn, scope="function", max_concurrency=4)

bearer = HTTPBearer(auto_error=False, description="The `access_token` that POST /auth/login answers with")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]
OR_NO_LOGIN: dict[str, Any] = {"security": [{}]}  # FastAPI documents every login as required; this adds: or none
# ApiKeyMiddleware looks at the key; this tells the OpenAPI page about it.
api_key = APIKeyHeader(name="X-API-Key", auto_error=False, description="The setting API_KEY")


def unauthorized(detail: str) -> HTTPException:
    return HTTPException(401, detail, headers={"WWW-Authenticate": "Bearer"})


async def get_viewer(credentials: Credentials, db: Db) -> User | None:
    """The user whom the token names; None without a token. A token that is no good is refused."""
    return await run_in_threadpool(find_user, credentials.credentials, db) if credentials else None


def find_user(token: str, db: Session) -> User:
    user_id = security.read_token(token)
    user = crud.get_user(db, user_id) if user_id is not None else None
    db.commit()  # see database.py: no transaction is open between this and the route
    if user is None:
        raise unauthorized("This token is invalid or expired: log in again")
    return user


Viewer = Annotated[User | None, Depends(get_viewer)]


async def get_current_user(viewer: Viewer) -> User:
    if viewer is None:
        raise unauthorized("Log in first, and send the token: Authorization: Bearer TOKEN")
    return viewer


CurrentUser = Annotated[User, Depends(get_current_user)]


def get_visible_post(post_id: Id, viewer: Viewer, db: Db) -> Post:
    post = crud.get_post(db, post_id, viewer)
    db.commit()
    if post is None:
        raise HTTPException(404, "Post not found")
    return post


VisiblePost = Annotated[Post, Depends(get_visible_post)]


async def get_own_post(user: CurrentUser, post: VisiblePost) -> Post:
    if post.author_id != user.id:
        raise HTTPException(403, "Only its author may change a post")
    return post


OwnPost = Annotated[Post, Depends(get_own_post)]
