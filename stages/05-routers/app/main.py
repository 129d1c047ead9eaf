"""The app: what it is called, what it needs to start, which routers it has."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

from .config import UPLOADS
from .database import engine
from .models import Base
from .routers import auth, posts, uploads, users


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    Base.metadata.create_all(engine)
    UPLOADS.mkdir(parents=True, exist_ok=True)
    yield
    engine.dispose()


app = FastAPI(
    title="A small blog",
    description="Users, posts and images, one router each",
    version="5.0.0",
    lifespan=lifespan,
)
app.include_router(auth.router)
app.include_router(users.router)
app.include_router(posts.router)
app.include_router(uploads.router)
app.mount("/files", StaticFiles(directory=UPLOADS, check_dir=False), name="files")


@app.get("/", tags=["Root"])
def root() -> dict[str, str]:
    return {"message": "The blog is running", "docs": "/docs"}


@app.exception_handler(RequestValidationError)
async def invalid(_: Request, exc: RequestValidationError) -> JSONResponse:
    """Name what is wrong. FastAPI's own handler echoes what was sent too, and fails if that's nested deeply."""
    return JSONResponse({"detail": [{k: e[k] for k in ("loc", "msg", "type")} for e in exc.errors()]}, 422)
