"""Boxes, arrows and text on an SVG that follows the page's colours and is readable on a phone."""

import html
import math
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

# At 360 pixels a page leaves about 328 for its content: nothing is written smaller than 12 of them.
WIDTH = 344
XLINK = "http://www.w3.org/1999/xlink"
RADIUS = 8
LINE = 18
SIZES = {"name": 14, "text": 13.2, "code": 13}
Style = Literal["name", "text", "code"]
Kind = Literal["plain", "layer", "accent", "no", "yes", "code"]
Point = tuple[float, float]
Words = tuple[Style, str]

# The variables are Material's and the site's own; the value after the comma is for a page without them.
STYLE = """
.drawing{--ink:var(--md-default-fg-color,#1f2328);--paper:var(--md-default-bg-color,#fff);
--line:var(--md-default-fg-color--light,#5f6670);--accent:var(--md-typeset-a-color,#3949ab);--no:var(--wb-bad,#a61b1b);--yes:var(--wb-good,#11632f);
display:block;height:auto;margin:0 auto;overflow:visible;
font-family:var(--md-text-font-family,system-ui,sans-serif);font-size:13.2px}
svg.drawing.drawing{width:440px;max-width:100%}
@media screen{[data-md-color-scheme=slate] .drawing{--no:var(--wb-bad,#ffa198);--yes:var(--wb-good,#7ee2a0)}}
.drawing text{fill:var(--ink)}
.drawing .name{font-size:14px;font-weight:600}
.drawing .code{font-size:13px;font-family:var(--md-code-font-family,ui-monospace,monospace)}
.drawing rect{fill:var(--paper);stroke:var(--line);stroke-width:1.25}
.drawing .layer>rect{fill:color-mix(in srgb,var(--ink) 4%,var(--paper))}
.drawing .code>rect{fill:color-mix(in srgb,var(--ink) 7%,var(--paper))}
.drawing .accent>rect{fill:color-mix(in srgb,var(--accent) 10%,var(--paper));stroke:var(--accent);stroke-width:2}
.drawing .no>rect{fill:color-mix(in srgb,var(--no) 8%,var(--paper));stroke:var(--no);stroke-dasharray:5 3}
.drawing .yes>rect{fill:color-mix(in srgb,var(--yes) 8%,var(--paper));stroke:var(--yes)}
.drawing text.no{fill:var(--no)}.drawing text.yes{fill:var(--yes)}.drawing text.accent{fill:var(--accent)}
.drawing path{fill:none;stroke:var(--ink);stroke-width:1.75;stroke-linejoin:round}
.drawing path.head{fill:var(--ink);stroke:none}
.drawing path.accent{stroke:var(--accent)}.drawing path.head.accent{fill:var(--accent);stroke:none}
.drawing path.no{stroke:var(--no);stroke-dasharray:5 3}.drawing path.head.no{fill:var(--no);stroke:none}
.drawing path.yes{stroke:var(--yes)}.drawing path.head.yes{fill:var(--yes);stroke:none}
.drawing path.faint{stroke:var(--line);stroke-width:1.25;stroke-dasharray:2 4}
.drawing a:hover rect,.drawing a:focus-visible rect{stroke:var(--accent);stroke-width:3}
.drawing a:hover text{text-decoration:underline}
@media print{.drawing{break-inside:avoid}}
""".replace("\n", "")


class Box(NamedTuple):
    """Where a box is."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def right(self) -> float:
        return self.x + self.width


class Canvas:
    """A diagram that's being drawn. `told` describes it for readers who can't see it."""

    def __init__(self, name: str, title: str, told: str) -> None:
        self.name, self.title, self.told = name, title, told
        self._drawn: list[str] = []
        self._links = False

    def box(self, at: Box, *lines: Words, kind: Kind = "plain", link: str = "", top: float | None = None) -> Box:
        """Draw a box with its lines in the middle, or from `top` pixels below its upper edge, and return it."""
        first = at.y + (top if top is not None else (at.height - LINE * len(lines)) / 2)
        rows = [_text(at.middle, first + LINE * n + 13.5, words, "middle") for n, words in enumerate(lines)]
        rect = f'<rect x="{at.x:g}" y="{at.y:g}" width="{at.width:g}" height="{at.height:g}" rx="{RADIUS}"/>'
        drawn = f'<g class="{kind}">{rect}{"".join(rows)}</g>'
        self._links |= bool(link)
        # Not href: Material sets that of every element that has one, and an SVG's link has none that can be set.
        self._drawn.append(f'<a xlink:href="{html.escape(link)}">{drawn}</a>' if link else drawn)
        return at

    def text(self, x: float, y: float, *lines: Words, anchor: str = "start", kind: str = "") -> None:
        """Draw lines of text; `y` is the first one's base line."""
        self._drawn += [_text(x, y + LINE * n, words, anchor, kind) for n, words in enumerate(lines)]

    def arrow(self, *points: Point, kind: str = "", head: bool = True) -> None:
        """Draw a line from point to point, with an arrow's head at the last."""
        end = points[-1]
        if head:
            self._drawn.append(_head(points[-2], end, kind))
            end = _before(points[-2], end, 6)
        way = " L".join(f"{x:g} {y:g}" for x, y in [*points[:-1], end])
        self._drawn.append(f'<path class="{kind}" d="M{way}"/>')

    def dot(self, x: float, y: float, kind: str = "") -> None:
        """Draw a dot where two lines meet."""
        self._drawn.append(f'<path class="head {kind}" d="M{x - 3.5:g} {y:g}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0"/>')

    def svg(self, height: float) -> str:
        """Return the whole as SVG; with links it's a group, because no keyboard reaches what's inside an image."""
        named = f"diagram-{self.name}"
        role = "group" if self._links else "img"
        return (
            f'<svg class="drawing" xmlns="http://www.w3.org/2000/svg" xmlns:xlink="{XLINK}" '
            f'viewBox="0 0 {WIDTH} {height:g}" role="{role}" '
            f'aria-labelledby="{named}-title" aria-describedby="{named}-desc"><style>{STYLE}</style>'
            f'<title id="{named}-title">{html.escape(self.title)}</title>'
            f'<desc id="{named}-desc">{html.escape(self.told)}</desc>{"".join(self._drawn)}</svg>'
        )


def stack(x: float, y: float, width: float, heights: Iterable[float], gap: float) -> Sequence[Box]:
    """Return boxes one below the other, `gap` pixels apart."""
    boxes: list[Box] = []
    for height in heights:
        boxes.append(Box(x, boxes[-1].bottom + gap if boxes else y, width, height))
    return boxes


def _text(x: float, y: float, words: Words, anchor: str, kind: str = "") -> str:
    style, text = words
    return f'<text class="{style} {kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{html.escape(text)}</text>'


def _before(start: Point, end: Point, distance: float) -> Point:
    length = math.dist(start, end)
    return end[0] - (end[0] - start[0]) / length * distance, end[1] - (end[1] - start[1]) / length * distance


def _head(start: Point, end: Point, kind: str) -> str:
    back_x, back_y = _before(start, end, 9)
    aside_x, aside_y = (end[1] - back_y) / 2, (back_x - end[0]) / 2
    left, right = (back_x + aside_x, back_y + aside_y), (back_x - aside_x, back_y - aside_y)
    corners = " L".join(f"{x:.2f} {y:.2f}" for x, y in (end, left, right))
    return f'<path class="head {kind}" d="M{corners}Z"/>'
