"""A sandbox that ends too early: another one replaces it, and no mark changes."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import workbook.sandbox
from workbook.course.model import Course
from workbook.grader.grade_one import CannotGrade, SubmissionGrader
from workbook.grader.isolation import OPENED_AGAIN, InSandbox

from ..apps import wait_until
from ..sandbox.test_lifetime import descendants
from .classes import HALF, RIGHT, course_in
from .test_grade_one import outcomes, work

pytestmark = [pytest.mark.usefixtures("needs_sandbox"), pytest.mark.exhaustive(sample=2, of="file")]
WAITS = RIGHT.replace("    return", "    __import__('time').sleep(1)\n    return")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(course_in(tmp_path / "course"))


@pytest.fixture
def isolation(needs_sandbox: None, course: Course) -> Iterator[InSandbox]:
    opened = InSandbox(course.root, "fork")
    yield opened
    opened.close()


@pytest.fixture
def grader(course: Course, isolation: InSandbox) -> Iterator[SubmissionGrader]:
    made = SubmissionGrader(course, isolation)
    yield made
    made.close()


def kill(isolation: InSandbox) -> None:
    """Kill the process that starts the apps, and every app in it."""
    process = isolation._sandbox.process
    assert process
    os.kill(process.pid, signal.SIGKILL)
    wait_until(lambda: not isolation._sandbox.is_alive, "the sandbox lives on")


def test_a_sandbox_that_dies_while_grading(
    course: Course, grader: SubmissionGrader, isolation: InSandbox, tmp_path: Path
) -> None:
    """If its sandbox dies, a submission is tried in another, keeps the same promises, and isn't flagged."""
    first, process = isolation.env, isolation._sandbox.process
    assert process
    idle = len(descendants(process.pid))
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(grader.grade_submission, work(course, tmp_path, WAITS))
        wait_until(lambda: len(descendants(process.pid)) > idle, "no app was started")
        kill(isolation)
        result = future.result(60)

    assert (outcomes(result), result.flags) == (["kept", "kept"], ())
    assert isolation.env != first
    assert outcomes(grader.grade_submission(work(course, tmp_path, HALF))) == ["kept", "broken"]


def test_a_folder_that_was_cleaned_away(
    course: Course, grader: SubmissionGrader, isolation: InSandbox, tmp_path: Path
) -> None:
    """If the temporary folder has been emptied, another sandbox opens."""
    for file in isolation._sandbox.folder.iterdir():
        file.unlink()

    assert outcomes(grader.grade_submission(work(course, tmp_path, RIGHT))) == ["kept", "kept"]


def test_not_for_ever(
    course: Course, grader: SubmissionGrader, isolation: InSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A submission whose sandbox dies twice isn't graded; after too many deaths, none is."""
    check = InSandbox.replace_if_dead
    deaths = 0

    def dies(self: InSandbox, env: dict[str, str]) -> None:
        nonlocal deaths
        deaths += 1
        kill(self) if self._sandbox.is_alive else None
        check(self, env)

    monkeypatch.setattr(InSandbox, "replace_if_dead", dies)
    with pytest.raises(CannotGrade, match="the sandbox has ended while it was tested; it was tried twice"):
        grader.grade_submission(work(course, tmp_path, RIGHT))
    assert deaths == OPENED_AGAIN
    monkeypatch.undo()
    assert outcomes(grader.grade_submission(work(course, tmp_path, RIGHT))) == ["kept", "kept"]

    kill(isolation)
    with pytest.raises(CannotGrade, match="the sandbox has ended"):
        grader.grade_submission(work(course, tmp_path, RIGHT))


def test_no_other_can_be_opened(
    course: Course, grader: SubmissionGrader, isolation: InSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If no sandbox can be opened any more, it says why nothing is graded."""

    def refused(*_: object) -> None:
        raise workbook.sandbox.NoSandbox("the machine has lost its namespaces", "look")

    monkeypatch.setattr(workbook.sandbox, "open_sandbox", refused)
    kill(isolation)

    with pytest.raises(CannotGrade, match="the machine has lost its namespaces"):
        grader.grade_submission(work(course, tmp_path, RIGHT))


def test_what_is_tried_again_is_tried_alone(course: Course, isolation: InSandbox, tmp_path: Path) -> None:
    """If two lanes' sandbox dies, they open one new one and retry in turn, because one may be to blame."""
    graders = [SubmissionGrader(course, isolation) for _ in range(2)]
    held: list[bool] = []
    run = SubmissionGrader._run_to_its_end

    def watched(self: SubmissionGrader, *arguments: object) -> object:
        held.append(isolation.turns.is_alone)
        return run(self, *arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(SubmissionGrader, "_run_to_its_end", watched)
        for number in range(2):
            (tmp_path / str(number)).mkdir()
        futures = [
            pool.submit(one.grade_submission, work(course, tmp_path / str(n), WAITS)) for n, one in enumerate(graders)
        ]
        wait_until(lambda: all(one._run for one in graders), "not both of them run")
        kill(isolation)
        results = [future.result(60) for future in futures]
    for one in graders:
        one.close()

    assert [outcomes(result) for result in results] == [["kept", "kept"]] * 2
    assert held == [False, False, True, True]
    assert isolation._left == OPENED_AGAIN - 1
