"""What a visit keeps and shows: text that isn't lost, errors with their line, a Python that comes back."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from .test_panel import HOST, opened, press, run, said, text_of, until_it_ended

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = [pytest.mark.usefixtures("bundles"), pytest.mark.exhaustive(sample=4, of="file")]
WASM = "**/pyodide.asm.wasm"  # without it Python never comes, and costs nothing
READY = """import('/assets/playground/python.js').then((python) => {
  globalThis.ready = new Promise((come) => python.watch((news) => news.state === "ready" && come()));
})"""
MINE = "import fastapi\napp = fastapi.FastAPI()\n@app.get('/')\ndef answer():\n    return 'mine'\n"


@pytest.fixture
def fresh(tab: "Page") -> Iterator["Page"]:
    """Return the playground with the stage's original text in it."""
    opened(tab)
    tab.get_by_role("button", name="Reset").click()
    yield tab
    tab.context.set_offline(False)


def in_view(page: "Page", selector: str) -> bool:
    script = "found => { const box = found.getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight }"
    return bool(page.locator(selector).first.evaluate(script))


@pytest.fixture(scope="module")
def first(browser: "Browser", origin: str) -> dict[str, Any]:
    """Return what a reader's first minutes show, with Python loaded once in them.

    They type before Python has come, load the page again, and press the button, first without a network and then with
    one. They wait for slow files, and run what they typed without a network.
    """
    seen: dict[str, Any] = {"asked": []}
    with contextlib.closing(browser.new_context()) as context:
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.on("request", lambda request: seen["asked"].append(request.url))
        page.goto(f"{origin}/03-background.html", wait_until="networkidle")
        seen["before"] = [url for url in seen["asked"] if "/playground/" in url], page.locator(HOST).inner_text()
        page.route(WASM, lambda route: None)
        code, requests = (
            opened(page).get_by_role("textbox", name="main.py"),
            page.get_by_role("textbox", name="Requests"),
        )
        seen["typed"] = [f"{text_of(page, 'main.py')}# mine\n", f"### Mine\n{text_of(page, 'Requests')}"]
        for field, text in zip((code, requests), seen["typed"], strict=True):
            field.fill(text)
        page.unroute(WASM)
        page.reload()

        context.set_offline(True)
        page.get_by_role("button", name="Run it here").click()
        page.get_by_text("Press once more.").wait_for()
        seen["offline"] = page.locator(HOST).inner_text()
        context.set_offline(False)

        def late(route: "Route") -> None:
            page.wait_for_timeout(7000)
            route.continue_()

        page.route(WASM, late)
        page.evaluate("for (let n = 0; n < 3; n++) document.querySelector('workbook-playground button').click()")
        page.get_by_role("button", name="Run", exact=True).hover()
        page.get_by_text("Python is ready.").wait_for()
        seen["ready"] = said(page), [text_of(page, "main.py"), text_of(page, "Requests")]
        context.set_offline(True)
        seen["statuses"] = run(page)
        seen["areas"] = page.locator(".pg-frame").count()
        seen["boots"] = page.evaluate("globalThis.playgroundBoots")
        context.set_offline(False)

        press(page, "Reset")
        page.unroute(WASM)
        page.route(WASM, lambda route: None)
        page.reload()
        seen["reset"] = (
            text_of(opened(page), "main.py"),
            page.evaluate("sessionStorage.length"),
        )
    return seen


def test_nothing_is_loaded_before_the_click(first: dict[str, Any], origin: str) -> None:
    """Before the click, a page requests only its own files; the click requests only this site."""
    asked, words = first["before"]
    assert asked == []
    assert "MB, once" in words
    assert [url for url in first["asked"] if not url.startswith((origin, "data:", f"blob:{origin}"))] == []


def test_without_a_network_it_says_so(first: dict[str, Any]) -> None:
    """If the first click fails because there's no network, the page says so, and the next click works."""
    assert "you seem to be offline" in first["offline"]
    assert "201" in first["statuses"]


def test_one_visit_has_one_python(first: dict[str, Any]) -> None:
    """Several quick clicks start one worker, and pointing at Run while it loads doesn't start another."""
    assert first["areas"] == 2
    assert first["boots"] == 1


def test_ready_means_ready_offline(first: dict[str, Any]) -> None:
    """Once Python is said to be ready, the stage runs without a network."""
    assert "201" in first["statuses"]


def test_what_was_typed_outlives_the_page(first: dict[str, Any]) -> None:
    """After a reload, code and requests that you typed are still there, and the page says so, until Reset."""
    words, texts = first["ready"]
    assert texts == first["typed"]
    assert "What you typed here before is back" in words

    code, kept = first["reset"]
    assert first["typed"][0] == f"{code}# mine\n"
    assert kept == 0


def test_a_reset_is_taken_back(fresh: "Page") -> None:
    """After Reset, one press brings back what you typed, in every field."""
    fresh.get_by_role("textbox", name="main.py").fill(MINE)
    fresh.get_by_role("textbox", name="Requests").fill("GET /")
    press(fresh, "Reset")
    assert "CORSMiddleware" in text_of(fresh, "main.py")

    press(fresh, "Undo")

    assert text_of(fresh, "main.py") == MINE
    assert text_of(fresh, "Requests") == "GET /"
    assert run(fresh) == ["200"]


def test_a_reset_ends_what_goes_on(fresh: "Page") -> None:
    """If you press Reset during a run, nothing of that run appears afterwards."""
    sleeps = MINE.replace("    return", "    import time; time.sleep(1.5)\n    return")
    fresh.get_by_role("textbox", name="main.py").fill(sleeps)
    fresh.get_by_role("textbox", name="Requests").fill("GET /")
    with until_it_ended(fresh):
        press(fresh, "Run")
        assert said(fresh) == "Running …"
        press(fresh, "Reset")

    assert "Everything is as it was." in said(fresh)
    assert fresh.locator(".pg-reply").count() == 0


