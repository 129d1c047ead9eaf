"""Our own kind of fence: a diagram, by its name."""

import html
from collections.abc import Sequence
from typing import Any

from markdown import Markdown
from pymdownx.superfences import SuperFencesException  # type: ignore[import-untyped]


def diagram(
    source: str,
    language: str,
    css_class: str,
    options: dict[str, Any],
    md: Markdown,
    *,
    classes: Sequence[str] | None = None,
    id_value: str = "",
    attrs: dict[str, str] | None = None,
    **_: Any,
) -> str:
    """Return the drawing named by the fence's only line, inline, so that it follows the page's colours.

    A drawing that's on the page a second time gets its own ids.
    """
    from .diagrams import render

    name = source.strip()
    try:
        drawing = render(name)
    except KeyError as error:
        raise SuperFencesException(str(error)) from error  # any other is taken for ordinary code
    drawn = md.__dict__.setdefault("workbook_diagrams", [])  # mkdocs makes a Markdown for each page
    drawn.append(name)
    own = f"diagram-{name}" + (f"-{drawn.count(name)}" if drawn.count(name) > 1 else "")
    drawing = drawing.replace(f'"diagram-{name}-', f'"{own}-')
    return f'<figure class="diagram" id="{html.escape(own)}">{drawing}</figure>'
