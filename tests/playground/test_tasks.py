"""Tasks in the page: the course's own tests give the same verdicts there as on a machine."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from workbook.course.changes import Task, scratch_copy
from workbook.course.model import Step
from workbook.playground.examples import app_files
from workbook.playground.tasks import named_elsewhere
from workbook.testrun import Runner, run_tests

from .beside import COURSE, EXAMPLES, ROOT, STAGES
from .conftest import verdicts_in_the_page
from .test_panel import checked, opened, press, text_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

CASES = [(step, task) for step in STAGES for task in (None, *COURSE.tasks(step))]
HERE = "not in a page: "


def names(one: object) -> str:
    return one.name if isinstance(one, Step) else one.folder.name if isinstance(one, Task) else "starter"


def stage_tests(step: Step) -> dict[str, str]:
    """Return the stage's tests and its tasks', and the conftest.py beside them: texts by path below the stage."""
    folder = COURSE.folder(step)
    found = [*folder.glob("conftest.py"), *folder.glob("test_*.py"), *folder.glob("tasks/*/test_*.py")]
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in sorted(found)}


def in_the_page(tab: "Page", build: str, step: Step, copy: Path) -> dict[str, dict[str, Any]]:
    """Return the last event of each test, run in the page's Python."""
    place, tests = COURSE.place(step), stage_tests(step)
    job = {
        "needs": EXAMPLES[step.name].needs,
        "files": {f"{place}/{name}": text for name, text in (app_files(copy) | tests).items()},
        "tests": [f"{place}/{name}" for name in tests if "test_" in name],
        "elsewhere": named_elsewhere(COURSE, step),
    }
    return verdicts_in_the_page(tab, build, job)


def on_a_machine(step: Step, copy: Path, runner: Runner) -> dict[str, str]:
    """Return the outcome of each test, run by pytest as `workbook check` does."""
    files = sorted((*copy.glob("test_*.py"), *copy.glob("tasks/*/test_*.py")))
    check = run_tests(runner, ROOT, files)
    assert check.trouble == ""
    return {
        f"{COURSE.place(step)}/{promise.file.relative_to(copy).as_posix()}::{test.partition('::')[2]}": outcome
        for promise in check.promises
        for test, outcome in promise.cases.items()
    }


@pytest.mark.exhaustive(sample=2, at_most=7)
@pytest.mark.parametrize("step, task", CASES, ids=names)
def test_verdicts_are_those_of_a_machine(
    step: Step, task: Task | None, tab: "Page", bundles: Path, runner: Runner
) -> None:
    """Each test says the same of a starter, and of a task's solution, in the page and on a machine, or is named."""
    with scratch_copy(COURSE.folder(step), task.solution() if task else ()) as copy:
        here = in_the_page(tab, bundles.name, step, copy)
        there = on_a_machine(step, copy, runner)

    assert here.keys() == there.keys()
    named = named_elsewhere(COURSE, step)
    wrong = {test: said for test, told in here.items() if (said := difference(test, told, there[test], named))}
    assert wrong == {}, "; ".join(wrong)


def difference(test: str, told: dict[str, str], there: str, named: dict[str, str]) -> str:
    """Return how the page's verdict differs from the machine's, which isn't named; "" if it doesn't."""
    if told["event"] == "skipped":
        reason = told["reason"]
        if not reason.startswith(HERE):
            return f"is skipped: {reason}"
        return f"needs {reason}: name it" if "/tasks/" in test and test.partition("[")[0] not in named else ""
    if test.partition("[")[0] in named:
        return "is named as one that a page can't have, and has a verdict"
    return "" if told["event"] == there else told.get("text", "")


@pytest.fixture(scope="module")
def panel(tab: "Page") -> "Page":
    """Return the shared tab with its stage's playground and its first task open."""
    opened(tab)
    tab.get_by_text("Do a task here").click()
    tab.locator(".pg-tasks select").select_option("1-editors-page")
    return tab


def test_a_task_is_done_in_the_page(panel: "Page") -> None:
    """A task has its text, its hints one at a time and failure cards; once it's done, our solution and a note stay."""
    assert panel.locator(".pg-text table").count() == 1
    press(panel, "Show hint 1 of 3")
    assert panel.locator(".pg-hint").count() == 1
    assert panel.evaluate("document.activeElement.textContent").startswith("Hint 1: ")

    assert "Not done yet" in checked(panel, "Check the task")
    card = panel.locator(".pg-replies > .pg-red").first.inner_text()
    assert "FAIL" in card
    assert "Expected:" in card
    assert panel.locator("summary", has_text="Our solution").count() == 0
    assert panel.evaluate("localStorage.getItem('workbook-progress')") is None

    step = COURSE.step("01-cors")
    task = COURSE.tasks(step)[0]
    with scratch_copy(COURSE.folder(step), task.solution()) as copy:
        files = app_files(copy)
    for name, text in files.items():
        panel.locator("label:has-text('File') > select").select_option(name)
        panel.get_by_role("textbox", name=name).fill(text)

    assert checked(panel, "Check the task").startswith("Done: ")
    assert panel.locator("summary", has_text="Our solution").count() == 1
    kept = json.loads(panel.evaluate("localStorage.getItem('workbook-progress')"))
    assert list(kept["tasks"]) == ["01-cors/1-editors-page"]
    assert kept["course"] == COURSE.title


def test_a_task_that_hangs_is_ended(panel: "Page") -> None:
    """If the app never lets go, the check ends, names the test, and the next one works."""
    code = panel.get_by_role("textbox", name="main.py")
    panel.locator("label:has-text('File') > select").select_option("main.py")
    text = text_of(panel, "main.py")
    code.fill(
        text + "\n\n@app.middleware('http')\nasync def hang(request, call_next):\n    while True:\n        pass\n"
    )
    assert "without a sign of life, in test_" in checked(panel, "Check the task")

    code.fill(text)
    assert checked(panel, "Check the task").startswith("Done: ")


def test_what_only_a_machine_proves_is_named(panel: "Page", origin: str) -> None:
    """Before anyone tries, a task says which of its promises no page can prove, and how to prove them."""
    panel.goto(f"{origin}/06-errors.html")
    press(panel, "Run it here")
    panel.get_by_text("Do a task here").click()
    panel.locator(".pg-tasks select").select_option("2-domain-exception")

    told = panel.locator(".pg-tasks .pg-note").inner_text()
    assert told.startswith("One promise needs threads, which a page doesn't have.")
    assert "workbook check 06-errors" in told
