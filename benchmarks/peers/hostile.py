"""How long hostile submissions hold a lane beyond their limit, and what they take of memory and disk meanwhile."""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from workbook.authoring.attacks import suite
from workbook.authoring.attacks.attack import Attack
from workbook.authoring.attacks.bait import Bait
from workbook.authoring.attacks.grading import Lane, kept_apart
from workbook.authoring.attacks.suite import Trial

LIMIT = 10.0  # seconds for a submission
FAMILIES = ("bombs", "logs", "returns", "replies")  # which make the grader wait, read or keep something


@dataclass
class Hold:
    """The longest that any held its lane beyond the limit, and the most that any took, with its name, in MiB."""

    seconds: float = 0.0
    memory: float = 0.0
    disk: float = 0.0
    worst: str = ""
    left: int = 0


def measure_hold(tier: str = "auto", limit: float = LIMIT) -> Hold:
    """Grade every attack of these families alone, and note the worst. Raises `UserError`."""
    asked = [attack for attack in suite.all_attacks() if attack.family in FAMILIES and attack.exercise == "count"]
    found = Hold()
    with tempfile.TemporaryDirectory(prefix="hold-") as folder, Bait() as bait, kept_apart(tier) as isolation:
        trial = Trial(bait, Path(folder), None, None)  # type: ignore[arg-type]  # nothing of it runs side by side here
        with _temporary(Path(folder) / "tmp") as place, closing(Lane(isolation)) as lane:
            for number, attack in enumerate(asked):
                _note(found, attack, _grade(trial, lane, place, number, attack, limit))
            found.left = sum(1 for path in place.iterdir() if not path.name.startswith("workbook-warm-"))
    return found


def _grade(
    trial: Trial, lane: Lane, place: Path, number: int, attack: Attack, limit: float
) -> tuple[float, float, float]:
    submission = trial.made(number, attack)
    done = threading.Event()
    most = [0]

    def watch() -> None:
        while not done.wait(0.2):
            most[0] = max(most[0], _size_of(place))

    watching = threading.Thread(target=watch)
    watching.start()
    started = time.monotonic()
    try:
        graded = lane.grade_project(submission, attack.exercise, limit)
        seconds = time.monotonic() - started
    finally:
        done.set()
        watching.join()
    return max(0.0, seconds - limit), graded.memory / 2**20, most[0] / 2**20


def _note(found: Hold, attack: Attack, measured: tuple[float, float, float]) -> None:
    seconds, memory, disk = measured
    if seconds > found.seconds:
        found.seconds, found.worst = seconds, attack.subject
    found.memory, found.disk = max(found.memory, memory), max(found.disk, disk)


@contextmanager
def _temporary(folder: Path) -> Iterator[Path]:
    """Let everything temporary be in the folder."""
    folder.mkdir()
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = before


def _size_of(folder: Path) -> int:
    size = 0
    for file in folder.rglob("*"):
        try:
            size += file.lstat().st_blocks * 512
        except OSError:
            continue
    return size
