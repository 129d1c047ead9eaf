"""What the pages show is real: their commands are typed, their Python runs, their browser is a real one."""

import contextlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from workbook.plugin.browser import serve_pages
from workbook.serving import ServedApp, SpawnLauncher
from workbook.site.console import blocks_of
from workbook.site.transcripts import compare_transcripts

from ..runners import sole_use_of
from .pages import COURSE, NO_CURL, PAGES, ROOT, Written

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TYPED = [page for page in PAGES if any(block.runs for block in blocks_of(page.path.read_text(encoding="utf-8")))]
BROWSER = re.compile(
    r"^ *``` \{[^}]*title=\"[^\"]*the browser's console\"[^}]*\}\n(.*?)^ *```", re.MULTILINE | re.DOTALL
)
PAGE_PORT = 3000  # `workbook run` serves a step's page there


@pytest.mark.exhaustive(of="suite")
@pytest.mark.exhaustive(sample=1, at_most=10)
@pytest.mark.parametrize("page", TYPED, ids=lambda page: page.name)
def test_commands_say_what_the_page_says(page: Written) -> None:
    """Each command of a page, typed in order while its step is served, prints what the page shows."""
    if page.meta.get("needs") == "hidden" and not any(one.is_for_authors for one in COURSE.exercises()):
        pytest.skip("a learner edition has no hidden tests to grade with")
    if shutil.which("curl") is None and any(
        "curl" in one.text for block in blocks_of(page.text) for one in block.commands
    ):
        pytest.skip(NO_CURL)
    step = COURSE.known(str(page.meta.get("serve", "")))
    with contextlib.ExitStack() as stack:
        if step and step.run.page:
            stack.enter_context(sole_use_of(PAGE_PORT))
        wrong = compare_transcripts(ROOT, page.path)
    assert not wrong, (
        f"{wrong}\n\nfill it in anew: python -m workbook.site.transcripts {page.path.relative_to(ROOT)} --write"
    )


def test_python_in_pages_runs() -> None:
    """Every block of Python written in a page runs without an error."""
    options = ["--markdown-docs", "--markdown-docs-syntax=superfences", "-p", "no:cacheprovider", "-q"]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "docs", *options], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert ended.returncode == 0, ended.stdout


def test_the_browser_said_so(browser: "Browser", tmp_path: Path) -> None:
    """Each line that pages quote from a browser's console is one that a browser writes for the stage's page."""
    quoted = {line for page in PAGES for block in BROWSER.findall(page.text) for line in block.splitlines()}
    assert quoted

    stage = COURSE.folder(COURSE.step("cors"))
    with serve_pages(stage / "page") as stranger, contextlib.ExitStack() as stack:
        app = ServedApp(SpawnLauncher(), stage)
        stack.callback(app.stop)
        context = browser.new_context()
        stack.callback(context.close)
        page = context.new_page()
        page.goto(f"{stranger}/?api={app.url}")
        page.locator("#all").click()
        page.locator("[data-state=refused]").nth(5).wait_for()
        said = {message.text for message in page.console_messages()}

    said = {line.replace(app.url, "http://127.0.0.1:8000").replace(stranger, "http://127.0.0.1:4000") for line in said}
    assert quoted - said == set()
