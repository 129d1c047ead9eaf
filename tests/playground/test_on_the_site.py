"""The playground on the built site: where it is, what it costs if you don't use it, and that it outlives a page."""

import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from workbook.playground.examples import has_example

from ..site.conftest import built, quick  # noqa: F401  # fixtures
from ..site.test_axe import DESK, OPEN_AND_THIN, PHONE, violations, violations_in_both
from .beside import COURSE, STAGES
from .conftest import tab_on
from .test_panel import HOST, opened, run, said

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.usefixtures("bundles"), pytest.mark.exhaustive(sample=3, of="file")]


@pytest.fixture(scope="module")
def site(quick: str) -> str:  # noqa: F811
    return quick


@pytest.fixture(scope="module")
def visit(browser: "Browser", site: str) -> Iterator["Page"]:
    """Begin a visit on stage 01's page; a mark shows whether the browser ever loads a page again."""
    with tab_on(browser, f"{site}/stages/01-cors/") as page:
        page.evaluate("globalThis.mark = true")
        yield page


def go_to(visit: "Page", number: int) -> "Page":
    """Follow the navigation's link to a stage, and open its playground."""
    step = STAGES[number - 1]
    visit.locator(".md-nav--primary a", has_text=f"{number} {step.title}").first.click()
    visit.wait_for_selector(f"{HOST}[example='{step.name}'] button")
    return opened(visit)


def test_it_stands_on_every_stage_page_and_the_home_page(built: Path) -> None:  # noqa: F811
    """Each stage's page has one button, between code and experiments; home page, review and some exercises too."""
    with_it = {path.parent.name for path in built.rglob("*.html") if HOST in path.read_text(encoding="utf-8")}
    exercises = {step.name for step in COURSE.steps if step.kind == "exercise" and has_example(step)}
    assert with_it == {built.name, "review", *exercises, *(step.name for step in STAGES)}

    for step in STAGES:
        text = (built / "stages" / step.name / "index.html").read_text(encoding="utf-8")
        assert text.index('id="the-code"') < text.index(f' example="{step.name}"') < text.index('id="break-it"')


def test_the_top_of_a_page_leads_there(browser: "Browser", site: str) -> None:
    """Below a stage's title a link leads to the button; without scripts there's neither."""
    with tab_on(browser, f"{site}/stages/05-routers/") as page:
        page.get_by_role("link", name="run it in this page").click()
        page.wait_for_function("scrollY > 1000")
        button = page.get_by_role("button", name="Run it here").bounding_box()
        assert button
        assert 50 < button["y"] < page.evaluate("innerHeight") - 100
    with tab_on(browser, f"{site}/stages/05-routers/", java_script_enabled=False) as page:
        assert "run it in this page" not in page.locator("main").inner_text()
        assert page.locator(HOST).inner_text() == ""


@pytest.mark.parametrize("path", ["stages/02-middleware/", ""], ids=["a stage", "home"])
def test_who_does_not_click_loads_nothing_of_it(browser: "Browser", site: str, path: str) -> None:
    """Before the click, a page loads nothing of the playground; after it, only from this site."""
    with contextlib.closing(browser.new_context()) as context:
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{site}/{path}", wait_until="networkidle")

        assert page.locator(HOST).count() == 1
        assert [url for url in asked if "playground" in url] == []
        assert [url for url in asked if not url.startswith((site, "data:"))] == []


def test_the_home_page_runs_something(browser: "Browser", site: str) -> None:
    """Visitors see the home page's button without scrolling, on a phone too, and its responses appear on that page."""
    with tab_on(browser, f"{site}/") as page:
        for width, height in ((390, 844), (1280, 800)):
            page.set_viewport_size({"width": width, "height": height})
            place = page.locator(f"{HOST} button").bounding_box()
            assert place
            assert place["y"] + place["height"] < height

        assert {"200", "201"} <= set(run(opened(page)))
        assert page.url == f"{site}/"


@pytest.mark.exhaustive
def test_one_python_for_all_stages_in_a_row(visit: "Page") -> None:
    """Python is loaded once and keeps running while a reader follows the site's links."""
    for step, after in itertools.pairwise(STAGES):
        visit.wait_for_url(f"**/stages/{step.name}/")
        visit.wait_for_selector(f"{HOST}[example='{step.name}']")
        before = "MB, once" if step is STAGES[0] else "Python is loaded already"
        assert before in visit.locator(HOST).inner_text()

        assert {"200", "201"} & set(run(opened(visit))), step.name
        assert "The app was started again" in said(visit)
        assert visit.evaluate("[globalThis.playgroundBoots, globalThis.mark]") == [1, True]
        visit.locator(f"a.md-footer__link--next[href*='{after.name}']").click()


def test_an_opened_page_is_back_as_it_was(visit: "Page") -> None:
    """If you go back, the button is there again, and one press opens the playground with the same Python."""
    before = visit.evaluate("globalThis.playgroundBoots ?? 1")
    assert run(go_to(visit, 1))[:2] == ["200", "200"]
    assert visit.evaluate("globalThis.playgroundBoots") == before


def test_a_page_that_was_only_looked_at_keeps_nothing(visit: "Page") -> None:
    """If you only look at files and run the stage, your next visit doesn't find a draft."""
    go_to(visit, 5).locator(f"{HOST} select").first.select_option("app/routers/posts.py")
    run(visit)

    assert [key for key in visit.evaluate("Object.keys(sessionStorage)") if "playground" in key] == []


def test_an_opened_playground_is_accessible(visit: "Page") -> None:
    """With the playground open, axe finds nothing, whatever the colours and width.

    Nothing is too wide, every field has a label, and results are announced.
    """
    assert run(go_to(visit, 6))
    visit.get_by_text("Break it here").click()
    visit.get_by_label("Experiment").select_option(index=1)
    for width in (DESK, PHONE):
        visit.set_viewport_size({"width": width, "height": 900})
        assert violations_in_both(visit, HOST) == {}, width
        assert visit.evaluate("document.documentElement.scrollWidth") <= width
    visit.evaluate(OPEN_AND_THIN)
    assert violations(visit) == []

    fields = visit.locator(f"{HOST} :is(textarea, select, input)").all()
    assert [field for field in fields if not field.evaluate("field => field.labels.length")] == []
    assert visit.locator(f"{HOST} [role=status]").count() >= 1
    visit.set_viewport_size({"width": DESK, "height": 900})
