"""The diagrams of the site: SVG made at build, one for both colour schemes, without scripts."""

from collections.abc import Callable

from . import background, course, error, onion, preflight, project, routers, upload

_DRAWN: dict[str, Callable[[], str]] = {
    "course": course.draw_course,
    "onion": onion.draw_onion,
    "preflight": preflight.draw_preflight,
    "background": background.draw_background,
    "upload": upload.draw_upload,
    "routers": routers.draw_routers,
    "error": error.draw_error,
    "project": project.draw_project,
}
NAMES = tuple(_DRAWN)


def render(name: str) -> str:
    """Return the diagram as an inline SVG. Raises `KeyError` that names the known ones.

    The links of `course` are written as from the home page.
    """
    if name not in _DRAWN:
        raise KeyError(f"There is no diagram “{name}”. Known: {', '.join(NAMES)}.")
    return _DRAWN[name]()
