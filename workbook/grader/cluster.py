"""Lanes on many machines, by Dask: submissions travel there as bytes, and results come back here."""

import contextlib
import importlib
import logging
import os
import threading
import time
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

from workbook.course.model import Course
from workbook.errors import UserError

from .fingerprints import environment, key_of_environment
from .grade_one import CannotGrade, SubmissionGrader, Work
from .isolation import open_isolation
from .results import Result
from .workers import LostWorker

PATIENCE = 6  # seconds for the scheduler to answer
FOR_WORKERS = 60  # seconds for the first worker
INSTALL = "uv sync --extra cluster"
LISTED = 4  # of what a worker has otherwise
SAME = "uv sync --group grading --extra cluster"

_graders: dict[bool, SubmissionGrader] = {}
_taking = threading.Lock()
_kept = contextlib.ExitStack()


def grade_on_worker(work: Work, unsafe: bool) -> Result:
    """Grade the work by this worker's grader, with the course that the worker runs in. Raises `CannotGrade`."""
    if work.key.environment != key_of_environment(isolated=not unsafe):
        raise CannotGrade(f"the worker on {os.uname().nodename} has another Python or other packages")
    with _taking:
        if unsafe not in _graders:
            try:
                course = Course.find(Path.cwd())
                isolation = _kept.enter_context(open_isolation(course.root, unsafe=unsafe))
                _graders[unsafe] = SubmissionGrader(course, isolation)
            except UserError as error:
                raise CannotGrade(f"a worker in {Path.cwd()} on {os.uname().nodename}: {error.message}") from error
    return _graders[unsafe].grade_submission(work)


def describe_worker() -> tuple[str, dict[str, str]]:
    """Return this machine's name, and what results depend on here."""
    return os.uname().nodename, environment()


class ClusterLanes:
    """The workers of a Dask scheduler."""

    def __init__(self, address: str, *, unsafe: bool) -> None:
        """Connect to the scheduler at `address`. Raises `UserError` if it doesn't answer, or Dask isn't installed."""
        self._unsafe = unsafe
        self._address = address
        try:
            distributed: Any = importlib.import_module("distributed")
        except ImportError as error:
            raise UserError("--scheduler needs Dask, which isn't installed.", INSTALL) from error
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters comes back as an exception
        self._dask = distributed
        try:
            self._client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise UserError(
                f"No scheduler answers at {address}.", "start one: dask scheduler, and workers: dask worker", code=1
            ) from error
        self._executor = self._client.get_executor(pure=False, retries=2)
        self._alike: set[str] = set()  # the addresses of workers that are like this machine

    @property
    def room(self) -> int:
        """Enough that no worker waits for the next. Raises `UserError` if one isn't like this machine."""
        deadline = time.monotonic() + FOR_WORKERS
        while not (cores := sum((by_worker := self._client.ncores()).values())):
            if time.monotonic() > deadline:
                self._raise_lost(f"The scheduler at {self._address} has no workers.")
            time.sleep(0.2)
        if new := set(by_worker) - self._alike:
            self._compare(new)
        return 2 * int(cores)

    def _compare(self, addresses: set[str]) -> None:
        """Compare these workers' environments with the one here. Raises `UserError` that names those that differ."""
        here, odd = environment(), list[str]()
        told = self._client.run(describe_worker, workers=sorted(addresses), on_error="return")
        for address, answer in told.items():
            if not isinstance(answer, tuple):
                odd.append(f"{address} can't say what it has: {type(answer).__name__}")
                continue
            host, there = answer
            other = [name for name in sorted(here | there) if here.get(name) != there.get(name)]
            if other:
                said = [f"{name} {there.get(name, 'missing')}, not {here.get(name, 'any')}" for name in other[:LISTED]]
                more = f", and {len(other) - LISTED} more" if len(other) > LISTED else ""
                odd.append(f"{address} on {host} has {'; '.join(said)}{more}")
        if odd:
            message = "\n".join(("Not every worker has the Python and the packages of this machine:", *odd))
            raise UserError(message, f"on that machine {SAME}, start its worker again, then the same command", code=1)
        self._alike |= addresses

    def submit(self, work: Work) -> Future[Result]:
        try:
            future: Future[Result] = self._executor.submit(grade_on_worker, work, self._unsafe)
        except (OSError, RuntimeError) as error:
            self._raise_lost(f"The scheduler at {self._address} doesn't answer any more.", error)
        return future

    def reason(self, error: BaseException) -> Exception:
        if isinstance(error, self._dask.KilledWorker):
            return LostWorker()
        if isinstance(error, CancelledError | OSError | self._dask.CancelledError):
            return UserError(
                f"The scheduler at {self._address} doesn't answer any more.",
                "start it, then the same command again",
                code=1,
            )
        return error if isinstance(error, Exception) else RuntimeError(str(error))

    def _raise_lost(self, message: str, error: Exception | None = None) -> None:
        raise UserError(message, "mend that, then the same command again: it goes on", code=1) from error

    def close(self) -> None:
        with contextlib.suppress(Exception):  # it may be gone
            self._executor.shutdown(wait=False, cancel_futures=True)
        with contextlib.suppress(Exception):
            self._client.close(timeout=5)
