"""The html report in a browser: large and small, light and dark, with the keyboard and without scripts."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from .conftest import Report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

pytestmark = pytest.mark.exhaustive(sample=5, of="file")

AXE = find_spec("axe_playwright_python")  # for the axe-core that it contains
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
HOSTILE_PAGE, UNSTABLE_PAGE, TROUBLED_PAGE = "learners/s00003.html", "learners/s00007.html", "learners/s00005.html"
PAGES = ("index.html", HOSTILE_PAGE, UNSTABLE_PAGE, TROUBLED_PAGE, "unsafe.html")


class Seen:
    """A page in the browser, and what went wrong on it: messages, dialogs, requests to other addresses."""

    def __init__(self, browser: "Browser", file: Path, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page: Page = self.context.new_page()
        self.wrong: list[str] = []
        self.page.on("console", lambda message: self.wrong.append(message.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("dialog", self._dismiss)
        self.page.on("request", lambda sent: self.wrong.append(sent.url) if sent.url != file.as_uri() else None)
        self.page.goto(file.as_uri())

    def _dismiss(self, dialog: "Dialog") -> None:
        self.wrong.append(f"a dialog: {dialog.message}")
        dialog.dismiss()


@pytest.fixture(scope="module")
def class_page(browser: "Browser", reported: Report) -> Iterator[Seen]:
    """Return the class page, in one tab for all tests that use it."""
    seen = Seen(browser, reported.folder / "index.html")
    yield seen
    seen.context.close()


@pytest.fixture
def index(class_page: Seen) -> Seen:
    """Return the class page, freshly loaded."""
    class_page.page.reload()
    return class_page


def names(page: "Page") -> list[str]:
    """Return the learners in the table, from the top."""
    return page.locator("table.learners tbody tr:not([hidden]) th").all_inner_texts()


def column(page: "Page", number: int) -> list[str]:
    return page.locator(f"table.learners tbody tr:not([hidden]) > :nth-child({number})").all_inner_texts()


@pytest.mark.parametrize("name", PAGES)
def test_nothing_runs_and_nothing_is_cut_off(browser: "Browser", reported: Report, name: str) -> None:
    """A page of hostile names and evidence runs none of it, requests nothing, and fits every screen."""
    seen = Seen(browser, reported.folder / name)
    too_wide = {}
    for scheme in SCHEMES:
        seen.page.emulate_media(color_scheme=scheme)
        for size, (width, height) in SIZES.items():
            seen.page.set_viewport_size({"width": width, "height": height})
            script = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            too_wide[scheme, size] = seen.page.evaluate(script)
    seen.context.close()

    assert seen.wrong == []
    assert too_wide == {(scheme, size): 0 for scheme in SCHEMES for size in SIZES}


def test_dark_is_dark(index: Seen) -> None:
    """The page follows the reader's colour scheme: light text on dark, or dark text on light."""
    colours = []
    for scheme in SCHEMES:
        index.page.emulate_media(color_scheme=scheme)
        colours.append(index.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    index.page.emulate_media(color_scheme=None)

    assert colours == ["rgb(251, 251, 250)", "rgb(21, 23, 26)"]


def test_the_table_is_sorted_by_keyboard(index: Seen) -> None:
    """Enter on a heading sorts by it, numbers by size and highest first; another Enter reverses the order."""
    page = index.page
    heading = page.locator("table.learners thead th", has_text="Total")
    heading.locator("button").focus()

    page.keyboard.press("Enter")
    totals = [float(text) for text in column(page, 7)]
    assert (heading.get_attribute("aria-sort"), totals) == ("descending", sorted(totals, reverse=True))

    page.keyboard.press("Enter")
    totals = [float(text) for text in column(page, 7)]
    assert (heading.get_attribute("aria-sort"), totals) == ("ascending", sorted(totals))


def test_one_heading_at_a_time_sorts(index: Seen) -> None:
    """If you sort by names after a number, names are in order, and only that heading is marked."""
    page = index.page
    for text in ("Total", "Name"):
        page.locator("table.learners thead th", has_text=text).locator("button").click()

    assert page.locator("table.learners [aria-sort]").evaluate_all("all => all.map(one => one.ariaSort)") == [
        "ascending"
    ]
    plain = [name for name in names(page) if name.isascii() and name[0].isalpha()]
    assert plain == sorted(plain, key=str.casefold)


def test_who_has_no_mark_stands_below_zero(index: Seen) -> None:
    """Sorted by an exercise, highest first, learners without a mark come last."""
    index.page.locator("table.learners thead th", has_text="Avatar").locator("button").click()

    marks = column(index.page, 4)
    assert "–" in marks
    assert set(marks[marks.index("–") :]) == {"–"}


def test_the_table_is_filtered(index: Seen) -> None:
    """Typing shows only the rows that have every word, with or without accents, and says how many."""
    page = index.page
    page.locator("#filter").press_sequentially("lindqvist händed")

    shown = names(page)
    assert shown
    assert all("Lindqvist" in name for name in shown)
    assert page.locator("#shown").inner_text() == f"{len(shown)} of 60"
    page.locator("#filter").fill("")
    assert len(names(page)) == 60


def test_the_page_is_whole_without_script(browser: "Browser", reported: Report) -> None:
    """Without JavaScript every learner and number is there, and no button or field that does nothing."""
    seen = Seen(browser, reported.folder / "index.html", java_script_enabled=False)

    assert len(names(seen.page)) == 60
    assert seen.page.locator("button, input:visible").count() == 0
    seen.context.close()


def test_bidirectional_names_keep_to_their_cell(index: Seen) -> None:
    """A name written from right to left doesn't change the order of what's beside it."""
    row = index.page.locator("table.learners tbody tr", has_text="محمد")

    assert row.locator("bdi").first.evaluate("one => getComputedStyle(one).unicodeBidi") == "isolate"
    assert row.locator("td").first.inner_text() == "s00000"


@pytest.mark.exhaustive(sample=2)
@pytest.mark.skipif(AXE is None, reason="axe-playwright-python is not installed: uv sync --all-groups")
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(browser: "Browser", reported: Report, name: str, size: str, scheme: str) -> None:
    """axe finds no violation on a page, large or small, light or dark."""
    width, height = SIZES[size]
    options = {"viewport": {"width": width, "height": height}, "color_scheme": scheme, "bypass_csp": True}
    seen = Seen(browser, reported.folder / name, **options)
    seen.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert AXE
    assert AXE.origin
    seen.page.add_script_tag(path=Path(AXE.origin).with_name("axe.min.js"))

    found = seen.page.evaluate("axe.run(document, {resultTypes: ['violations']})")

    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
    seen.context.close()
