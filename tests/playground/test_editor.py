"""The editor: what it adds to a text area, that errors are marked and said, that a run can be stopped, and what's left
where the editor can't be loaded.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from .conftest import tab_on
from .test_panel import ENDLESS, HOST, opened, press, run, said, text_of, until_it_ended
from .test_visit import MINE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.usefixtures("bundles")
RAISES = "x = 1\nraise ValueError('here')\n"
DESCRIBED = """field => field.getAttribute("aria-describedby").split(" ")
  .map((id) => document.getElementById(id)).filter((one) => !one.hidden).map((one) => one.innerText).join(" ")"""


@pytest.fixture
def fresh(tab: "Page") -> Iterator["Page"]:
    """Return the playground of stage 01 with the stage's original text in it."""
    press(opened(tab), "Reset")
    yield tab
    press(tab, "Reset")


@pytest.fixture(scope="module")
def without(browser: "Browser", origin: str) -> Iterator["Page"]:
    """Return the playground where CodeMirror can't be loaded."""
    with tab_on(browser, "about:blank") as page:
        page.route("**/codemirror.js", lambda route: route.abort())
        page.goto(f"{origin}/01-cors.html")
        yield opened(page)


def fill(page: "Page", code: str, requests: str = "GET /") -> None:
    page.get_by_role("textbox", name="main.py").fill(code)
    page.get_by_role("textbox", name="Requests").fill(requests)
    assert text_of(page, "main.py") == code


def test_code_has_colours(fresh: "Page") -> None:
    """Keywords, strings and comments have colours, and a request's title begins a block."""
    assert fresh.locator(".tok-keyword", has_text="from").first.is_visible()
    assert fresh.locator(".pg-frame").nth(1).locator(".pg-block .tok-heading").first.is_visible()
    colours = {fresh.locator(f".{name}").first.evaluate("one => getComputedStyle(one).color") for name in (
        "tok-keyword", "tok-string", "cm-line",
    )}  # fmt: skip
    assert len(colours) == 3


def test_undo_takes_back_what_was_typed_and_a_reset(fresh: "Page") -> None:
    """You can take back what you typed with Ctrl+Z, and a Reset too."""
    shipped = text_of(fresh, "main.py")
    code = fresh.get_by_role("textbox", name="main.py")
    code.fill(MINE)
    press(fresh, "Reset")
    assert text_of(fresh, "main.py") == shipped

    code.press("Control+z")
    assert text_of(fresh, "main.py") == MINE
    code.press("Control+z")
    assert text_of(fresh, "main.py") == shipped


def test_search_finds(fresh: "Page") -> None:
    """You can search in a field with Ctrl+F, and Escape closes the search."""
    fresh.get_by_role("textbox", name="main.py").press("Control+f")
    fresh.keyboard.type("allow_origins")
    fresh.keyboard.press("Enter")
    assert fresh.locator(".cm-searchMatch-selected").inner_text() == "allow_origins"

    fresh.keyboard.press("Escape")
    assert fresh.locator(".cm-search").count() == 0


def test_a_new_line_is_indented(fresh: "Page") -> None:
    """After a colon, Enter indents by four spaces, as an editor should."""
    fill(fresh, "def one():")
    fresh.get_by_role("textbox", name="main.py").press("Control+End")
    fresh.keyboard.press("Enter")
    fresh.keyboard.type("pass")
    assert text_of(fresh, "main.py") == "def one():\n    pass"


def test_escape_and_tab_leave_at_any_pace(fresh: "Page") -> None:
    """Escape and then Tab leaves the field, however long you wait in between, and Shift+Tab leaves backwards."""
    fresh.get_by_role("textbox", name="main.py").press("Escape")
    fresh.wait_for_timeout(2500)  # CodeMirror itself would have forgotten the Escape after two seconds
    fresh.keyboard.press("Tab")
    assert fresh.evaluate("document.activeElement.closest('.cm-editor') === null") or (
        fresh.evaluate("document.activeElement.getAttribute('aria-labelledby')")
        == fresh.get_by_role("textbox", name="Requests").get_attribute("aria-labelledby")
    )


