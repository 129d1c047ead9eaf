"""A phone and nothing else: a task and an exercise in the page, done without a network, and handed in."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from workbook.course.changes import scratch_copy
from workbook.journal import Journal
from workbook.playground.examples import app_files
from workbook.playground.exercises import project_files

from ..runners import COMMAND
from ..site.conftest import built, quick  # noqa: F401  # fixtures
from .beside import COURSE, ROOT
from .test_exercises import project
from .test_panel import HOST, checked, opened, press

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}
KEPT = "document.documentElement.dataset.kept === location.pathname"
STAGE, EXERCISE = COURSE.step("05-routers"), COURSE.step("pagination")


@pytest.fixture(scope="module")
def phone(browser: "Browser", quick: str, bundles: Path) -> Iterator["Page"]:  # noqa: F811
    """Return a phone that has opened both pages once, and is offline since then."""
    with contextlib.closing(browser.new_context(**PHONE, accept_downloads=True)) as context:
        page = context.new_page()
        page.set_default_timeout(180_000)
        for path in (f"stages/{STAGE.name}", f"exercises/{EXERCISE.name}"):
            page.goto(f"{quick}/{path}/")
            opened(page)
            page.wait_for_function(KEPT)
        context.set_offline(True)
        yield page


def type_in(page: "Page", files: dict[str, str], known: dict[str, str]) -> None:
    """Put texts into the editor, file by file, as far as they differ from what's there."""
    for name in (name for name, text in files.items() if known.get(name) != text):
        if name not in known:
            page.get_by_label("New file").fill(name)
            press(page, "Add it")
        page.locator("label:has-text('File') > select").select_option(name)
        page.get_by_role("textbox", name=name, exact=True).fill(files[name])


def fits(page: "Page") -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_stage_is_done_on_a_phone_without_a_network(phone: "Page", quick: str) -> None:  # noqa: F811
    """A page that was opened once comes back offline, and a task is done in it on a screen 390 pixels wide."""
    phone.goto(f"{quick}/stages/{STAGE.name}/")
    opened(phone)
    top = phone.locator(HOST).bounding_box()
    assert top
    assert top["y"] > 0
    assert fits(phone)

    phone.get_by_text("Do a task here").click()
    task = COURSE.tasks(STAGE)[0]
    phone.locator(".pg-tasks select").select_option(task.folder.name)
    assert checked(phone, "Check the task").startswith("Not done yet")
    assert fits(phone)

    with scratch_copy(COURSE.folder(STAGE), task.solution()) as copy:
        type_in(phone, app_files(copy), app_files(COURSE.folder(STAGE)))
    assert checked(phone, "Check the task").startswith("Done: ")


def test_an_exercise_is_handed_in_from_a_phone(phone: "Page", quick: str, tmp_path: Path) -> None:  # noqa: F811
    """The zip of an exercise that was done offline on a phone keeps every promise of the grader, hidden ones too."""
    phone.goto(f"{quick}/exercises/{EXERCISE.name}/")
    opened(phone)
    assert checked(phone, "Check the exercise").startswith("Not done yet")
    assert fits(phone)

    with project(EXERCISE, solved=False) as copy:
        begun = project_files(copy)
    with project(EXERCISE, solved=True) as copy:
        type_in(phone, project_files(copy), begun)
    assert checked(phone, "Check the exercise").startswith("Done: ")
    with phone.expect_download() as saved:
        press(phone, "Save as a zip")
    handed_in = tmp_path / saved.value.suggested_filename
    saved.value.save_as(handed_in)

    grade = [*COMMAND, "class", "grade", str(handed_in), "--exercise", EXERCISE.name, "--out", str(tmp_path / "out")]
    ended = subprocess.run([*grade, "--unsafe", "--lanes", "1"], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (result,) = [entry.data for entry in Journal(tmp_path / "out/journal.db").stream("graded")]
    assert any(one["hidden"] for one in result["verdicts"])
    assert [one["promise"] for one in result["verdicts"] if one["outcome"] != "kept"] == []
