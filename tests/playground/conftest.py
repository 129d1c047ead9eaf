"""A page with a playground on it, and Python running in it: loaded once for all tests that a process runs."""

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import material  # type: ignore[import-untyped]
import pytest

from workbook.course.model import Step
from workbook.playground import site as playground
from workbook.playground.vendor import CannotFetch, build
from workbook.plugin.browser import serve_pages
from workbook.serving import Launcher
from workbook.testrun import Runner, warm_runner

from .beside import COURSE, EXAMPLES, send_all, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

MATERIAL = Path(material.__file__).parent / "templates" / "assets" / "stylesheets"
THEME = Path(playground.__file__).parents[1] / "site" / "theme" / "assets" / "site.css"
PAGE = """<!doctype html><html lang="en"><title>{name}</title><meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="/main.css"><link rel="stylesheet" href="/palette.css">
<link rel="stylesheet" href="/site.css"><link rel="icon" href="data:,">
<body data-md-color-scheme="default"><main class="md-typeset">
<h1>{name}</h1>{button}<p><a href="#">After</a></p></main></body></html>"""
TOLD = """async ([work, build, job]) => {
  const python = await import("/assets/playground/python.js");
  const told = [];
  await python[work](build, job, (one) => told.push(one));
  return told;
}"""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sample the files whose tests load Python into a page: each of them takes the seconds of a start or more."""
    for item in items:
        if Path(__file__).parent == item.path.parent and "bundles" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.exhaustive(sample=1, of="folder"))


def told_by(tab: "Page", work: str, build: str, job: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all that the page's Python reports of a job; `work` is "run", for requests, or "test"."""
    return list(tab.evaluate(TOLD, [work, build, json.loads(json.dumps(job))]))


def verdicts_in_the_page(tab: "Page", build: str, job: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the last event of each test of a job, run in the page's Python."""
    told = told_by(tab, "test", build, job)
    assert [one for one in told if one["event"] == "not-collected"] == []
    return {one["test"]: one for one in told if one["event"] in {"passed", "failed", "skipped"}}


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """Yield a runner that has pytest and the apps' packages imported already."""
    with contextlib.closing(warm_runner()) as opened:
        yield opened


@pytest.fixture(scope="session")
def by_uvicorn() -> Callable[[Step, Launcher], list[dict[str, Any]]]:
    """Return uvicorn's responses to each stage's example, requested once."""
    known: dict[str, list[dict[str, Any]]] = {}

    def ask(step: Step, launcher: Launcher) -> list[dict[str, Any]]:
        if step.name not in known:
            with served(launcher, step, EXAMPLES[step.name]) as app:
                known[step.name] = send_all(app, EXAMPLES[step.name].requests)
        return known[step.name]

    return ask


@pytest.fixture(scope="session")
def bundles() -> Path:
    """Return the folder of the vendored files; if they can't be fetched, skip and say what's missing."""
    try:
        return build()
    except CannotFetch as error:
        pytest.skip(f"the playground's files can't be made here: {error} Next: {error.then}")


@pytest.fixture(scope="session")
def pages(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a page for each stage and exercise, and all that the site serves for the playground."""
    folder = tmp_path_factory.mktemp("playground")
    for path, content in playground.playground_files(COURSE):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    for name in ("main", "palette"):
        (folder / f"{name}.css").write_bytes(next(MATERIAL.glob(f"{name}.*.css")).read_bytes())
    (folder / "site.css").write_bytes(THEME.read_bytes())
    for step in (step for step in COURSE.steps if playground.has_button(step)):
        page = PAGE.format(name=step.name, button=playground.button(step, "/"))
        (folder / f"{step.name}.html").write_text(page, encoding="utf-8")
    review = PAGE.format(name="review", button=playground.review_button("/"))
    (folder / "review.html").write_text(review, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def origin(pages: Path) -> Iterator[str]:
    with serve_pages(pages) as address:
        yield address


@contextlib.contextmanager
def tab_on(browser: "Browser", address: str, **reader: Any) -> Iterator["Page"]:
    """Return a tab on a page with nothing cached, with the time that Python needs to load."""
    with contextlib.closing(browser.new_context(**reader)) as context:
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.goto(address)
        yield page


@pytest.fixture(scope="module")
def tab(browser: "Browser", origin: str) -> Iterator["Page"]:
    """Return a tab on stage 01's page that a module's tests share."""
    with tab_on(browser, f"{origin}/01-cors.html") as page:
        yield page


@pytest.fixture(scope="module")
def run(tab: "Page", bundles: Path) -> Callable[[dict[str, Any]], list[dict[str, Any]]]:
    """Run a job in the page's Python; return everything that it reported."""
    return lambda job: told_by(tab, "run", bundles.name, job)
