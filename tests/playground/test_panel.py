"""The playground as a reader uses it: nothing before the click, one Python for all, no trap, no endless line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .beside import EXAMPLES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ONE_MORE = "([host, count, before]) => document.querySelector(host).dataset[count] === String(before + 1)"
HOST = "workbook-playground"
WRITTEN = """([host, name]) => {
  const { files, requests } = document.querySelector(host).panel.written();
  return name === "Requests" ? requests : files[name];
}"""
ENDLESS = "import fastapi\napp = fastapi.FastAPI()\n@app.get('/')\ndef answer():\n    while True: pass\n"
pytestmark = [pytest.mark.usefixtures("bundles"), pytest.mark.exhaustive(sample=3, of="file")]


def said(page: "Page") -> str:
    return page.locator(".pg-said").first.inner_text()


def press(page: "Page", name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def opened(page: "Page") -> "Page":
    """Return the page with Python ready."""
    button = page.locator("button:enabled", has_text="Run it here")
    if button.count():
        button.click()
    page.get_by_role("button", name="Run", exact=True).wait_for()
    return page


def text_of(page: "Page", name: str) -> str:
    """Return what's in a field: a file's text, or the requests."""
    return str(page.evaluate(WRITTEN, [HOST, name]))


@contextmanager
def until_it_ended(page: "Page", count: str = "runs") -> Iterator[None]:
    """Wait for the end of the run that begins inside, or of one of the `checks`."""
    before = int(page.locator(HOST).get_attribute(f"data-{count}") or 0)
    yield
    page.wait_for_function(ONE_MORE, arg=[HOST, count, before])


def ran(page: "Page", button: str) -> str:
    """Press a button that runs something; return what the bar says at the end."""
    with until_it_ended(page):
        press(page, button)
    return said(page)


def checked(page: "Page", button: str) -> str:
    """Press a button that runs tests; return what the bar says at the end."""
    with until_it_ended(page, "checks"):
        press(page, button)
    return said(page)


def run(page: "Page") -> list[str]:
    """Press Run, wait for the end, and return the statuses."""
    with until_it_ended(page):
        page.get_by_role("button", name="Run", exact=True).click()
    replies = page.locator(".pg-replies").first  # of the run; an experiment or a check shows its own below
    return [line.partition(" ")[0] for line in replies.locator(".pg-status strong").all_inner_texts()]


def test_without_scripts_the_page_is_what_it_was(browser: "Browser", origin: str) -> None:
    """Without scripts there's no button, and the page doesn't mention one."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{origin}/01-cors.html")

    assert page.locator(HOST).inner_text() == ""
    context.close()


def test_an_edit_is_run_and_reset(tab: "Page") -> None:
    """Run runs what the reader changed, and Reset brings the stage's code and requests back."""
    opened(tab)
    code, requests = tab.get_by_role("textbox", name="main.py"), tab.get_by_role("textbox", name="Requests")
    code.fill("from fastapi import FastAPI\napp = FastAPI()\n@app.get('/mine')\ndef mine():\n    return 'my own'\n")
    requests.fill("GET /mine")

    assert run(tab) == ["200"]
    assert '"my own"' in tab.locator(".pg-replies").first.inner_text()
    assert "One response" in said(tab)

    tab.get_by_role("button", name="Reset").click()
    assert text_of(tab, "Requests").strip() == EXAMPLES["01-cors"].requests.strip()
    assert "CORSMiddleware" in text_of(tab, "main.py")


def test_what_is_imported_ahead_is_never_stale(tab: "Page") -> None:
    """The app is imported as the pointer nears Run, but what's typed after that is what runs, with its log."""
    opened(tab)
    app = "import fastapi\napp = fastapi.FastAPI()\nprint('begun', {0})\n@app.get('/')\ndef tell():\n    return {0}\n"
    tab.get_by_role("textbox", name="Requests").fill("GET /")
    for number in (1, 2):
        tab.get_by_role("textbox", name="main.py").fill(app.format(number))
        tab.get_by_role("button", name="Run", exact=True).hover()
        if number == 2:
            tab.get_by_role("textbox", name="main.py").fill(app.format(3))
        with until_it_ended(tab):
            tab.get_by_role("textbox", name="Requests").press("Control+Enter")
        shown = tab.locator(".pg-reply").inner_text()
        wanted = 1 if number == 1 else 3
        assert f"begun {wanted}" in shown
        assert shown.count("begun") == 1
        assert tab.locator(".pg-reply pre").first.inner_text().endswith(f"\n\n{wanted}")
    tab.get_by_role("button", name="Reset").click()


def test_an_error_leads_to_its_line(tab: "Page") -> None:
    """An error names file and line, and a press selects that line, in the code and in the requests."""
    opened(tab)
    tab.get_by_role("textbox", name="main.py").fill("x = 1\nraise ValueError('here')\n")
    run(tab)
    tab.get_by_role("button", name="main.py, line 2").click()
    selected = "wanted => getSelection().toString() === wanted"  # the editor shows what's selected in its next frame
    tab.wait_for_function(selected, arg="raise ValueError('here')")

    tab.get_by_role("textbox", name="Requests").fill("GET /\nno header")
    run(tab)
    tab.get_by_role("button", name="Requests, line 2").click()
    tab.wait_for_function(selected, arg="no header")
    tab.get_by_role("button", name="Reset").click()


