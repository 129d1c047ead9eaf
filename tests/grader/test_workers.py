"""Lanes: only as much is read and under way as there's room for, and lost work is done again."""

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import replace

import pytest

from workbook.errors import UserError
from workbook.grader.grade_one import CannotGrade, Work
from workbook.grader.results import Result, ResultKey, Verdict
from workbook.grader.workers import TRIES, LostWorker, share_out
from workbook.submissions.snapshot import Snapshot

KEY = ResultKey("", "", "", 1)
ROOM = 3


def work(number: int) -> Work:
    return Work(f"learner{number}", "count", "x.zip", 1, Snapshot(b""), KEY, 60)


def result(one: Work) -> Result:
    return Result(one.learner, one.exercise, one.file, one.attempt, one.key, (), {}, {})


class Lanes:
    """Lanes whose work is done, or fails, as soon as they get it."""

    room = ROOM

    def __init__(self, do: Callable[[Work], Result] = result) -> None:
        self._do = do
        self.given: list[str] = []

    def submit(self, work: Work) -> Future[Result]:
        self.given.append(work.learner)
        future: Future[Result] = Future()
        try:
            future.set_result(self._do(work))
        except (Exception, CancelledError) as error:
            future.set_exception(error)
        return future

    def reason(self, error: BaseException) -> Exception:
        if isinstance(error, OSError):
            return UserError("the lanes are gone", code=1)
        assert isinstance(error, Exception)
        return error

    def close(self) -> None:
        pass


def test_no_more_is_read_than_there_is_room_for() -> None:
    """However large a class is, only the submissions under way are in memory."""
    read, done, most = 0, 0, 0

    def works() -> Iterator[Work]:
        nonlocal read
        for number in range(1000):
            read += 1
            yield work(number)

    for _, graded in share_out(works(), Lanes()):
        assert isinstance(graded, Result)
        most = max(most, read - done)
        done += 1

    assert done == 1000
    assert most <= ROOM


def test_what_is_done_together_comes_in_order() -> None:
    """If several results are ready at once, the one that began first comes first."""
    found = [one.learner for one, _ in share_out(map(work, range(300)), Lanes())]

    assert found == [f"learner{number}" for number in range(300)]


def test_what_a_lost_worker_had_is_done_again() -> None:
    """If a worker is lost, another takes its submission; one that costs many workers is given up."""
    losses = {"learner1": 2, "learner2": 1000}

    def do(one: Work) -> Result:
        losses[one.learner] = losses.get(one.learner, 0) - 1
        if losses[one.learner] >= 0:
            raise LostWorker
        return result(one)

    lanes = Lanes(do)
    found = {one.learner: graded for one, graded in share_out(map(work, range(4)), lanes)}

    assert {name for name, graded in found.items() if isinstance(graded, Result)} == {
        "learner0",
        "learner1",
        "learner3",
    }
    assert isinstance(found["learner2"], CannotGrade)
    assert (lanes.given.count("learner1"), lanes.given.count("learner2")) == (3, TRIES)


def test_what_cannot_be_graded_ends_nothing() -> None:
    """If one can't be graded, that's reported and the next ones are; if all lanes are gone, it ends."""

    def fail(one: Work) -> Result:
        if one.learner == "learner1":
            raise CannotGrade("no")
        return result(one)

    def gone(one: Work) -> Result:
        raise OSError

    found = [graded for _, graded in share_out(map(work, range(4)), Lanes(fail))]

    assert [isinstance(graded, CannotGrade) for graded in found].count(True) == 1
    assert len(found) == 4
    with pytest.raises(UserError, match="the lanes are gone"):
        list(share_out(map(work, range(4)), Lanes(gone)))


@pytest.mark.parametrize(
    "other",
    [
        lambda one: None,
        lambda one: {"learner": one.learner},
        lambda one: replace(result(one), learner="mallory"),
        lambda one: replace(result(one), exercise="avatar"),
        lambda one: replace(result(one), file="other.zip"),
        lambda one: replace(result(one), attempt=10**9),
        lambda one: replace(result(one), key=replace(KEY, submission="0")),
        lambda one: replace(result(one), verdicts=(Verdict("a", "", False, "kept"), Verdict("a", "", False, "kept"))),
        lambda one: replace(result(one), verdicts=("kept",)),  # type: ignore[arg-type]
    ],
)
def test_a_worker_that_answers_something_else_is_caught(other: Callable[[Work], object]) -> None:
    """A result of another learner, exercise, file, attempt or submission isn't accepted for this one; nor is none."""

    def do(one: Work) -> Result:
        return other(one) if one.learner == "learner1" else result(one)  # type: ignore[return-value]

    found = {one.learner: graded for one, graded in share_out(map(work, range(4)), Lanes(do))}

    assert [name for name, graded in found.items() if isinstance(graded, CannotGrade)] == ["learner1"]


@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), TypeError("x" * 9999), MemoryError()])
def test_an_error_of_one_ends_nothing(error: Exception) -> None:
    """Whatever is raised while one is graded is that one's trouble, and the class goes on."""

    def do(one: Work) -> Result:
        if one.learner == "learner1":
            raise error
        return result(one)

    found = [graded for _, graded in share_out(map(work, range(4)), Lanes(do))]

    assert [isinstance(graded, CannotGrade) for graded in found].count(True) == 1
    assert max(len(str(graded)) for graded in found if isinstance(graded, CannotGrade)) < 400
