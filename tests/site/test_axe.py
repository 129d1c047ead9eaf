"""Nobody is kept out: axe finds no violation on any page, whatever the colours and the width."""

import json
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

from .pages import paths

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DESK, PHONE = 1280, 390  # pixels
# Of the parts of a block of code that have the same class, and so the same colours, one is enough: axe takes seconds
# for a page of code otherwise.
OPEN_AND_THIN = """async () => {
  document.querySelectorAll("details").forEach(folded => { folded.open = true });
  for (const block of document.querySelectorAll(".highlight code")) {
    const seen = new Set();
    for (const part of block.querySelectorAll("span")) {
      if (part.className && !seen.has(part.className)) seen.add(part.className);
      else part.replaceWith(...part.childNodes);
    }
    block.normalize();
  }
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
}"""
OPTIONS = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
NO_PAGE = "/stages/nowhere"
PALETTES = ("default", "slate")  # light and dark
SHARES = 12  # of the pages: the whole suite looks at one of them on each screen
# Nothing moves any longer, and all is drawn.
STILL = """async () => {
  document.getAnimations().forEach(one => one.finish());
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
}"""


@contextmanager
def reader(browser: "Browser", width: int, scheme: Literal["light", "dark"] = "light") -> Iterator["Page"]:
    """A page of a reader who prefers these colours, on a screen of this width; nothing moves while axe looks."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


def violations(page: "Page") -> list[str]:
    has_axe = page.evaluate("'axe' in window")
    found = Axe("" if has_axe else AXE_SCRIPT).run(page, options=OPTIONS).response["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


def look_at(page: "Page", origin: str, built: Path, pages: Iterable[str]) -> dict[str, list[str]]:
    """What axe finds on the pages, light and dark, with everything that is folded opened; and errors of their scripts.

    Each is loaded once, and changes its colours as its readers do: loading it, and axe's first look, take longest.
    """
    index = json.loads((built / "search/search_index.json").read_text(encoding="utf-8"))
    nothing = {**index, "docs": []}  # every page reads all of it, which takes longer than the page
    page.route("**/search_index.json", lambda route: route.fulfill(json=nothing))
    found: dict[str, list[str]] = {}
    page.on("pageerror", lambda error: found.setdefault("a script", []).append(str(error)))
    for path in pages:
        page.goto(origin + path)
        page.evaluate(OPEN_AND_THIN)
        for palette in PALETTES:
            page.locator(f"input[name=__palette][data-md-color-scheme={palette}]").dispatch_event("click")
            page.locator(f"body[data-md-color-scheme={palette}]").wait_for()
            page.evaluate(STILL)
            if wrong := violations(page):
                found[f"{path}, {palette}"] = wrong
    return found


def width_for(path: str) -> int:
    """On which screen the page is looked at, by its name: half of the pages on each."""
    return (DESK, PHONE)[zlib.crc32(path.encode()) % 2]


def one_of_each_kind(built: Path) -> list[str]:
    """The last page of each folder of the site, and all that stand alone."""
    kinds = {path.split("/")[1] if path.count("/") > 2 else path: path for path in paths(built)}
    return [*kinds.values(), NO_PAGE]


@pytest.mark.exhaustive(sample=2)
@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("share", range(SHARES))
def test_no_page_has_a_violation(browser: "Browser", origin: str, built: Path, width: int, share: int) -> None:
    """axe finds no violation on any page, light and dark: each on a desk or a phone, and one of each kind on both."""
    kinds = one_of_each_kind(built)
    pages = [path for path in [*paths(built), NO_PAGE] if path in kinds or width_for(path) == width]
    with reader(browser, width) as page:
        assert len(pages) > len(kinds)
        assert look_at(page, origin, built, pages[share::SHARES]) == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_searching_has_no_violation(browser: "Browser", origin: str, scheme: Literal["light", "dark"]) -> None:
    """axe finds no violation while a reader searches, and while the menu of a phone is open."""
    with reader(browser, DESK, scheme) as page:
        page.goto(f"{origin}/?q=preflight")
        page.locator(".md-search-result__item").first.wait_for()
        assert violations(page) == []

    with reader(browser, PHONE, scheme) as page:
        page.goto(f"{origin}/stages/01-cors/")
        page.locator(".md-header label[for='__drawer']").click()
        page.get_by_role("link", name="Troubleshooting").wait_for()
        assert violations(page) == []


def test_axe_sees_a_violation(browser: "Browser", origin: str) -> None:
    """A picture without words and text that is too pale are found."""
    with reader(browser, DESK) as page:
        page.goto(origin)
        page.evaluate("document.querySelector('article').innerHTML += '<img src=\"data:,\">'")
        page.add_style_tag(content=".md-typeset h1 { color: #eee !important }")
        found = " ".join(violations(page))
    assert "image-alt" in found
    assert "color-contrast" in found
