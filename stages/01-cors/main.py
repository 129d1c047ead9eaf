"""CORS: which pages may read your replies."""

import logging
import re
import secrets
from time import perf_counter
from typing import Annotated, Literal, Self

from fastapi import Cookie, Depends, FastAPI, HTTPException, Request, Response, exceptions
from fastapi.middleware import Middleware
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, BeforeValidator, Field, ValidationInfo, model_validator
from pydantic_settings import BaseSettings, NoDecode
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint

ORIGIN = re.compile(r"[a-z-]+://[^\sA-Z/?#@*]+")  # as a browser sends it: lower case, nothing after the port
DEFAULT_ORIGINS = {"development": ["http://localhost:3000", "http://127.0.0.1:3000"], "production": []}


def read_origins(given: str | list[str], info: ValidationInfo) -> list[str]:
    origins = [one.strip() for one in given.split(",") if one.strip()] if isinstance(given, str) else given
    if bad := [one for one in origins if one != "*" and not ORIGIN.fullmatch(one)]:
        raise ValueError(f"{str(info.field_name).upper()}: no browser sends {bad}; write it like http://localhost:3000")
    return origins


Origins = Annotated[list[str], NoDecode, BeforeValidator(read_origins)]


class Settings(BaseSettings):
    """Read from the environment: ENVIRONMENT, ALLOWED_ORIGINS (with commas between them), ALLOW_CREDENTIALS."""

    environment: Literal["development", "production"] = "development"
    allowed_origins: Origins = Field(default_factory=lambda given: DEFAULT_ORIGINS[given["environment"]])
    allow_credentials: bool = True

    @model_validator(mode="after")
    def refuse_wildcard_with_credentials(self) -> Self:
        if "*" in self.allowed_origins and self.allow_credentials:
            raise ValueError("ALLOWED_ORIGINS: with '*' any site could read what your users see; name the origins")
        return self


settings = Settings()


async def answer_crashes(request: Request, call_next: RequestResponseEndpoint) -> Response:
    started = perf_counter()
    try:
        response = await call_next(request)
    except Exception:
        logging.getLogger("app").exception("a route crashed")
        response = JSONResponse({"detail": "Internal server error"}, 500)
    response.headers["X-Process-Time"] = f"{(perf_counter() - started) * 1000:.2f}ms"
    return response


async def invalid(_: Request, exc: exceptions.RequestValidationError) -> Response:
    return JSONResponse({"detail": [{k: e[k] for k in ("loc", "msg", "type")} for e in exc.errors()]}, 422)


app = FastAPI(
    title="CORS",
    exception_handlers={exceptions.RequestValidationError: invalid},  # FastAPI's own fails on deep JSON: it echoes it
    middleware=[  # the outermost first
        Middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_credentials=settings.allow_credentials,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["Location", "X-Process-Time"],
        ),
        Middleware(BaseHTTPMiddleware, dispatch=answer_crashes),
    ],
)


class NewSession(BaseModel):
    name: str


class User(BaseModel):
    name: str
    known_by: Literal["Authorization", "cookie"]


class NewPost(BaseModel):
    title: str


class Post(NewPost):
    id: int
    author: str
    likes: int = 0


SESSIONS: dict[str, str] = {}
POSTS = {1: Post(id=1, title="Origins", author="Ada"), 2: Post(id=2, title="Cookies", author="Grace", likes=3)}


@app.post("/sessions", status_code=201)
async def sign_in(new: NewSession, response: Response) -> dict[str, str]:
    SESSIONS[token := secrets.token_urlsafe()] = new.name
    response.set_cookie("session", token, httponly=True, secure=settings.environment == "production")
    return {"access_token": token}


def current_user(
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))],
    session: Annotated[str, Cookie()] = "",
) -> User:
    if bearer and bearer.credentials in SESSIONS:
        return User(name=SESSIONS[bearer.credentials], known_by="Authorization")
    if session in SESSIONS:
        return User(name=SESSIONS[session], known_by="cookie")
    raise HTTPException(401, "Sign in first", headers={"WWW-Authenticate": "Bearer"})


CurrentUser = Annotated[User, Depends(current_user)]


@app.get("/me")
async def read_me(user: CurrentUser) -> User:
    return user


@app.get("/posts")
async def list_posts(response: Response) -> list[Post]:
    response.headers["X-Total-Count"] = str(len(POSTS))
    return list(POSTS.values())


@app.post("/posts", status_code=201)
async def create_post(new: NewPost, user: CurrentUser, response: Response) -> Post:
    post = Post(id=max(POSTS, default=0) + 1, title=new.title, author=user.name)
    POSTS[post.id] = post
    response.headers["Location"] = f"/posts/{post.id}"
    return post


def existing_post(post_id: int) -> Post:
    if post_id not in POSTS:
        raise HTTPException(404, "Post not found")
    return POSTS[post_id]


ExistingPost = Annotated[Post, Depends(existing_post)]


@app.get("/posts/{post_id}")
async def read_post(post: ExistingPost) -> Post:
    return post


@app.post("/posts/{post_id}/likes")
async def like_post(post: ExistingPost) -> Post:
    post.likes += 1
    return post


@app.delete("/posts/{post_id}", status_code=204)
async def delete_post(post: ExistingPost, user: CurrentUser) -> None:
    if post.author != user.name:
        raise HTTPException(403, "Not your post")
    del POSTS[post.id]


@app.get("/crash")
async def crash() -> None:
    raise RuntimeError("a bug")
