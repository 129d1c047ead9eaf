"""Grading one submission: verdicts, a second run for what's red, a time limit, and the machine's own problems."""

import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from workbook.course.model import Course
from workbook.grader.fingerprints import key_of_environment, key_of_tests
from workbook.grader.grade_one import CUT_SHORT_FLAG, Cancelled, CannotGrade, SubmissionGrader, Work
from workbook.grader.isolation import Turns, open_isolation
from workbook.grader.results import Result, ResultKey
from workbook.submissions.snapshot import take_snapshot
from workbook.testrun.runner import WarmRunner

from ..apps import wait_until
from ..sandbox.test_lifetime import descendants
from .classes import HALF, NOTHING, RIGHT, course_in, hand_in

pytestmark = pytest.mark.exhaustive(sample=6, of="file")

Grade = Callable[..., Result]
SLEEPS = RIGHT.replace("    return", "    __import__('time').sleep(60)\n    return")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return Course(course_in(tmp_path_factory.mktemp("grading") / "course"))


@pytest.fixture
def grader(course: Course) -> Iterator[SubmissionGrader]:
    with open_isolation(course.root, unsafe=True) as isolation:
        made = SubmissionGrader(course, isolation)
        yield made
        made.close()


def work(course: Course, tmp_path: Path, code: str | bytes, limit: float = 60) -> Work:
    snapshot = take_snapshot(hand_in(tmp_path, "ada.zip", code))
    tests = key_of_tests(course.root, course.exercise(course.step("count")))
    key = ResultKey(snapshot.digest, tests, key_of_environment(isolated=False), 7)
    return Work("ada", "count", "ada.zip", 1, snapshot, key, limit)


@pytest.fixture
def grade(course: Course, grader: SubmissionGrader, tmp_path: Path) -> Grade:
    return lambda code, limit=60: grader.grade_submission(work(course, tmp_path, code, limit))


def outcomes(result: Result) -> list[str]:
    return [verdict.outcome for verdict in result.verdicts]


def test_submissions_are_told_apart(grade: Grade) -> None:
    """A right one keeps all promises, a half one half, a starter none; one that doesn't start has one cause."""
    assert outcomes(grade(RIGHT)) == ["kept", "kept"]
    assert outcomes(grade(HALF)) == ["kept", "broken"]
    assert outcomes(grade(NOTHING)) == ["broken", "broken"]
    dead = grade("\nraise SystemExit(3)\n")
    assert outcomes(dead) == ["broken", "waiting"]
    assert "Not served:" in dead.verdicts[0].evidence
    assert dead.tier == "none"


def test_a_second_grading_finds_the_same(grade: Grade) -> None:
    """With the same seed, a second grading has the same verdicts and the same evidence."""
    first, second = grade(HALF), grade(HALF)

    assert first.verdicts == second.verdicts
    assert "Emma" not in first.verdicts[0].evidence
    assert "Repeat it with:" in first.verdicts[1].evidence


def test_values_are_drawn_for_each_submission(course: Course, tmp_path: Path) -> None:
    """Each submission is asked for its own values: the same ones again, and with another journal's secret others."""
    right, half = (work(course, tmp_path, code).key for code in (RIGHT, HALF))

    assert right.drawn == work(course, tmp_path, RIGHT).key.drawn
    assert len({right.drawn, half.drawn, replace(right, seed=8).drawn}) == 3


def test_what_differs_between_two_runs_is_for_a_person(grade: Grade, tmp_path: Path) -> None:
    """A promise that's broken in one run and kept in the next is unstable, and so is the result."""
    seen = tmp_path / "seen"
    flaky = f"\nseen = __import__('pathlib').Path({str(seen)!r})\nagain = seen.exists()\nseen.touch()\n" + RIGHT
    result = grade(flaky.replace('"count": sum', '"count": 99 if not again else sum'))

    assert outcomes(result) == ["unstable", "kept"]
    assert result.flags == ("unstable",)
    assert result.verdicts[0].evidence.startswith("Two runs of the same tests disagreed")


def test_a_clock_ends_what_takes_too_long(grade: Grade) -> None:
    """When the time is up, a submission's remaining promises aren't kept; the next one isn't affected."""
    result = grade(SLEEPS, 3)

    assert outcomes(result) == ["broken", "broken"]
    assert set(result.flags) == {"out of time", "slow"}
    assert result.seconds < 20
    assert "the time was up" in result.verdicts[1].evidence
    assert outcomes(grade(RIGHT)) == ["kept", "kept"]


@pytest.mark.parametrize("load, flags", [(0.0, ("slow",)), (1000.0, ())], ids=["quiet", "overloaded"])
def test_slow_is_said_of_a_submission_only(
    grade: Grade, monkeypatch: pytest.MonkeyPatch, load: float, flags: tuple[str, ...]
) -> None:
    """A submission that takes more than half of its time is flagged, unless others keep the machine busy."""
    monkeypatch.setattr("os.getloadavg", lambda: (load, load, load))
    monkeypatch.setattr("workbook.grader.grade_one.Clock.seconds", lambda clock: 31.0)

    assert grade(RIGHT, 60).flags == flags


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_submission_keeps_nothing(grade: Grade, content: bytes) -> None:
    """An empty file, a text and an empty zip keep no promise, and one sentence says why."""
    result = grade(content)

    assert outcomes(result) == ["waiting", "waiting"]
    assert result.trouble.endswith(".")
    assert "ada.zip" in result.trouble or "nothing in it" in result.trouble


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has warm processes")
def test_a_warm_process_that_died_is_replaced(grader: SubmissionGrader, grade: Grade) -> None:
    """If a warm process dies, no one loses a mark."""
    assert outcomes(grade(RIGHT)) == ["kept", "kept"]
    assert isinstance(grader._runner, WarmRunner)
    os.kill(grader._runner._runs.pid, signal.SIGKILL)

    assert outcomes(grade(HALF)) == ["kept", "broken"]


