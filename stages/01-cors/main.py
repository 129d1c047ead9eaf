"""CORS: which pages may read your replies."""

import logging
import re
import secrets
from time import perf_counter
from typing import Annotated, Literal, Self

from fastapi import Cookie, Depends, FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware import Middleware
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator
from pydantic_core import Url
from pydantic_settings import BaseSettings, NoDecode
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint

ORIGIN = re.compile(r"(?!(wss?|ftp|file|data|blob):)[a-z][a-z0-9+.-]*://[^/?#@*]+")


def split_at_commas(given: str | list[str]) -> list[str]:
    return re.findall(r"[^\s,]+", given) if isinstance(given, str) else given


def check_origin(given: str) -> str:
    """Refuse what no Origin header is equal to. Pydantic reads URLs as browsers do."""
    if given == "null":
        raise ValueError("any local file and any sandboxed page sends 'null'")
    try:
        sent = str(Url(given)).removesuffix("/").lower()
    except ValueError:
        sent = ""
    if given != "*" and not ORIGIN.fullmatch(sent):
        raise ValueError(f"{given!r} is no origin; write it like http://localhost:3000")
    if given not in ("*", sent):
        raise ValueError(f"no browser sends {given!r}, but {sent!r}")
    return given


Origin = Annotated[str, AfterValidator(check_origin)]
Origins = Annotated[list[Origin], NoDecode, BeforeValidator(split_at_commas)]


class Settings(BaseSettings):
    """Read from the environment; ALLOWED_ORIGINS has commas between the origins."""

    environment: Literal["development", "production"] = "development"
    allowed_origins: Origins = ["http://localhost:3000", "http://127.0.0.1:3000"]
    allow_credentials: bool = True

    @model_validator(mode="after")
    def check_together(self) -> Self:
        by_default = "allowed_origins" not in self.model_fields_set
        if by_default and self.environment == "production":
            self.allowed_origins = []
        if "*" in self.allowed_origins and self.allow_credentials:
            why = "with '*' any site could read what your users see"
            raise ValueError(f"ALLOWED_ORIGINS: {why}; name the origins")
        return self


settings = Settings()


async def answer_crashes(
    request: Request, call_next: RequestResponseEndpoint
) -> Response:
    started = perf_counter()
    try:
        response = await call_next(request)
    except Exception:
        logging.getLogger("app").exception("a route crashed")
        response = JSONResponse({"detail": "Internal server error"}, status_code=500)
    ms = (perf_counter() - started) * 1000
    response.headers["X-Process-Time"] = f"{ms:.2f}ms"
    return response


app = FastAPI(
    title="CORS",
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


# --- The API that the pages talk to


@app.exception_handler(RequestValidationError)
async def invalid(request: Request, exc: RequestValidationError) -> JSONResponse:
    """Name what's wrong. FastAPI's own handler echoes it, and some of it can't be."""
    errors = [{key: e[key] for key in ("loc", "msg", "type")} for e in exc.errors()]
    return JSONResponse({"detail": errors}, status_code=422)


Text = Annotated[str, Field(min_length=1, max_length=100)]


class SessionCreate(BaseModel):
    name: Text


class User(BaseModel):
    name: str
    known_by: Literal["Authorization", "cookie"]


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


@app.post("/sessions", status_code=201)
async def sign_in(new: SessionCreate, response: Response) -> dict[str, str]:
    token = secrets.token_urlsafe()
    SESSIONS[token] = new.name
    in_production = settings.environment == "production"
    response.set_cookie("session", token, httponly=True, secure=in_production)
    return {"access_token": token}


bearer = HTTPBearer(auto_error=False)


def current_user(
    token: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    session: Annotated[str, Cookie()] = "",
) -> User:
    if token and token.credentials in SESSIONS:
        return User(name=SESSIONS[token.credentials], known_by="Authorization")
    if session in SESSIONS:
        return User(name=SESSIONS[session], known_by="cookie")
    headers = {"WWW-Authenticate": "Bearer"}
    raise HTTPException(status_code=401, detail="Sign in first", headers=headers)


CurrentUser = Annotated[User, Depends(current_user)]


@app.get("/me")
async def read_me(user: CurrentUser) -> User:
    return user


@app.get("/posts")
async def list_posts(response: Response) -> list[Post]:
    response.headers["X-Total-Count"] = str(len(POSTS))
    return list(POSTS.values())


@app.post("/posts", status_code=201)
async def create_post(new: PostCreate, user: CurrentUser, response: Response) -> Post:
    post = Post(id=max(POSTS, default=0) + 1, title=new.title, author=user.name)
    POSTS[post.id] = post
    response.headers["Location"] = f"/posts/{post.id}"
    return post


def existing_post(post_id: int) -> Post:
    if post_id not in POSTS:
        raise HTTPException(status_code=404, detail="Post not found")
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
        raise HTTPException(status_code=403, detail="Not your post")
    del POSTS[post.id]


@app.get("/crash")
async def crash() -> None:
    raise RuntimeError("a bug")
