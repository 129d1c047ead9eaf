"""The playground on the built site: where it stands, what it costs who does not use it, and that it outlives a page."""

import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from workbook.site.host import serve_site

from ..site.conftest import built  # noqa: F401  # a fixture
from ..site.test_axe import violations
from .beside import STAGES
from .conftest import tab_on
from .test_panel import HOST, opened, run, said

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.usefixtures("bundles")


@pytest.fixture(scope="module")
def site(bundles: Path, built: Path) -> Iterator[str]:  # noqa: F811
    with serve_site(built) as origin:
        yield origin


@pytest.fixture(scope="module")
def visit(browser: "Browser", site: str) -> Iterator["Page"]:
    """A visit that begins on the page of stage 01; a mark tells whether the browser ever loads a page anew."""
    with tab_on(browser, f"{site}/stages/01-cors/") as page:
        page.evaluate("globalThis.mark = true")
        yield page


def test_it_stands_on_every_stage_page_and_no_other(built: Path) -> None:  # noqa: F811
    """Each stage's page has its button below the code, before the experiments; no other page has a word of it."""
    with_it = {path.parent.name for path in built.rglob("*.html") if HOST in path.read_text(encoding="utf-8")}
    assert with_it == {step.name for step in STAGES}

    for step in STAGES:
        text = (built / "stages" / step.name / "index.html").read_text(encoding="utf-8")
        assert text.index('id="the-code"') < text.index(f' example="{step.name}"') < text.index('id="break-it"')


def test_the_top_of_a_page_leads_there(browser: "Browser", site: str) -> None:
    """Below a stage's title a link leads to its button; without scripts there is neither."""
    with tab_on(browser, f"{site}/stages/05-routers/") as page:
        page.get_by_role("link", name="run it in this page").click()
        page.wait_for_function("scrollY > 1000")
        button = page.get_by_role("button", name="Run it here").bounding_box()
        assert button
        assert 50 < button["y"] < page.evaluate("innerHeight") - 100
    with tab_on(browser, f"{site}/stages/05-routers/", java_script_enabled=False) as page:
        assert "run it in this page" not in page.locator("main").inner_text()
        assert page.locator(HOST).inner_text() == ""


def test_who_does_not_click_loads_nothing_of_it(browser: "Browser", site: str) -> None:
    """A stage's page asks for nothing of the playground before the click; what a click loads comes from this site."""
    with contextlib.closing(browser.new_context()) as context:
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{site}/stages/02-middleware/", wait_until="networkidle")

        assert [url for url in asked if "playground" in url] == []
        assert [url for url in asked if not url.startswith((site, "data:"))] == []


def test_one_python_for_all_stages_in_a_row(visit: "Page") -> None:
    """Python is loaded once and goes on running while a reader moves from page to page by the site's links."""
    for step, after in itertools.pairwise(STAGES):
        visit.wait_for_url(f"**/stages/{step.name}/")
        visit.wait_for_selector(f"{HOST}[example='{step.name}']")
        before = "MB, once" if step is STAGES[0] else "Python is loaded already"
        assert before in visit.locator(HOST).inner_text()

        assert {"200", "201"} & set(run(opened(visit))), step.name
        assert "The app was started anew" in said(visit)
        assert visit.evaluate("[globalThis.playgroundBoots, globalThis.mark]") == [1, True]
        visit.locator(f"a.md-footer__link--next[href*='{after.name}']").click()


def test_an_opened_page_is_back_as_it_was(visit: "Page", site: str) -> None:
    """Who goes back finds the button again, and one press opens it with the same Python."""
    visit.locator(".md-nav--primary a", has_text="1 CORS").first.click()
    visit.wait_for_selector(f"{HOST}[example='01-cors'] button")

    assert run(opened(visit))[:2] == ["200", "200"]
    assert visit.evaluate("globalThis.playgroundBoots") == 1


@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_an_opened_playground_is_accessible(browser: "Browser", site: str, scheme: str, width: int) -> None:
    """With the playground opened, replies and an experiment in it, axe finds nothing and nothing is too wide."""
    reader = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}
    with tab_on(browser, f"{site}/stages/06-errors/", **reader) as page:
        assert run(opened(page))
        page.get_by_text("Break it here").click()
        page.get_by_label("Experiment").select_option(index=1)

        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
