"""The exercises in the page: the same verdicts as on a machine, a project that stays, and the zip that is handed in."""

import contextlib
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from workbook.course.changes import Edit
from workbook.course.exercise import project_copy
from workbook.course.model import Step
from workbook.playground import examples
from workbook.playground.exercises import exercise_job, project_files
from workbook.submissions.packing import hand_in
from workbook.testrun import Runner, run_tests

from .beside import COURSE, ROOT
from .conftest import tab_on, verdicts_in_the_page
from .test_panel import HOST, checked, opened, press, text_of
from .test_tasks import HERE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STEPS = [step for step in COURSE.steps if step.kind == "exercise" and examples.has_example(step)]


def variants(step: Step) -> list[tuple[Step, str, bool, tuple[Edit, ...]]]:
    """Return what is compared: the starter, the solution, and every mutant that doesn't need a second thread."""
    mutants = [one for one in COURSE.exercise(step).mutants() if "threading" not in str(one.edit)]
    named = [(step, one.name, True, one.edit) for one in mutants]
    return [(step, "starter", False, ()), (step, "solution", True, ()), *named]


def names(one: object) -> str | None:
    return one.name if isinstance(one, Step) else one if isinstance(one, str) else ""


CASES = [case for step in STEPS for case in variants(step)]


@contextlib.contextmanager
def project(step: Step, solved: bool, edits: Sequence[Edit] = ()) -> Iterator[Path]:
    """Yield a copy of the project with the exercise's starter, its solution and the edits."""
    exercise = COURSE.exercise(step)
    with project_copy([exercise], [exercise.solution] if solved else [], tuple(edits)) as copy:
        yield copy


def in_the_page(tab: "Page", build: str, step: Step, copy: Path) -> dict[str, dict[str, Any]]:
    """Return the last event of each public test, run in the page's Python."""
    told = exercise_job(COURSE, step)
    files = told["tests"] | {f"{told['project']}/{name}": text for name, text in project_files(copy).items()}
    tests = [name for name in told["tests"] if name.startswith(f"{told['place']}/test_")]
    job = {part: told[part] for part in ("needs", "elsewhere")} | {"files": files, "tests": tests}
    found = verdicts_in_the_page(tab, build, job | {"submission": told["project"]})
    return {in_its_file(test): one for test, one in found.items()}


def in_its_file(test: str) -> str:
    """Return a test's name and its parameters, without the place of its file."""
    return test.partition("::")[2]


@pytest.mark.exhaustive(sample=1, at_most=8)
@pytest.mark.parametrize("step, name, solved, edits", CASES, ids=names)
def test_verdicts_are_those_of_a_machine(
    step: Step, name: str, solved: bool, edits: tuple[Edit, ...], tab: "Page", bundles: Path, runner: Runner
) -> None:
    """Each public test says the same of a starter, a solution and a mutant, in the page and on a machine.

    A mutant may ask Pillow for more than there is in a page, which then gives no verdict.
    """
    with project(step, solved, edits) as copy:
        here = in_the_page(tab, bundles.name, step, copy)
        check = run_tests(runner, ROOT, COURSE.exercise(step).public_tests, ["--submission", str(copy), "--unsafe"])
    assert check.trouble == ""
    cases = [case for promise in check.promises for case in promise.cases.items()]
    there = {in_its_file(test): outcome for test, outcome in cases}

    assert [test for test in there if test not in here and "/proc/" not in test] == []  # a page doesn't have it
    named = {in_its_file(test) for test in exercise_job(COURSE, step)["elsewhere"]}
    assert [test for test in here if test not in there] == []
    for test, told in here.items():
        if test.partition("[")[0] in named or told["event"] == "skipped":
            assert told["event"] == "skipped", test
            assert told["reason"].startswith(HERE)
            if edits and told["reason"].endswith("Pillow"):
                continue
            assert test.partition("[")[0] in named, f"{test} needs {told['reason']}: name it in {step.name}.toml"
        else:
            assert told["event"] == there[test], f"{test}: {told.get('text', '')}"


def test_a_project_goes_in_and_out_as_a_zip(browser: "Browser", origin: str, tmp_path: Path) -> None:
    """A zip of a solution is opened, checked, still there after a reload, and saved as the zip that `submit` makes."""
    step = COURSE.step("pagination")
    with (
        project(step, solved=True) as copy,
        tab_on(browser, f"{origin}/{step.name}.html", accept_downloads=True) as page,
    ):
        given = hand_in(copy, tmp_path, step.name)
        opened(page)
        page.locator("input[type=file]").set_input_files(given.file)
        page.get_by_text(f"{given.file.name} is open.").wait_for()
        page.wait_for_function(f"Number(document.querySelector('{HOST}').dataset.kept) > 0")
        assert checked(page, "Check the exercise").startswith("Done: ")

        page.reload()
        opened(page)
        assert "def paginate" in text_of(page, "app/utils.py")
        with page.expect_download() as saved:
            press(page, "Save as a zip")
        saved.value.save_as(tmp_path / "saved.zip")

    with zipfile.ZipFile(given.file) as there, zipfile.ZipFile(tmp_path / "saved.zip") as here:
        assert here.namelist() == there.namelist()
        assert {name: here.read(name) for name in here.namelist()} == {n: there.read(n) for n in there.namelist()}