@pytest.mark.parametrize("where", ["fresh", "without"])
def test_an_error_is_marked_and_said(where: str, request: pytest.FixtureRequest) -> None:
    """A run's error is marked in its line, a screen reader can read it with the field, and the next run clears it."""
    page: Page = request.getfixturevalue(where)
    fill(page, RAISES)
    run(page)
    assert "main.py, line 2: ValueError: here" in said(page)
    code = page.get_by_role("textbox", name="main.py")
    assert "Line 2: ValueError: here" in code.evaluate(DESCRIBED)
    if where == "fresh":
        assert page.locator(".cm-lintRange-error").inner_text() == "raise ValueError('here')"
        assert page.locator(".cm-lint-marker-error").count() == 1

    fill(page, MINE, "GET /\nno header")
    run(page)
    assert "Line" not in code.evaluate(DESCRIBED).split("Tab indents")[0]
    assert "Line 2: “no header” isn't a header" in page.get_by_role("textbox", name="Requests").evaluate(DESCRIBED)

    fill(page, MINE.replace("return", "1 / 0\n    return"))
    assert run(page) == ["500"]
    assert "Line 5: ZeroDivisionError" in code.evaluate(DESCRIBED)


def test_a_text_area_is_left_where_the_editor_is_not(without: "Page") -> None:
    """Where CodeMirror can't be loaded, both fields are text areas that keep drafts, indent, and lead to a line."""
    assert without.locator(f"{HOST} textarea").count() == 2
    assert without.locator(".cm-editor").count() == 0
    code = without.get_by_role("textbox", name="main.py")
    fill(without, "if x:\ny()")
    code.press("Control+End")
    code.press("Home")
    code.press("Tab")
    assert text_of(without, "main.py") == "if x:\n    y()"
    code.press("Escape")
    code.press("Tab")
    assert without.evaluate("document.activeElement") != code
    assert "if x:" in without.evaluate("sessionStorage.getItem('workbook-playground-01-cors')")

    fill(without, RAISES)
    run(without)
    without.get_by_role("button", name="main.py, line 2").click()
    chosen = "(({ value, selectionStart, selectionEnd }) => value.slice(selectionStart, selectionEnd))"
    assert without.evaluate(f"{chosen}(document.activeElement)") == "raise ValueError('here')"


def test_a_run_can_be_stopped(fresh: "Page") -> None:
    """You can stop a run that takes long: it ends at once, and the next run works."""
    assert not fresh.get_by_role("button", name="Stop").is_visible()
    fill(fresh, ENDLESS)
    with until_it_ended(fresh):
        press(fresh, "Run")
        press(fresh, "Stop")
        fresh.get_by_text("Stopped. ").wait_for(timeout=1000)
    assert not fresh.get_by_role("button", name="Stop").is_visible()
    assert fresh.evaluate("document.activeElement.textContent") == "Run"

    fill(fresh, MINE)
    assert run(fresh) == ["200"]


def test_input_says_why_it_cannot_wait(fresh: "Page") -> None:
    """`input()` in an app raises an error that says what you could do instead."""
    fill(fresh, MINE.replace("'mine'", "input('Name? ')"))
    assert run(fresh) == ["500"]
    shown = fresh.locator(".pg-reply").inner_text()
    assert "EOFError: input() waits for someone at a terminal" in shown
    assert "Let a request bring the value" in shown


def test_every_response_has_a_title(fresh: "Page") -> None:
    """Each response is a block with its request's title; a request without one is counted."""
    fill(fresh, MINE, "### Mine\nGET /\n\n###\nGET /")
    run(fresh)
    assert fresh.locator(".pg-replies > li .pg-title").all_inner_texts() == ["Mine", "Request 2"]


def test_each_file_has_its_own_undo(browser: "Browser", origin: str) -> None:
    """In a stage with several files, undo can't bring another file's text, and a file keeps its own undo."""
    with tab_on(browser, f"{origin}/05-routers.html") as page:
        page.route("**/pyodide.asm.wasm", lambda route: None)  # Python isn't needed for this
        page.get_by_role("button", name="Run it here").click()
        files = page.locator(f"{HOST} select").first
        files.select_option("app/routers/posts.py")
        page.get_by_role("textbox", name="app/routers/posts.py").fill("# mine")
        files.select_option("app/main.py")
        shipped = text_of(page, "app/main.py")
        page.get_by_role("textbox", name="app/main.py").press("Control+z")
        assert text_of(page, "app/main.py") == shipped

        files.select_option("app/routers/posts.py")
        assert text_of(page, "app/routers/posts.py") == "# mine"
        page.get_by_role("textbox", name="app/routers/posts.py").press("Control+z")
        assert "APIRouter" in text_of(page, "app/routers/posts.py")
