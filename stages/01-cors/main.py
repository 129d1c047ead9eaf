"""CORS: which pages may read your responses."""

import logging
import secrets
from time import perf_counter

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware import Middleware
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

from blog import (
    POSTS,
    SESSIONS,
    CurrentUser,
    ExistingPost,
    Post,
    PostCreate,
    SessionCreate,
)
from config import settings


async def answer_crashes(
    request: Request, call_next: RequestResponseEndpoint
) -> Response:
    """Answer a crash inside CORSMiddleware; FastAPI's own 500 lacks CORS headers."""
    started = perf_counter()
    try:
        response = await call_next(request)
    except Exception:
        logging.exception("a route crashed")
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
        Middleware(RequestBodyLimitMiddleware, max_body_size=64 * 1024),
    ],
)


# --- The API that the pages talk to. Two threads could change a post at once: so no
# route runs in one, and all are `async`, though none awaits anything.


@app.exception_handler(RequestValidationError)
async def invalid(request: Request, exc: RequestValidationError) -> JSONResponse:
    """Name what's wrong, and send nothing back: half an emoji can't be encoded."""
    errors = [{key: e[key] for key in ("loc", "msg", "type")} for e in exc.errors()]
    return JSONResponse({"detail": errors}, status_code=422)


@app.post("/sessions", status_code=201)
async def sign_in(new: SessionCreate, response: Response) -> dict[str, str]:
    token = secrets.token_urlsafe()
    SESSIONS[token] = new.name
    in_production = settings.environment == "production"
    response.set_cookie("session", token, httponly=True, secure=in_production)
    return {"access_token": token}


@app.get("/me")
async def read_me(user: CurrentUser) -> dict[str, str]:
    return {"name": user}


@app.get("/posts")
async def list_posts(response: Response) -> list[Post]:
    response.headers["X-Total-Count"] = str(len(POSTS))
    return list(POSTS.values())


@app.post("/posts", status_code=201)
async def create_post(new: PostCreate, user: CurrentUser, response: Response) -> Post:
    post = Post(id=max(POSTS, default=0) + 1, title=new.title, author=user)
    POSTS[post.id] = post
    response.headers["Location"] = f"/posts/{post.id}"
    return post


@app.get("/posts/{post_id}")
async def read_post(post: ExistingPost) -> Post:
    return post


@app.post("/posts/{post_id}/likes")
async def like_post(post: ExistingPost) -> Post:
    post.likes += 1
    return post


@app.delete("/posts/{post_id}", status_code=204)
async def delete_post(post: ExistingPost, user: CurrentUser) -> None:
    if post.author != user:
        raise HTTPException(status_code=403, detail="Not your post")
    del POSTS[post.id]


@app.get("/crash")
async def crash() -> None:
    raise RuntimeError("a bug")
