"""One shape for every error: `{"success": false, "message": …, "errors": […]}`."""

import errno
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import (
    IntegrityError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException

from .advice import ADVICE, advise, allowed_methods

log = logging.getLogger("blog.errors")
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class FieldError(BaseModel):
    field: str
    message: str
    type: str


class ErrorResponse(BaseModel):
    model_config = ConfigDict(json_schema_serialization_defaults_required=True)
    success: Literal[False] = False
    message: str
    errors: list[FieldError] = []


def error_response(
    status_code: int,
    message: str = "",
    errors: list[FieldError] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    body = ErrorResponse(message=message or ADVICE[status_code], errors=errors or [])
    return JSONResponse(body.model_dump(), status_code=status_code, headers=headers)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return a route's `responses` for the errors that it may answer with."""
    return {
        status: {"model": ErrorResponse, "description": HTTPStatus(status).phrase}
        for status in statuses
    }


async def refused(request: Request, exc: HTTPException) -> JSONResponse:
    headers = dict(exc.headers or {})
    message = advise(exc.status_code, str(exc.detail))
    if is_full_disk(exc):
        headers["Retry-After"] = "60"
        message = "There is no room for this file; try again later"
        return error_response(status_code=503, message=message, headers=headers)
    if exc.status_code == 405:
        headers["Allow"] = allowed_methods(request)
        message = f"This path takes {headers['Allow']}"
    return error_response(status_code=exc.status_code, message=message, headers=headers)


def is_full_disk(exc: HTTPException) -> bool:
    """Whether the form's parser found no room for a file, which FastAPI calls a 400."""
    cause = exc.__cause__
    return isinstance(cause, OSError) and cause.errno in NO_ROOM


async def invalid(_: Request, exc: RequestValidationError) -> JSONResponse:
    """Name each wrong field, and echo nothing: what was sent may be a password."""
    errors = [
        FieldError(
            field=name_of(e["loc"]),
            message=e["msg"].partition(":")[0],  # behind it, some quote what was sent
            type=e["type"],
        )
        for e in exc.errors()
    ]
    message = "Some fields are not right; errors says which, and why"
    return error_response(status_code=422, message=message, errors=errors)


def name_of(loc: tuple[int | str, ...]) -> str:
    """Return the field's name, which the client made up if there's no such field."""
    return ".".join(map(str, loc)).encode("ascii", "backslashreplace").decode()[:200]


async def conflicting(_: Request, exc: SQLAlchemyError) -> JSONResponse:
    """Refuse a change of what another request has deleted or taken meanwhile."""
    log.info("conflict: %s", type(exc).__name__)
    message = "Someone else changed it at the same moment; read it again, then decide"
    return error_response(status_code=409, message=message)


async def unreachable(_: Request, exc: SQLAlchemyError) -> JSONResponse:
    """Say that the database is gone, full, or too busy: that passes."""
    log.error("the database does not answer", exc_info=exc)
    return error_response(status_code=503, headers={"Retry-After": "5"})


def handle_errors(app: FastAPI) -> None:
    """Give the app its handlers; a bug passes them and ends in CrashMiddleware."""
    handlers: dict[type[Exception], Any] = {
        HTTPException: refused,
        RequestValidationError: invalid,
        IntegrityError: conflicting,
        StaleDataError: conflicting,
        OperationalError: unreachable,
        InterfaceError: unreachable,
        PoolTimeout: unreachable,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
