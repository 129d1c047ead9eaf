"""The diagrams of the site: SVG made at build, one for both colour schemes, without scripts."""

import re
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


# In a file there's no page around the drawing, so it takes its colours from what the reader's system asks for.
_IN_A_FILE = """<style>@media(prefers-color-scheme:dark){.drawing{--ink:#f0f6fc;--paper:#151b23;--line:#9198a1;\
--accent:#a5b4fc;--no:#ffa198;--yes:#7ee2a0}}</style><rect width="100%" height="100%" style="stroke:none"/>"""
_HEAD = re.compile(r'<svg class="drawing"(.*? viewBox="0 0 ([\d.]+) ([\d.]+)".*?</style>)', re.DOTALL)


def render_file(name: str) -> str:
    """Return the diagram as the text of an SVG file. Raises `KeyError` that names the known ones."""
    drawn = _HEAD.sub(
        lambda head: f'<svg class="drawing" width="{head[2]}" height="{head[3]}"{head[1]}{_IN_A_FILE}', render(name)
    )
    return f"{drawn}\n"


def render(name: str) -> str:
    """Return the diagram as an inline SVG. Raises `KeyError` that names the known ones.

    The links of `course` are written as from the home page.
    """
    if name not in _DRAWN:
        raise KeyError(f"There's no diagram “{name}”. Known: {', '.join(NAMES)}.")
    return _DRAWN[name]()
