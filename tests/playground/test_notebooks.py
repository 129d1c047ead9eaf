"""Notebooks in the page: their cells give there what they gave when the site was built, and can be changed."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from workbook.course.model import Step
from workbook.playground.notebooks import has_notebook, notebook_job
from workbook.site import notebooks

from ..site.conftest import built, quick  # noqa: F401  # fixtures
from .beside import BY_CHANCE, COURSE, ROOT, STAGES
from .conftest import tab_on
from .test_panel import press, ran, said, until_it_ended

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STEPS = [step for step in STAGES if has_notebook(COURSE, step)]
CELL = """async ([build, job]) => (await import("/assets/playground/python.js")).cell(build, job)"""
# What differs from one run to the next, besides what the examples' responses have.
MORE_BY_CHANCE = (
    (re.compile(r"\bat 0x[0-9a-f]+"), "at <place>"),
    (re.compile(r"\b\w{3}, \d\d \w{3} 20\d\d \d\d:\d\d:\d\d GMT"), "<time>"),
    (re.compile(r"\b\d+ms\b"), "<ms>"),
    (re.compile(r"(?<='size': )\d+"), "<size>"),
    (re.compile(r"(?<='id': )\d+"), "<id>"),  # counts what a cell that's left out would have made
    (re.compile(r"(?<= )\d+\.\d\b"), "<seconds>"),
    (re.compile(r"\b20\d\d-\d\d-\d\dT[\d:.]+Z?"), "<time>"),
)


def plain(text: str) -> str:
    """Return the text without what is chance, and without what only the width of a screen decides."""
    for pattern, name in (*BY_CHANCE, *MORE_BY_CHANCE):
        text = pattern.sub(name, text)
    return "".join(text.split()).replace("'", '"')


@pytest.fixture(scope="module")
def executed() -> dict[str, str]:
    """Return the notebooks as the site shows them, by their step's name."""
    return notebooks.notebooks(COURSE, ROOT / ".cache" / "site" / "notebooks")


def shown(text: str) -> list[str]:
    """Return what each cell of an executed notebook printed and returned."""
    cells = text.split('<div class="nb-cell" markdown>')[1:]
    block = re.compile(r'^``````\{[^\n]*title="It (?:says|returns)" \}\n(.*?)\n``````$', re.DOTALL | re.MULTILINE)
    return ["\n".join(block.findall(cell)) for cell in cells]


@pytest.mark.exhaustive(sample=1, at_most=6)
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_cells_give_what_they_gave_on_a_machine(
    step: Step, tab: "Page", bundles: Path, executed: dict[str, str]
) -> None:
    """Each cell prints and returns in the page what it did when the site was built, or the page names what it needs."""
    job = notebook_job(COURSE, step)
    there = shown(executed[step.name])
    assert len(there) == len(job["cells"])
    for number, (code, wanted) in enumerate(zip(job["cells"], there, strict=True), 1):
        asked = {"key": step.name, "files": job["files"], "needs": list(job["needs"])}
        told = tab.evaluate(CELL, [bundles.name, {**asked, "number": number, "code": code, "fresh": number == 1}])
        if needs := job["elsewhere"].get(str(number)):
            assert told["problem"] == f"This cell needs {needs}.", number
        else:
            assert told["problem"] == "", number
            assert plain(f"{told['out']}\n{told['value']}") == plain(wanted), number


@pytest.fixture(scope="module")
def notebook(browser: "Browser", quick: str, bundles: Path) -> Iterator["Page"]:  # noqa: F811
    """Return the notebook of stage 05 on the built site, with its cells run in the page."""
    with tab_on(browser, f"{quick}/notebooks/05-routers/", viewport={"width": 390, "height": 844}) as page:
        press(page, "Run it here")
        page.get_by_text("Python is ready.").wait_for()
        ran(page, "Run all cells")
        yield page


def test_a_notebook_runs_in_the_page(notebook: "Page") -> None:
    """All cells run in turn, on a phone too, and each shows below it what it gave."""
    assert said(notebook) == "All cells that a page can run have run."
    first = notebook.locator(".nb-cell").first
    assert "GET" in first.locator(".pg-out pre").inner_text()
    assert "/openapi.json" in first.get_by_role("textbox", name="Cell 1").inner_text()
    assert notebook.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_cell_can_be_changed_and_fail(notebook: "Page") -> None:
    """A changed cell knows what the ones above it made; an error names its line; the next one works again."""
    cell = notebook.locator(".nb-cell").nth(2)
    code = cell.get_by_role("textbox", name="Cell 3")
    code.fill("print(len(page['paths']) > 5)\napi.get('/openapi.json').status_code")
    assert ran(notebook, "Run cell 3") == "Cell 3 has run."
    assert cell.locator(".pg-out pre").all_inner_texts() == ["True", "200"]

    code.fill("x = 1\nnothing_here")
    assert ran(notebook, "Run cell 3") == "Cell 3 failed: see below it."
    assert 'File "cell 3", line 2' in cell.locator(".pg-out").inner_text()

    press(notebook, "Begin again")
    assert "Every cell is as it was" in said(notebook)
    assert cell.locator(".output").count() == 1


def test_an_endless_cell_is_stopped(notebook: "Page") -> None:
    """Stop ends a cell that doesn't end, and the cells can be run again from the top."""
    notebook.get_by_role("textbox", name="Cell 2").fill("while True: pass")
    with until_it_ended(notebook):
        press(notebook, "Run cell 2")
        press(notebook, "Stop")
    assert "Stopped." in said(notebook)

    press(notebook, "Begin again")
    assert ran(notebook, "Run cell 1") == "Cell 1 has run."
