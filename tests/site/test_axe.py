"""Nobody is kept out: axe finds no violation on any page, whatever the colours and the width."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
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


@contextmanager
def reader(browser: "Browser", scheme: str, width: int) -> Iterator["Page"]:
    """A page of a reader who prefers these colours, on a screen of this width; nothing moves while axe looks."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    yield context.new_page()
    context.close()


def violations(page: "Page") -> list[str]:
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


def look_at(page: "Page", origin: str, pages: Iterable[str]) -> dict[str, list[str]]:
    """What axe finds on the pages, with everything that is folded opened."""
    found = {}
    for path in pages:
        page.goto(origin + path)
        page.evaluate(OPEN_AND_THIN)
        if wrong := violations(page):
            found[path] = wrong
    return found


def one_of_each_kind(built: Path) -> list[str]:
    """The last page of each folder of the site, and all that stand alone."""
    kinds = {path.split("/")[1] if path.count("/") > 2 else path: path for path in paths(built)}
    return [*kinds.values(), NO_PAGE]


@pytest.mark.parametrize("scheme, width", [("light", DESK), ("dark", PHONE)])
def test_no_page_has_a_violation(browser: "Browser", origin: str, built: Path, scheme: str, width: int) -> None:
    """axe finds no violation on any page, light on a desk and dark on a phone."""
    with reader(browser, scheme, width) as page:
        assert look_at(page, origin, [*paths(built), NO_PAGE]) == {}


@pytest.mark.parametrize("scheme, width", [("light", PHONE), ("dark", DESK)])
def test_no_kind_of_page_has_a_violation(browser: "Browser", origin: str, built: Path, scheme: str, width: int) -> None:
    """axe finds no violation on a page of each kind, light on a phone and dark on a desk."""
    with reader(browser, scheme, width) as page:
        assert look_at(page, origin, one_of_each_kind(built)) == {}


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
