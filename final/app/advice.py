"""What an error tells the client to do, where its own message doesn't."""

from http import HTTPStatus

from fastapi import Request
from fastapi.staticfiles import StaticFiles
from starlette.routing import Match

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ADVICE = {
    400: "This request is malformed; "
    "check its headers, and that a body is whole, UTF-8, and of its Content-Type",
    404: "Nothing is here; /docs lists what there is",
    413: "The body is too large; send less",
    416: "The file has no such part; ask without Range",
    500: "Internal server error; if it stays, report the X-Request-ID of this reply",
    503: "The service cannot answer at the moment; try again in a few seconds",
}
# What Starlette and FastAPI say that helps no client.
UNHELPFUL = {
    "Content Too Large",  # the phrase of a 413 in newer Pythons
    "There was an error parsing the body",
    "Invalid multipart data.",
}


def advise(status: int, message: str) -> str:
    """Return the message, or better advice if it's only the name of the status."""
    if message in {HTTPStatus(status).phrase, *UNHELPFUL}:
        return ADVICE.get(status, message)
    return message


def allowed_methods(request: Request) -> str:
    """Return the methods that a path takes; Starlette names those of one route."""
    routes, scope = request.app.routes, request.scope
    if isinstance(scope.get("endpoint"), StaticFiles):
        return "GET, HEAD"  # /files has none of those routes
    found = {
        method
        for method in METHODS
        for route in routes
        if route.matches({**scope, "method": method})[0] is Match.FULL
    }
    if "GET" in found:
        found.add("HEAD")  # HeadMiddleware makes a GET of it
    return ", ".join(method for method in METHODS if method in found)
