"""Grading on a cluster: a real Dask scheduler and two worker processes, one of which gets killed."""

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from workbook.journal import Journal

from ..apps import children_of
from ..golden import Screens, unwrapped
from ..runners import PATIENCE, Workbook, free_port, is_free, wait_until
from .classes import HALF, RIGHT, hand_in

pytestmark = pytest.mark.exhaustive  # a cluster takes 20 seconds to come up and to lose a worker

WORKERS = 2


class Cluster:
    """A scheduler and its workers, with the course as their folder."""

    def __init__(self, school: Workbook) -> None:
        self._school = school
        self._started = ExitStack()
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.workers: list[subprocess.Popen[bytes]] = []
        self.odd: Path | None = None  # a folder of other packages, which the last worker finds first

    def start(self, workers: int = WORKERS) -> None:
        port = self.address.rpartition(":")[2]
        scheduler = self._dask("scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")
        wait_until(lambda: not is_free(int(port)), lambda: f"the scheduler doesn't listen: {scheduler.poll()}")
        for number in range(workers):
            options = ("--nthreads", "1", "--nanny", "--no-dashboard", "--death-timeout", "60")
            others = self.odd if number == workers - 1 else None
            self.workers.append(
                self._dask("worker", self.address, *options, "--local-directory", "/tmp", others=others)
            )

    def _dask(self, *words: str, others: Path | None = None) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *words],
            cwd=self._school.root,
            env=self._school.env
            | {"DASK_LOGGING__DISTRIBUTED": "error"}
            | ({"PYTHONPATH": str(others)} if others else {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._started.callback(process.wait, 30)
        self._started.callback(process.terminate)
        return process

    def graders(self) -> list[int]:
        """The processes in which workers grade: the nannies' children that have helpers themselves."""
        below = [pid for nanny in self.workers for pid in children_of(nanny.pid)]
        return [pid for pid in below if any(b"workbook.serving.warm" in _words(child) for child in children_of(pid))]

    def close(self) -> None:
        self._started.close()


def _words(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.fixture
def cluster(school: Workbook) -> Iterator[Cluster]:
    made = Cluster(school)
    yield made
    made.close()


def results(school: Workbook) -> list[dict[str, Any]]:
    return [entry.data for entry in Journal(school.root / "results/journal.db").stream("graded")]


def test_a_lost_worker_loses_nothing(school: Workbook, folder: Path, cluster: Cluster) -> None:
    """If one of two workers is killed, every submission still has exactly one result, and the right one."""
    names = [f"learner{number}" for number in range(12)]
    for number, name in enumerate(names):
        hand_in(folder, f"{name}.zip", HALF if number % 3 == 0 else RIGHT)
    cluster.start()
    running = school.start("grade", "class", "--unsafe", "--scheduler", cluster.address)
    wait_until(lambda: len(cluster.graders()) == WORKERS and results(school), lambda: running.text)

    os.kill(cluster.graders()[0], signal.SIGKILL)
    running.process.wait(PATIENCE)
    ended = running.end()

    assert ended.status == 0, ended.out
    assert Counter(result["learner"] for result in results(school)) == dict.fromkeys(names, 1)
    assert len(re.findall(r"PASS learner\d+  count 100/100", ended.out)) == 8
    assert len(re.findall(r"FAIL learner\d+  count 70/100", ended.out)) == 4
    assert "Traceback" not in ended.out


def test_a_worker_with_other_packages_is_named(
    school: Workbook, folder: Path, cluster: Cluster, tmp_path: Path
) -> None:
    """If a worker has another version of a package, it's named before anything is graded."""
    hand_in(folder, "ada.zip", RIGHT)
    about = tmp_path / "others/httpx-0.0.1.dist-info/METADATA"
    about.parent.mkdir(parents=True)
    about.write_text("Metadata-Version: 2.1\nName: httpx\nVersion: 0.0.1\n", encoding="utf-8")
    cluster.odd = about.parents[1]
    cluster.start(workers=1)  # with two, a grading may begin before the odd one is there

    ended = school.start("grade", "class", "--unsafe", "--scheduler", cluster.address)
    ended.process.wait(PATIENCE)
    said = unwrapped(ended.end().out)

    assert ended.process.returncode == 1
    assert re.search(r"tcp://127\.0\.0\.1:\d+ on \S+ has .*httpx 0\.0\.1, not ", said)
    assert results(school) == []


def test_a_scheduler_that_is_not_there(school: Workbook, folder: Path, screens: Screens) -> None:
    """If no scheduler responds within ten seconds, it says so, exits 1, and leaves nothing behind."""
    hand_in(folder, "ada.zip", RIGHT)
    address = f"tcp://127.0.0.1:{free_port()}"

    refused = school.refusals(f"grade class --unsafe --scheduler {address}", status=1)

    screens("grade-no-scheduler", unwrapped(refused), address=address)