def test_other_tests_are_not_mistaken_for_these(course: Course, grader: SubmissionGrader, tmp_path: Path) -> None:
    """If the course's tests change after a grading began, nothing more is graded."""
    one = work(course, tmp_path, RIGHT)

    with pytest.raises(CannotGrade, match="isn't in the state"):
        grader.grade_submission(replace(one, key=replace(one.key, tests="0" * 64)))


def test_tests_that_are_wrong_are_no_fault_of_learners(tmp_path: Path) -> None:
    """Tests that can't be collected give no verdict."""
    course = Course(course_in(tmp_path / "course"))
    (course.root / "exercises/count/hidden/test_more.py").write_text("import nothing_like_it\n", encoding="utf-8")
    with open_isolation(course.root, unsafe=True) as isolation:
        grader = SubmissionGrader(course, isolation)
        with pytest.raises(CannotGrade, match="nothing_like_it"):
            grader.grade_submission(work(course, tmp_path, RIGHT))
        grader.close()


HIDDEN = 'def test_more(client):\n    """More holds."""\n    {}\n'


def course_with(folder: Path, statement: str) -> Course:
    """A small course with another hidden test, whose statement is run in the tests' process."""
    course = Course(course_in(folder / "course"))
    file = course.root / "exercises/count/hidden/test_more_hidden.py"
    file.write_text(HIDDEN.format(statement), encoding="utf-8")
    return course


def runs_of(grader: SubmissionGrader) -> set[int]:
    """The processes that run tests for the grader."""
    assert isinstance(grader._runner, WarmRunner)
    return descendants(grader._runner._runs.pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has warm processes")
def test_a_run_that_hears_nothing_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests caught in an expression, which lets no thread run, are killed a second after their time is up.

    No process is left of them, and no file.
    """
    course = course_with(tmp_path, "__import__('re').match('(x+x+)+y', 'x' * 60)")
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    with open_isolation(course.root, unsafe=True) as isolation:
        grader = SubmissionGrader(course, isolation)
        result = grader.grade_submission(work(course, tmp_path, RIGHT, 8))
        left = [path for path in place.iterdir() if not path.name.startswith("workbook-warm-")]
        alive = runs_of(grader)
        grader.close()

    assert "out of time" in result.flags
    assert result.seconds < 8 + 4
    assert left == []
    assert len(alive) <= 1  # the fork for the next run
    assert list(place.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has warm processes")
@pytest.mark.parametrize("signal_name", ["SIGSEGV", "SIGXCPU"])
def test_tests_that_die_of_what_came_back_give_verdicts(tmp_path: Path, signal_name: str) -> None:
    """If the tests' process dies twice, the second time alone, what it found counts, and a person should look."""
    course = course_with(tmp_path, f"import os, signal; os.kill(os.getpid(), signal.{signal_name})")
    with open_isolation(course.root, unsafe=True) as isolation:
        grader = SubmissionGrader(course, isolation)
        result = grader.grade_submission(work(course, tmp_path, RIGHT))
        grader.close()

    told = {verdict.promise: verdict.outcome for verdict in result.verdicts}
    assert told["test_counts_books"] == "kept"
    assert told["test_more"] == "broken"
    assert CUT_SHORT_FLAG in result.flags


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has warm processes")
def test_tests_that_the_machine_kills_give_no_verdict(tmp_path: Path) -> None:
    """If the tests' process is killed from outside, for example because memory ran out, no promise counts as broken."""
    course = course_with(tmp_path, "import os; os.kill(os.getpid(), 9)")
    with open_isolation(course.root, unsafe=True) as isolation:
        grader = SubmissionGrader(course, isolation)
        with pytest.raises(CannotGrade, match="didn't come to an end"):
            grader.grade_submission(work(course, tmp_path, RIGHT))
        grader.close()


def test_turns_are_taken(course: Course) -> None:
    """Many run side by side; who runs alone waits for them, and they wait for that one; waiting isn't counted."""
    turns, order = Turns(), []
    never = threading.Event()

    def run(name: str, seconds: float, *, alone: bool) -> None:
        with turns.take(never, alone=alone):
            order.append(f"{name} begins")
            time.sleep(seconds)
            order.append(f"{name} ends")

    with turns.take(never, alone=False):
        threads = [threading.Thread(target=run, args=("alone", 0.3), kwargs={"alone": True})]
        threads[0].start()
        wait_until(lambda: turns._waiting, "it doesn't wait")
        threads.append(threading.Thread(target=run, args=("beside", 0.0), kwargs={"alone": False}))
        threads[1].start()
        time.sleep(0.3)
        assert order == []
    for thread in threads:
        thread.join(20)

    assert order == ["alone begins", "alone ends", "beside begins", "beside ends"]
    called_off = threading.Event()
    called_off.set()
    with turns.take(never, alone=False), turns.take(called_off, alone=True):
        pass


def test_what_is_called_off_has_no_result(course: Course, grader: SubmissionGrader, tmp_path: Path) -> None:
    """A cancelled grading ends at once and doesn't begin anything more."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            grader.grade_submission(work(course, tmp_path, SLEEPS))
        except Cancelled as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: grader._run, "nothing is under way")
    grader.cancel()
    thread.join(20)

    assert len(raised) == 1
    with pytest.raises(Cancelled):
        grader.grade_submission(work(course, tmp_path, RIGHT))
