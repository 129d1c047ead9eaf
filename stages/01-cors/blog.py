"""The blog that the pages talk to: its posts, and who is signed in. CORS isn't here."""

from typing import Annotated

from fastapi import Cookie, Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field

Text = Annotated[str, Field(min_length=1, max_length=100)]


class SessionCreate(BaseModel):
    name: Text


class PostCreate(BaseModel):
    title: Text


class Post(BaseModel):
    title: str
    id: int
    author: str
    likes: int = 0


SESSIONS: dict[str, str] = {}
POSTS = {
    1: Post(id=1, title="Origins", author="Ada"),
    2: Post(id=2, title="Cookies", author="Grace", likes=3),
}

bearer = HTTPBearer(auto_error=False)


async def get_current_user(
    token: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    cookie: Annotated[str, Cookie(alias="session")] = "",
) -> str:
    name = SESSIONS.get(token.credentials if token else cookie)
    if name is None:
        headers = {"WWW-Authenticate": "Bearer"}
        raise HTTPException(status_code=401, detail="Sign in first", headers=headers)
    return name


CurrentUser = Annotated[str, Depends(get_current_user)]


async def existing_post(post_id: int) -> Post:
    if post_id not in POSTS:
        raise HTTPException(status_code=404, detail="Post not found")
    return POSTS[post_id]


ExistingPost = Annotated[Post, Depends(existing_post)]