def test_python_that_comes_takes_nothing_back(browser: "Browser", origin: str) -> None:
    """What Reset answered, and its Undo, stay when Python has loaded."""
    held: list[Route] = []
    with contextlib.closing(browser.new_context()) as context:
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.route(WASM, lambda route: held.append(route))
        page.goto(f"{origin}/03-background.html")
        opened(page).get_by_role("textbox", name="main.py").fill(MINE)
        press(page, "Reset")
        page.evaluate(READY)
        while not held:
            page.wait_for_timeout(50)
        held[0].continue_()
        page.evaluate("globalThis.ready")

        assert "Everything is as it was." in said(page)
        press(page, "Undo")
        assert text_of(page, "main.py") == MINE


def test_responses_can_be_told_apart(fresh: "Page") -> None:
    """Each response has its request's title and all headers that were sent, the automatic ones too."""
    fresh.get_by_role("textbox", name="main.py").fill(MINE.replace("get", "post"))
    fresh.get_by_role("textbox", name="Requests").fill(
        '### From a page\nPOST /\nOrigin: http://127.0.0.1:3000\n\n{"id": 1}'
    )
    run(fresh)

    shown = fresh.locator(".pg-reply").inner_text().split("\n")
    assert [line for line in shown if line][:5] == [
        "From a page",
        "POST /",
        "Origin: http://127.0.0.1:3000",
        "Content-Type: application/json",
        "Content-Length: 9",
    ]


def test_an_error_is_in_view_with_its_line(fresh: "Page") -> None:
    """Wherever you are, the bar names an error's file and line, and a press scrolls to that line."""
    fresh.get_by_role("textbox", name="main.py").fill("\n" * 200 + "def x(:\n")
    fresh.get_by_role("textbox", name="Requests").press("Control+Enter")
    place = fresh.get_by_role("button", name="main.py, line 201")
    place.wait_for()
    assert in_view(fresh, ".pg-top .pg-place")

    fresh.evaluate("scrollTo(0, document.body.scrollHeight)")
    place.click()
    line = fresh.locator(".cm-line", has_text="def x(:").bounding_box()
    assert line
    assert 100 < line["y"] < fresh.evaluate("innerHeight") - 30


def test_a_crash_leads_to_the_line_that_raised(fresh: "Page") -> None:
    """Below a 500 is the reader's line that raised, and what, even if a middleware of the stage logged it."""
    code = text_of(fresh, "main.py")
    fresh.get_by_role("textbox", name="main.py").fill(f"{code}\n\n@app.get('/mine')\ndef mine():\n    return 1 / 0\n")
    line = code.count("\n") + 5
    fresh.get_by_role("textbox", name="Requests").fill("GET /mine")
    assert run(fresh) == ["500"]

    assert fresh.locator(".pg-reply .pg-problem").inner_text() == (
        f"main.py, line {line}: ZeroDivisionError: division by zero"
    )


def test_own_code_is_checked(fresh: "Page") -> None:
    """“Check it” shows which of the stage's promises the reader's own code keeps."""
    press(fresh, "Check it")
    fresh.get_by_text("promises that a page can check are kept").wait_for()
    assert fresh.locator(".pg-replies > .pg-red").count() == 0

    fresh.get_by_role("textbox", name="main.py").fill(MINE)
    press(fresh, "Check it")
    fresh.get_by_text("promises are broken by this code").wait_for()
    assert fresh.locator(".pg-replies > .pg-red").count() > 1


def test_pointing_at_run_harms_no_later_run(fresh: "Page") -> None:
    """If the app hangs while it's imported ahead, it's ended, and the corrected code runs at once."""
    run(fresh)
    boots = fresh.evaluate("globalThis.playgroundBoots")
    fresh.get_by_role("textbox", name="main.py").fill("while True:\n    pass\n")
    fresh.mouse.move(0, 0)
    fresh.get_by_role("button", name="Run", exact=True).hover()
    fresh.mouse.move(0, 0)
    fresh.get_by_role("textbox", name="main.py").fill(MINE)
    fresh.get_by_role("textbox", name="Requests").fill("GET /")

    assert run(fresh) == ["200"]
    assert fresh.evaluate("globalThis.playgroundBoots") == boots + 1


@pytest.mark.parametrize(
    "body, says",
    [
        ("import os; os._exit(1)", "Your code has ended Python itself"),
        ("raise KeyboardInterrupt", "It failed: main.py, line 5: KeyboardInterrupt"),
        ("raise SystemExit('enough')", "It failed: main.py, line 5: SystemExit: enough"),
    ],
)
def test_what_ends_a_run_is_named(fresh: "Page", body: str, says: str) -> None:
    """The messages for an exit and an interrupt differ, and the next run works."""
    fresh.get_by_role("textbox", name="main.py").fill(MINE.replace("return 'mine'", body))
    fresh.get_by_role("textbox", name="Requests").fill("GET /")
    run(fresh)
    told = said(fresh) + fresh.locator(".pg-replies").first.inner_text()
    assert says in told

    fresh.get_by_role("textbox", name="main.py").fill(MINE)
    assert run(fresh) == ["200"]


def test_the_focus_stays(fresh: "Page") -> None:
    """After you run by keyboard, the focus is still on the button; opening doesn't move it into a field."""
    fresh.get_by_role("button", name="Run", exact=True).focus()
    with until_it_ended(fresh):
        fresh.keyboard.press("Enter")

    assert fresh.evaluate("document.activeElement.textContent") == "Run"
