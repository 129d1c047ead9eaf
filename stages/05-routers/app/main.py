"""The app: what it is called, what it needs to start, which routers it has."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from .config import UPLOADS
from .database import engine
from .models import Base
from .routers import auth, posts, uploads, users
from .storage import InertFiles


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
    max_body_size=256 * 1024,  # uploads have their own limit
)
app.include_router(auth.router)
app.include_router(users.router)
app.include_router(posts.router)
app.include_router(uploads.router)
app.mount("/files", InertFiles(directory=UPLOADS, check_dir=False), name="files")


@app.get("/", tags=["Root"])
def root() -> dict[str, str]:
    return {"message": "API is running", "docs": "/docs"}


@app.exception_handler(RequestValidationError)
async def invalid(request: Request, exc: RequestValidationError) -> JSONResponse:
    """Name what's wrong, and send nothing back: half an emoji can't be encoded."""
    errors = [{key: e[key] for key in ("loc", "msg", "type")} for e in exc.errors()]
    return JSONResponse({"detail": errors}, status_code=422)


@app.exception_handler(IntegrityError)
@app.exception_handler(StaleDataError)
async def conflicting(request: Request, exc: Exception) -> JSONResponse:
    """Refuse to change what was deleted after the request had read it."""
    return JSONResponse({"detail": "Someone has just deleted it"}, status_code=409)
