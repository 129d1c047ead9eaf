"""The app: what it needs to start, what's around every request, which routers."""

import logging.config
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware import Middleware
from fastapi.routing import APIRoute
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

from .config import UPLOADS, settings
from .database import create_tables, engine
from .errors import documented, handle_errors
from .logs import LOGGING
from .middleware import (
    ApiKeyMiddleware,
    CORSMiddleware,
    CrashMiddleware,
    HeadMiddleware,
    RequestLogMiddleware,
    SecurityHeadersMiddleware,
)
from .routers import auth, internal, posts, uploads, users
from .schemas import Root
from .storage import InertFiles


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    logging.config.dictConfig(LOGGING)  # now: at import, uvicorn would undo it
    create_tables()
    UPLOADS.mkdir(parents=True, exist_ok=True)
    yield
    engine.dispose()


def operation_id(route: APIRoute) -> str:
    """Name an operation like its function: generated clients get `create_post`."""
    return route.name


app = FastAPI(
    title="A small blog",
    description="Login, drafts, uploads, mail, and one shape for every error",
    version="5.0.0",
    lifespan=lifespan,
    generate_unique_id_function=operation_id,
    responses=documented(413, 500, 503),  # of every route
    # A text is decoded with any charset that a client names: docs/final-why.md#forms
    form_limits={"max_fields": 20, "max_part_size": 4096},
    middleware=[  # the outermost first
        Middleware(RequestLogMiddleware),  # so it sees what the others answer, too
        Middleware(SecurityHeadersMiddleware),
        Middleware(
            CORSMiddleware,  # outside whatever makes errors: a page can read those too
            allow_origins=settings.allowed_origins,
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-Request-ID"],
            expose_headers=["X-Request-ID", "X-Process-Time", "Retry-After"],
        ),
        Middleware(CrashMiddleware),
        # Inside CORS, unlike FastAPI(max_body_size=…); uploads have their own limit.
        Middleware(RequestBodyLimitMiddleware, max_body_size=256 * 1024),
        Middleware(ApiKeyMiddleware, prefix="/internal", key=settings.api_key),
        Middleware(HeadMiddleware),
    ],
)
handle_errors(app)
for module in (auth, users, posts, uploads, internal):
    app.include_router(module.router)
app.mount("/files", InertFiles(directory=UPLOADS, check_dir=False), name="files")


@app.get("/", tags=["Root"])
async def root() -> Root:
    return Root()
