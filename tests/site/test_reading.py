"""The site in a browser: everything comes from it, it fits on a phone, and it remembers what you've done."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ..shared import found_once
from .pages import paths

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.exhaustive(sample=6, of="file")

PHONE, SCREEN = 390, 1280  # pixels


@pytest.fixture
def phone(browser: "Browser") -> Iterator["BrowserContext"]:
    context = browser.new_context(viewport={"width": PHONE, "height": 800}, color_scheme="dark")
    yield context
    context.close()


@pytest.fixture(scope="module")
def seen(browser: "Browser", quick: str, built: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what a browser finds on every page: first on a phone, then on a desktop."""
    return dict(found_once(tmp_path_factory, "pages-read", lambda: read_all(browser, quick, paths(built)), 600))


def read_all(browser: "Browser", origin: str, pages: list[str]) -> dict[str, Any]:
    strangers: list[str] = []
    errors: list[str] = []
    too_wide, scrolled, blocks = [], [], 0
    with contextlib.closing(browser.new_context(color_scheme="dark")) as context:
        page = context.new_page()
        page.on(
            "request", lambda asked: None if asked.url.startswith((origin, "data:")) else strangers.append(asked.url)
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        for path in pages:
            page.set_viewport_size({"width": PHONE, "height": 800})
            page.goto(origin + path)
            if page.evaluate("document.documentElement.scrollWidth") > PHONE:
                too_wide.append(path)
            page.set_viewport_size({"width": SCREEN, "height": 800})
            widths = page.evaluate(
                """() => {
                  for (const folded of document.querySelectorAll("details")) folded.open = true;
                  return [...document.querySelectorAll("pre > code")].map(code => code.scrollWidth - code.clientWidth);
                }"""
            )
            blocks += len(widths)
            scrolled += [path] if max(widths, default=0) > 0 else []
    return {"strangers": strangers, "errors": errors, "too_wide": too_wide, "scrolled": scrolled, "blocks": blocks}


def test_every_page_comes_from_the_site_alone(seen: dict[str, Any]) -> None:
    """No page loads anything from another host, has a script error, or is wider than a phone."""
    assert (seen["strangers"], seen["errors"], seen["too_wide"]) == ([], [], [])


def test_code_fits_beside_the_navigation(seen: dict[str, Any]) -> None:
    """At 1280 pixels, no code has to be scrolled sideways, even if it was folded."""
    assert seen["blocks"] > 300
    assert seen["scrolled"] == []


def done(page: "Page") -> list[str]:
    """Return the names of the steps that the home page's list shows as done."""
    boxes = page.locator("ol.course input:checked")
    return [str(box.get_attribute("data-step")) for box in boxes.all()]


def test_a_tick_is_kept(page: "Page", quick: str) -> None:
    """A step ticked on its page is also ticked on the home page, even in a later visit, until it's unticked."""
    page.goto(f"{quick}/stages/01-cors/")
    page.get_by_role("checkbox", name="I have finished this stage").check()
    page.goto(f"{quick}/")
    assert done(page) == ["01-cors"]

    page.get_by_role("checkbox", name="Middleware is done").check()
    page.reload()
    assert done(page) == ["01-cors", "02-middleware"]

    page.get_by_role("checkbox", name="CORS is done", exact=True).uncheck()
    page.goto(f"{quick}/stages/01-cors/")
    assert not page.get_by_role("checkbox", name="I have finished this stage").is_checked()


def test_a_tick_shows_in_the_other_tab(page: "Page", quick: str) -> None:
    """A tick in one tab shows in another open one, and neither loses the other's ticks."""
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(f"{quick}/")
    page.get_by_role("checkbox", name="CORS is done", exact=True).check()
    other.locator("ol.course input[data-step='01-cors']:checked").wait_for()
    other.get_by_role("checkbox", name="Errors is done").check()
    page.locator("ol.course input[data-step='06-errors']:checked").wait_for()

    assert done(page) == done(other) == ["01-cors", "06-errors"]


@pytest.mark.parametrize("kept", ["null", "{}", "[[[", '"01-cors"'])
def test_ticks_survive_what_they_did_not_write(page: "Page", quick: str, kept: str) -> None:
    """If the browser's storage has something unexpected in it, ticks work as if it were empty."""
    page.add_init_script(f"localStorage.getItem('workbook.done') ?? localStorage.setItem('workbook.done', '{kept}')")
    page.goto(f"{quick}/")
    assert done(page) == []

    page.get_by_role("checkbox", name="CORS is done", exact=True).check()
    page.reload()

    assert done(page) == ["01-cors"]


def test_ticks_need_no_storage(page: "Page", quick: str) -> None:
    """If the browser forbids storage, a tick stays as long as the page does, and nothing breaks."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new Error('forbidden') }})")
    page.goto(f"{quick}/stages/01-cors/")
    page.get_by_role("checkbox", name="I have finished this stage").check()

    assert page.get_by_role("checkbox", name="I have finished this stage").is_checked()
    assert [error for error in errors if "forbidden" not in error] == []


def test_what_scrolls_can_be_reached(phone: "BrowserContext", quick: str) -> None:
    """You can scroll code and tables that are wider than the page with the keyboard."""
    page = phone.new_page()
    page.goto(f"{quick}/exercises/pagination/")
    page.add_style_tag(content=".md-typeset__table { min-width: 60rem }")  # its own tables fit on a phone
    page.set_viewport_size({"width": PHONE - 10, "height": 800})
    for box in ("pre > code", ".md-typeset__scrollwrap"):
        page.locator(f"{box}[tabindex='0']").first.wait_for(timeout=5000)

    boxes = page.locator("pre > code, .md-typeset__scrollwrap").all()
    wide = [box for box in boxes if box.evaluate("e => e.scrollWidth > e.clientWidth")]
    assert {box.evaluate("e => e.tabIndex") for box in wide} == {0}


def copied(browser: "Browser", url: str, words: str, edit: tuple[str, str] = ("", "")) -> list[str]:
    """Return what the copy button of the first console block with these words copies, in lines.

    `edit` is made to the page's HTML before the browser has it.
    """
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    if edit[0]:
        body = httpx.get(url, trust_env=False).text
        assert edit[0] in body
        page.route(url, lambda asked: asked.fulfill(body=body.replace(*edit), content_type="text/html"))
    page.goto(url)
    block = page.locator(".language-console", has_text=words).first
    block.scroll_into_view_if_needed()
    block.locator("button.md-code__button").first.click()
    text: str = page.evaluate("navigator.clipboard.readText()")
    context.close()
    return text.split("\n")


def test_a_copied_transcript_is_its_commands(browser: "Browser", quick: str) -> None:
    """A console block's copy button copies the commands, without prompts and output."""
    assert copied(browser, f"{quick}/stages/01-cors/", "/posts/1/likes") == [
        "curl -i -X POST http://127.0.0.1:8000/posts/1/likes -H 'Origin: http://127.0.0.1:4000'",
        "curl http://127.0.0.1:8000/posts/1",
    ]


def test_a_copied_command_is_whole(browser: "Browser", quick: str) -> None:
    """A command of several lines, with a backslash or a second prompt, is copied with all of them."""
    roster = copied(browser, f"{quick}/instructors/grade/", "roster.csv <<END")
    begin = roster.index("cat > ../roster.csv <<END")
    assert roster[begin + 1] == "id,name,email,canvas"
    assert roster[-1] == "END"
    assert len(roster) - begin == 8

    empty = ('<span class="gp">&gt; </span>END', '<span class="gp">&gt;</span>\n<span class="gp">&gt; </span>END')
    longer = copied(browser, f"{quick}/instructors/grade/", "roster.csv <<END", empty)
    assert longer == [*roster[:-1], "", "END"], "an empty line of a command is one of its lines"

    refused = copied(browser, f"{quick}/stages/01-cors/", "Disallowed CORS method")
    assert refused == [
        "curl -i -X OPTIONS http://127.0.0.1:8000/posts/1 -H 'Origin: http://127.0.0.1:3000' \\",
        "    -H 'Access-Control-Request-Method: DELETE'",
    ]


def test_what_is_typed_looks_typed(page: "Page", quick: str) -> None:
    """Each line of a command has a command's colour, not an output's."""
    page.goto(f"{quick}/instructors/grade/")
    colours = page.locator(".language-console", has_text="roster.csv <<END").first.evaluate(
        """block => {
          const colour = element => getComputedStyle(element).color;
          const lines = [...block.querySelectorAll(".gp")].map(prompt => prompt.nextSibling);
          return [colour(block.querySelector("code")), ...lines.map(line => colour(line.parentElement))];
        }"""
    )
    assert len(colours) > 8
    assert len(set(colours)) == 1
