"""Lanes: where submissions are graded side by side, on this machine or on many."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from queue import LifoQueue
from typing import Protocol

from workbook.errors import UserError

from .grade_one import CannotGrade, SubmissionGrader, Work
from .results import Result, Verdict
from .sanitize import one_line

TRIES = 4  # a lost worker is blamed on whatever it was doing, also on what never harmed it


class LostWorker(Exception):
    """The process that graded it is gone."""


class Lanes(Protocol):
    """Where work goes. `room` is how much is worth having under way at once."""

    @property
    def room(self) -> int: ...

    def submit(self, work: Work) -> Future[Result]: ...

    def reason(self, error: BaseException) -> Exception:
        """Return what an error of a future means: `LostWorker`, `CannotGrade`, or the error itself."""

    def close(self) -> None:
        """End everything that is under way."""


class LocalLanes:
    """Threads of this process, each with a separate grader, and so with separate processes."""

    def __init__(self, make: Callable[[], SubmissionGrader], count: int) -> None:
        self._make, self._count = make, count
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="lane")
        self._free: LifoQueue[SubmissionGrader] = LifoQueue()
        self._all = [make()]  # it warms up while the class folder is read
        self._free.put(self._all[0])
        self._closed = False

    @property
    def room(self) -> int:
        return self._count + 1

    def submit(self, work: Work) -> Future[Result]:
        return self._pool.submit(self._use_free_grader, work)

    def _use_free_grader(self, work: Work) -> Result:
        if self._closed:
            raise CancelledError
        if self._free.empty() and len(self._all) < self._count:
            self._all.append(grader := self._make())
        else:
            grader = self._free.get()
        try:
            return grader.grade_submission(work)
        finally:
            self._free.put(grader)

    def reason(self, error: BaseException) -> Exception:
        return error if isinstance(error, Exception) else RuntimeError(str(error))

    def close(self) -> None:
        self._closed = True
        for grader in self._all:
            grader.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for grader in self._all:
            grader.close()


def share_out(works: Iterable[Work], lanes: Lanes) -> Iterator[tuple[Work, Result | CannotGrade]]:
    """Share the work out among the lanes, and yield each result the moment it is done.

    Little more is read of `works` than is under way. Closing the iterator leaves what is under way to `lanes.close()`.
    """
    left = iter(works)
    under_way: dict[Future[Result], tuple[Work, int]] = {}
    exhausted = False
    while True:
        while not exhausted and len(under_way) < lanes.room:
            if (work := next(left, None)) is None:
                exhausted = True
            else:
                under_way[lanes.submit(work)] = work, 1
        if not under_way:
            return
        done, _ = wait(under_way, return_when=FIRST_COMPLETED)
        for future in [one for one in under_way if one in done]:  # in the order in which they were begun
            work, tries = under_way.pop(future)
            try:
                result = future.result()
            except (Exception, CancelledError) as raised:
                error = lanes.reason(raised)
                if isinstance(error, LostWorker) and tries < TRIES:
                    under_way[lanes.submit(work)] = work, tries + 1
                elif isinstance(error, LostWorker):
                    yield work, CannotGrade(f"{TRIES} workers were lost while they graded it")
                elif isinstance(error, CannotGrade):
                    yield work, error
                elif isinstance(error, UserError):  # no other one can be graded either
                    raise error from raised
                else:
                    yield work, CannotGrade(f"{type(error).__name__}: {one_line(str(error), 300)}")
            else:
                yield work, result if answers(work, result) else CannotGrade("a worker answered something else")


def answers(work: Work, result: object) -> bool:
    """Return whether it's a result, of this very work: a worker says what it likes."""
    if not isinstance(result, Result):
        return False
    asked = (work.learner, work.exercise, work.file, work.attempt, work.key)
    told = (result.learner, result.exercise, result.file, result.attempt, result.key)
    names = [verdict.promise for verdict in result.verdicts if isinstance(verdict, Verdict)]
    return asked == told and len(names) == len(result.verdicts) == len(set(names))


@contextlib.contextmanager
def closing(lanes: Lanes) -> Iterator[Lanes]:
    """Yield the lanes, and close them at the end, even after an error."""
    try:
        yield lanes
    finally:
        lanes.close()
