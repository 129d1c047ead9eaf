"""Nobody is kept out: axe finds no violation on any page, whatever the colours and the width."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

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
PALETTES = {"light": "default", "dark": "slate"}
EVERY_PAGE = [("light", DESK), ("dark", PHONE)]
OF_EACH_KIND = [("light", PHONE), ("dark", DESK)]
SHARES = 4  # of the pages: several processes can look at them
# Whether the page has the palette and the width, nothing of it moves, and it is drawn.
IS_SHOWN = """async ([palette, width]) => {
  if (document.body.dataset.mdColorScheme !== palette || innerWidth !== width) return false;
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  return document.getAnimations().every(one => one.playState === "finished");
}"""


@contextmanager
def reader(browser: "Browser", scheme: str, width: int) -> Iterator["Page"]:
    """A page of a reader who prefers these colours, on a screen of this width; nothing moves while axe looks."""
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    change(page, scheme, width)
    yield page
    context.close()


def change(page: "Page", scheme: str, width: int) -> None:
    """Let its reader prefer these colours, and have a screen of this width."""
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})


def violations(page: "Page") -> list[str]:
    has_axe = page.evaluate("'axe' in window")
    found = Axe("" if has_axe else AXE_SCRIPT).run(page, options=OPTIONS).response["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


def look_at(page: "Page", address: str, variants: Iterable[tuple[str, int]]) -> dict[str, list[str]]:
    """What axe finds on the page in each variant, with everything that is folded opened.

    The page is loaded once: axe needs two thirds of its time for its first look at a page.
    """
    found = {}
    page.goto(address)
    page.evaluate(OPEN_AND_THIN)
    for scheme, width in variants:
        change(page, scheme, width)
        page.wait_for_function(IS_SHOWN, arg=[PALETTES[scheme], width])
        if wrong := violations(page):
            found[f"{address}, {scheme}, {width} px"] = wrong
    return found


def one_of_each_kind(built: Path) -> list[str]:
    """The last page of each folder of the site, and all that stand alone."""
    kinds = {path.split("/")[1] if path.count("/") > 2 else path: path for path in paths(built)}
    return [*kinds.values(), NO_PAGE]


@pytest.mark.parametrize("share", range(SHARES))
def test_no_page_has_a_violation(browser: "Browser", origin: str, built: Path, share: int) -> None:
    """axe finds no violation on any page, light on a desk and dark on a phone, nor on one of each kind otherwise."""
    pages = [*paths(built), NO_PAGE][share::SHARES]
    more = one_of_each_kind(built)
    found: dict[str, list[str]] = {}
    with reader(browser, "light", DESK) as page:
        page.route("**/search_index.json", lambda index: index.abort())  # each page reads all of it otherwise
        for path in pages:
            found |= look_at(page, origin + path, EVERY_PAGE + (OF_EACH_KIND if path in more else []))
    assert pages
    assert found == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_searching_has_no_violation(browser: "Browser", origin: str, scheme: str) -> None:
    """axe finds no violation while a reader searches, and while the menu of a phone is open."""
    with reader(browser, scheme, DESK) as page:
        page.goto(f"{origin}/?q=preflight")
        page.locator(".md-search-result__item").first.wait_for()
        assert violations(page) == []

    with reader(browser, scheme, PHONE) as page:
        page.goto(f"{origin}/stages/01-cors/")
        page.locator(".md-header label[for='__drawer']").click()
        page.get_by_role("link", name="Troubleshooting").wait_for()
        assert violations(page) == []


def test_axe_sees_a_violation(browser: "Browser", origin: str) -> None:
    """A picture without words and text that is too pale are found."""
    with reader(browser, "light", DESK) as page:
        page.goto(origin)
        page.evaluate("document.querySelector('article').innerHTML += '<img src=\"data:,\">'")
        page.add_style_tag(content=".md-typeset h1 { color: #eee !important }")
        found = " ".join(violations(page))
    assert "image-alt" in found
    assert "color-contrast" in found
