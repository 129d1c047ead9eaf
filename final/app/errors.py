"""One shape for every error: `{"success": false, "message": …, "errors": […]}`."""

import errno
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException
from starlette.routing import Match

log = logging.getLogger("blog.errors")
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# What Starlette and FastAPI say who do not say what to do; the first is a 413 in the words of newer Pythons.
UNHELPFUL = {"Content Too Large", "There was an error parsing the body", "Invalid multipart data."}
# What to do, where whoever raised the error said no more than that, or than the status's name.
ADVICE = {
    400: "This request is malformed; check its headers, and that a body is whole, UTF-8, and of its Content-Type",
    404: "Nothing is here; /docs lists what there is",
    413: "The body is too large; send less",
    416: "The file has no such part; ask without Range",
    500: "Internal server error; if it stays, report the X-Request-ID of this reply",
    503: "The service cannot answer at the moment; try again in a few seconds",
}


class FieldError(BaseModel):
    field: str
    message: str
    type: str


class ErrorResponse(BaseModel):
    success: Literal[False] = False
    message: str
    errors: list[FieldError] = []


def error_response(
    status: int, message: str = "", errors: list[FieldError] | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    body = ErrorResponse(message=message or ADVICE[status], errors=errors or [])
    return JSONResponse(body.model_dump(), status, headers)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route's `responses` say about the errors that it may answer with."""
    return {status: {"model": ErrorResponse, "description": HTTPStatus(status).phrase} for status in statuses}


def refused(request: Request, error: HTTPException) -> JSONResponse:
    message, headers = str(error.detail), dict(error.headers or {})
    if error.status_code == 400 and isinstance(error.__cause__, OSError) and error.__cause__.errno in NO_ROOM:
        # The form parser writes large files down while they come; FastAPI takes its failure for the client's.
        return error_response(503, "There is no room for this file; try again later", headers={"Retry-After": "60"})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(allowed_methods(request)) or "GET, HEAD"  # below /files there are no routes
        message = f"This path takes {headers['Allow']}"
    elif message in {HTTPStatus(error.status_code).phrase, *UNHELPFUL}:
        message = ADVICE.get(error.status_code, message)
    return error_response(error.status_code, message, headers=headers)


def allowed_methods(request: Request) -> list[str]:
    """The methods that the path takes. Starlette's 405 names those of the first route with that path alone."""
    routes, scope = request.app.routes, request.scope
    found = {m for m in METHODS if any(r.matches({**scope, "method": m})[0] is Match.FULL for r in routes)}
    return [m for m in METHODS if m in found or (m == "HEAD" and "GET" in found)]  # HeadMiddleware makes a GET of it


def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
    """Names each wrong field, and echoes nothing: what was sent may be a password."""
    errors = [FieldError(field=_field(e["loc"]), message=e["msg"], type=e["type"]) for e in error.errors()]
    return error_response(422, "Some fields are not right; errors says which, and why", errors)


def _field(loc: tuple[int | str, ...]) -> str:
    # A field's name comes from the client where it is one that does not exist.
    return ".".join(map(str, loc)).encode("ascii", "backslashreplace").decode()[:200]


def conflicting(_: Request, error: SQLAlchemyError) -> JSONResponse:
    """Somebody deleted or took meanwhile what this request was about to change."""
    log.info("conflict: %s", type(error).__name__)
    return error_response(409, "It was changed by somebody else at the same moment; read it again, then decide")


def unreachable(_: Request, error: SQLAlchemyError) -> JSONResponse:
    """The database is gone, full, or too busy: that passes."""
    log.error("the database does not answer", exc_info=error)
    return error_response(503, headers={"Retry-After": "5"})


def handle_errors(app: FastAPI) -> None:
    """Give the app its handlers. What none of them takes, a bug, ends in middleware.py's `CrashMiddleware`."""
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
