"""The diagrams of the site: SVG made at build, one for both colour schemes, without a script."""

from collections.abc import Callable

from . import background, course, error, onion, preflight, project, routers, upload

_DRAWN: dict[str, Callable[[], str]] = {
    "course": course.draw,
    "onion": onion.draw,
    "preflight": preflight.draw,
    "background": background.draw,
    "upload": upload.draw,
    "routers": routers.draw,
    "error": error.draw,
    "project": project.draw,
}
NAMES = tuple(_DRAWN)


def render(name: str) -> str:
    """The diagram as an inline SVG. Raises `KeyError` that names the known ones.

    The links of `course` are written as from the home page.
    """
    if name not in _DRAWN:
        raise KeyError(f"There is no diagram “{name}”. Known: {', '.join(NAMES)}.")
    return _DRAWN[name]()
