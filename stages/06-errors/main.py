"""Errors: one shape for all of them, from a typo to a crash."""

import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Generic, Literal, TypeVar
from uuid import uuid4

from fastapi import Depends, FastAPI, HTTPException, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware import Middleware
from fastapi.middleware.cors import CORSMiddleware as PlainCORSMiddleware
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import Receive, Scope, Send

T = TypeVar("T")
log = logging.getLogger("blog")
engine = create_engine("sqlite:///blog.db?timeout=15", hide_parameters=True)


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)


class UserCreate(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=50)]
    email: Annotated[EmailStr, AfterValidator(str.lower)]


class UserPublic(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    name: str


class APIResponse(BaseModel, Generic[T]):
    success: Literal[True] = True
    message: str
    data: T


class FieldError(BaseModel):
    field: str
    message: str
    type: str


class ErrorResponse(BaseModel):
    success: Literal[False] = False
    message: str
    errors: list[FieldError] = []


def error_response(
    status_code: int,
    message: str,
    errors: list[FieldError] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    body = ErrorResponse(message=message, errors=errors or [])
    return JSONResponse(body.model_dump(), status_code=status_code, headers=headers)


async def failure(
    request: Request, exc: Exception, message: str = "Internal server error"
) -> Response:
    """Log it under an id, and show only the id. Stage 01 answers a crash by hand."""
    error_id = uuid4().hex
    log.error("%s %s %r", error_id, request.method, request.url.path, exc_info=exc)
    headers = {"X-Error-ID": error_id}
    return error_response(status_code=500, message=message, headers=headers)


class BodyLimitMiddleware(RequestBodyLimitMiddleware):
    """Refuses in the one shape; Starlette's own refusal may be plain text."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            length = Headers(scope=scope).get("content-length", "").lstrip("0")[:20]
            if length.isdecimal() and int(length) > self.max_body_size:
                refusal = error_response(status_code=413, message="Content Too Large")
                return await refusal(scope, receive, send)
        await super().__call__(scope, receive, send)


class CORSMiddleware(PlainCORSMiddleware):
    """Refuses a preflight in the one shape too; Starlette's refusal is plain text."""

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        kept = {
            name: value
            for name, value in response.headers.items()
            if not name.startswith("content-")
        }
        message = bytes(response.body).decode()
        status = response.status_code
        return error_response(status_code=status, message=message, headers=kept)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    Base.metadata.create_all(engine)
    yield


app = FastAPI(
    title="Errors",
    lifespan=lifespan,
    middleware=[  # the outermost first
        Middleware(
            CORSMiddleware,
            allow_origins=["http://localhost:3000"],
            expose_headers=["X-Error-ID"],
        ),
        Middleware(ServerErrorMiddleware, handler=failure),
        # FastAPI(max_body_size=…) would be outside CORS: no page could read its 413.
        Middleware(BodyLimitMiddleware, max_body_size=256 * 1024),
    ],
    responses={"default": {"model": ErrorResponse, "description": "Every error"}},
)


@app.exception_handler(AnyHTTPException)
async def refused(_: Request, exc: AnyHTTPException) -> Response:
    return error_response(
        status_code=exc.status_code, message=str(exc.detail), headers=exc.headers
    )


@app.exception_handler(RequestValidationError)
async def invalid(_: Request, exc: RequestValidationError) -> Response:
    errors = [
        FieldError(
            field=".".join(map(str, e["loc"])),
            message=e["msg"].partition(":")[0],  # behind it, some quote what was sent
            type=e["type"],
        )
        for e in exc.errors()
    ]
    return error_response(status_code=422, message="Validation failed", errors=errors)


@app.exception_handler(SQLAlchemyError)
async def database_failed(request: Request, exc: SQLAlchemyError) -> Response:
    return await failure(request, exc, "Database error")


def get_session() -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as session:
        yield session


# scope="function": closed before the response, not after it
SessionDep = Annotated[Session, Depends(get_session, scope="function")]


def find_user(
    user_id: Annotated[int, Path(ge=1, le=2**31 - 1)], session: SessionDep
) -> User:
    user = session.get(User, user_id)
    session.commit()  # gives the connection back: the route may wait for a thread first
    if user is None:
        raise HTTPException(status_code=404, detail="User not found")
    return user


def register(session: Session, new: UserCreate) -> User:
    user = User(**new.model_dump())
    session.add(user)
    try:
        session.commit()
    except IntegrityError:
        detail = "Email already registered"
        raise HTTPException(status_code=409, detail=detail) from None
    return user


FoundUser = Annotated[User, Depends(find_user)]


@app.post("/users", status_code=201)
def create_user(new: UserCreate, session: SessionDep) -> APIResponse[UserPublic]:
    user = UserPublic.model_validate(register(session, new))
    return APIResponse(message="User created", data=user)


@app.get("/users")
def list_users(
    session: SessionDep, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> APIResponse[list[UserPublic]]:
    newest = session.scalars(select(User).order_by(User.id.desc()).limit(limit)).all()
    session.commit()
    users = [UserPublic.model_validate(user) for user in newest]
    return APIResponse(message="Newest users", data=users)


@app.get("/users/{user_id}")
def read_user(user: FoundUser) -> APIResponse[UserPublic]:
    return APIResponse(message="User found", data=UserPublic.model_validate(user))


@app.post("/users/{user_id}/archive")
def archive_user(user: FoundUser, session: SessionDep) -> None:
    """Fails on purpose: the migration that adds the column was forgotten."""
    query = text("UPDATE users SET archived = 1 WHERE email = :email")
    session.execute(query, {"email": user.email})


@app.get("/report", dependencies=[Depends(HTTPBearer())])
def read_report() -> None:
    detail = "The report is not ready"
    headers = {"Retry-After": "30"}
    raise HTTPException(status_code=503, detail=detail, headers=headers)


@app.get("/crash")
def crash() -> None:
    raise RuntimeError("a bug")