def test_tab_indents_and_escape_leaves(tab: "Page") -> None:
    """Tab indents, Shift+Tab goes back, and Escape then Tab leaves the field, so you're never trapped."""
    opened(tab)
    code = tab.get_by_role("textbox", name="main.py")
    code.fill("if x:\ny()")
    code.press("End")
    code.press("Control+End")
    code.press("Home")
    code.press("Tab")
    assert text_of(tab, "main.py") == "if x:\n    y()"
    code.press("Shift+Tab")
    assert text_of(tab, "main.py") == "if x:\ny()"
    code.press("Escape")
    code.press("Tab")
    assert tab.evaluate("document.activeElement.closest('.pg-frame') !== document.querySelector('.pg-frame')")
    tab.get_by_role("button", name="Reset").click()


def test_an_endless_loop_is_ended(tab: "Page") -> None:
    """An endless run is ended after 5 seconds, says what got no response, and the next run works, even offline."""
    opened(tab)
    tab.get_by_role("button", name="Reset").click()
    assert run(tab)[:2] == ["200", "200"]  # what this stage needs is loaded with its first run
    boots = tab.evaluate("globalThis.playgroundBoots")
    tab.context.set_offline(True)
    tab.get_by_role("textbox", name="main.py").fill(ENDLESS)
    tab.get_by_role("textbox", name="Requests").fill("GET /")
    assert run(tab) == []
    assert "Ended after 5 seconds: GET / got no response" in said(tab)

    tab.get_by_role("button", name="Reset").click()
    assert run(tab)[:2] == ["200", "200"]
    tab.context.set_offline(False)
    assert tab.evaluate("globalThis.playgroundBoots") == boots + 1


def test_a_prediction_comes_before_the_answer(tab: "Page") -> None:
    """Break it asks for a prediction, breaks only a copy, and shows what's red."""
    opened(tab)
    tab.get_by_text("Break it here").click()
    tab.get_by_role("textbox", name="main.py").fill("# my own\n")
    tab.get_by_label("Experiment").select_option("3")
    form = tab.locator("workbook-playground form")
    assert "+ " in form.get_by_role("group", name="What the edit changes").first.inner_text()
    form.get_by_role("button", name="Break it and see").click()
    assert "Predict first" in form.inner_text()

    form.get_by_role("checkbox", name="A crash is answered by a 500").check()
    form.get_by_role("button", name="Break it and see").click()
    assert "How sure are you? Choose" in form.inner_text()

    form.get_by_role("radio", name="fairly sure").check()
    form.get_by_role("button", name="Break it and see").click()
    form.get_by_text("As you predicted. 1 red.").wait_for()
    assert form.locator(".pg-red").count() == 1
    assert "FAIL A crash is answered" in form.locator(".pg-red").inner_text()
    assert "In a browser, JavaScript on the allowed page reads the 500" in form.inner_text()
    form.locator(".pg-red").get_by_text("The request and its response").click()
    assert "500 Internal Server Error" in form.locator(".pg-red .pg-reply").inner_text()
    assert text_of(tab, "main.py") == "# my own\n"

    form.get_by_role("button", name="Put it into the editor").click()
    edited = text_of(tab, "main.py")
    assert edited.index("dispatch=answer_crashes") < edited.index("allow_origins=settings")
    tab.get_by_role("button", name="Undo").click()
    assert text_of(tab, "main.py") == "# my own\n"
    tab.get_by_role("button", name="Reset").click()


def test_a_hidden_edit_is_diagnosed(tab: "Page") -> None:
    """A hidden experiment shows what's red and asks what was done; the answer shows the edit."""
    opened(tab)
    tab.locator(".pg-breaking").evaluate("box => (box.open = true)")
    tab.get_by_label("Experiment").select_option("2")
    shipped = text_of(tab, "main.py")
    form = tab.locator("workbook-playground form")
    form.get_by_role("checkbox", name="Nothing turns red").check()
    form.get_by_role("button", name="Break it and see").click()
    form.get_by_text("Not as you predicted. 1 red.").wait_for()
    assert text_of(tab, "main.py") == shipped

    form.get_by_role("button", name="Answer").click()
    assert "Choose one first." in form.inner_text()
    form.get_by_role("radio").first.check()
    form.get_by_role("radio", name="Authorization is no longer in").check()
    form.get_by_role("radio", name="certain").check()
    form.get_by_role("button", name="Answer").click()
    form.get_by_text("That's it.").wait_for()
    assert text_of(tab, "main.py") == shipped
    form.get_by_role("button", name="Put it into the editor").click()
    assert 'allow_headers=["Content-Type"]' in text_of(tab, "main.py")


def test_a_site_without_the_files_has_no_button(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Without the playground's files, the site doesn't have the button, and its build says how to make them."""
    from workbook.playground import site

    from .beside import COURSE

    monkeypatch.setattr(site, "built", lambda: None)
    with caplog.at_level("INFO", logger="mkdocs.playground"):
        assert list(site.playground_files(COURSE)) == []
    assert site.button(COURSE.step("01-cors"), "../../") == ""
    assert "python -m workbook.playground.vendor" in caplog.text
