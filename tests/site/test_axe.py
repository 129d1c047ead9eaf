"""Everyone can use the site: axe finds no violation on any page, whatever the colours and the width."""

import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

from .pages import PATHS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Error, Page

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
# Nothing moves any longer, and all is drawn.
STILL = """async () => {
  document.getAnimations().forEach(one => one.finish());
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
}"""


@contextmanager
def reader(browser: "Browser", width: int) -> Iterator["Page"]:
    """Return a page on a screen of this width; nothing moves while axe looks."""
    context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def violations(page: "Page", within: str | None = None) -> list[str]:
    """Return what axe finds on the page, or in the part of it that a selector names."""
    has_axe = page.evaluate("'axe' in window")
    found = Axe("" if has_axe else AXE_SCRIPT).run(page, context=within, options=OPTIONS).response["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


def violations_in_both(page: "Page", within: str | None = None) -> dict[str, list[str]]:
    """Return what axe finds in light and in dark; the colours change as readers change them."""
    found = {}
    for palette in PALETTES:
        page.locator(f"input[name=__palette][data-md-color-scheme={palette}]").dispatch_event("click")
        page.locator(f"body[data-md-color-scheme={palette}]").wait_for()
        page.evaluate(STILL)
        if wrong := violations(page, within):
            found[palette] = wrong
    return found


def width_for(path: str) -> int:
    """Return the screen for a page, by its name: half of the pages are on each."""
    return (DESK, PHONE)[zlib.crc32(path.encode()) % 2]


def one_of_each_kind() -> list[str]:
    """Return the last page of each folder of the site, and all pages outside of folders."""
    kinds = {path.split("/")[1] if path.count("/") > 2 else path: path for path in PATHS}
    return [*kinds.values(), NO_PAGE]


VISITS = sorted(
    {(path, width_for(path)) for path in PATHS} | {(path, w) for path in one_of_each_kind() for w in (DESK, PHONE)}
)


@pytest.fixture(scope="module")
def readers(browser: "Browser") -> Iterator[Callable[[int], "Page"]]:
    """Return the page on a screen of so many pixels: the same one for all visits."""
    with ExitStack() as stack:
        opened: dict[int, Page] = {}

        def at(width: int) -> "Page":
            if width not in opened:
                opened[width] = stack.enter_context(reader(browser, width))
            return opened[width]

        yield at


@pytest.mark.exhaustive(sample=2, at_most=24)
@pytest.mark.parametrize("path, width", VISITS)
def test_no_page_has_a_violation(readers: Callable[[int], "Page"], quick: str, path: str, width: int) -> None:
    """axe finds no violation on any page, light and dark, on a desktop or a phone, and each kind on both.

    All that is folded is opened. A page is loaded once, and changes its colours as its readers do.
    """
    page = readers(width)
    errors: list[str] = []

    def listen(error: "Error") -> None:
        errors.append(str(error))

    page.on("pageerror", listen)
    page.goto(quick + path)
    page.evaluate(OPEN_AND_THIN)
    found = violations_in_both(page)
    page.remove_listener("pageerror", listen)
    assert (found, errors) == ({}, [])


@pytest.mark.exhaustive(of="suite")
def test_searching_has_no_violation(browser: "Browser", origin: str) -> None:
    """axe finds no violation during a search, or with a phone's menu open, light and dark."""
    with reader(browser, DESK) as page:
        page.goto(f"{origin}/?q=preflight")
        page.locator(".md-search-result__item").first.wait_for()
        assert violations_in_both(page) == {}
        assert page.locator(".md-search-result__item").first.is_visible()

    with reader(browser, PHONE) as page:
        page.goto(f"{origin}/stages/01-cors/")
        page.locator(".md-header label[for='__drawer']").click()
        page.get_by_role("link", name="Troubleshooting").wait_for()
        assert violations_in_both(page) == {}
        assert page.get_by_role("link", name="Troubleshooting").is_visible()


def test_axe_sees_a_violation(readers: Callable[[int], "Page"], quick: str) -> None:
    """axe finds a picture without words, and text that's too pale."""
    page = readers(DESK)
    page.goto(quick)
    page.evaluate("document.querySelector('article').innerHTML += '<img src=\"data:,\">'")
    page.add_style_tag(content=".md-typeset p { color: #7c7c7c !important }")  # on white and on dark
    found = " ".join(violations(page))
    assert "image-alt" in found
    assert "color-contrast" in found
