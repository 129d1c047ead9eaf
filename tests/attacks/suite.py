"""The suite: every attack through the real grader, between and beside submissions that are honest."""

import importlib
import queue
import re
import shutil
import tempfile
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from workbook.exercise import project_copy

from .attack import ATTACKS, Attack, Base, Project
from .bait import Bait
from .grading import TIME, Graded, Lane, exercise_of, kept_apart

# What comes of these depends on how submissions are kept apart. Bombs come first: many of them make the grader wait.
ON_THE_SANDBOX = ("bombs", "leaving", "forging", "looking", "recognising", "kernel", "network", "remains")
# And of these on what the grader does with what it gets.
ON_THE_GRADER = ("replies", "stored", "patching", "planting", "archives", "texts")
FAMILIES = ON_THE_SANDBOX + ON_THE_GRADER
LANES = 4  # most attacks wait for something most of the time
LONGEST = 140.0
FULL = 100.0
REACHED = re.compile(r"REACHED.{0,300}", re.DOTALL)


def attacks() -> list[Attack]:
    """All of them, by family."""
    for family in FAMILIES:
        importlib.import_module(f"{__package__}.{family}")
    return list(ATTACKS.values())


@dataclass(frozen=True)
class Finding:
    """An attack that was tried; `wrong` is empty if it came to nothing."""

    attack: Attack
    tier: str
    wrong: str
    graded: Graded

    @property
    def refused(self) -> bool:
        return not self.wrong


@dataclass
class Trial:
    """Attacks in one tier."""

    bait: Bait
    folder: Path
    lanes: "queue.SimpleQueue[Lane]"
    others: ThreadPoolExecutor
    copies: dict[tuple[str, Base], Path] = field(default_factory=dict)
    honest: dict[tuple[str, Base], Graded] = field(default_factory=dict)
    _making: threading.Lock = field(default_factory=threading.Lock)

    def grade(self, submission: Path, exercise: str, seconds: float = TIME) -> Graded:
        lane = self.lanes.get()
        try:
            return lane.grade(submission, exercise, seconds)
        finally:
            self.lanes.put(lane)

    def base(self, exercise: str, base: Base) -> Path:
        """The project that an attack begins with."""
        with self._making:
            if (exercise, base) not in self.copies:
                described = exercise_of(exercise)
                patches = [described.solution] if base == "solution" else []
                with project_copy([described], patches) as copy:
                    self.copies[exercise, base] = Path(shutil.copytree(copy, self.folder / f"{exercise}-{base}"))
        return self.copies[exercise, base]

    def grade_honest(self, exercise: str, base: Base) -> Graded:
        return self.grade(self.base(exercise, base), exercise)

    def try_out(self, number: int, attack: Attack) -> tuple[str, Graded]:
        """Grade it, and somebody honest beside it; what is wrong with the verdicts, and what was said of it.

        That one comes after whoever was graded before in its lane, too.
        """
        graded = Graded(0, {}, "", (), "", 0, failed="it was not made")
        beside = self.others.submit(self.grade_honest, "count", "solution")
        try:
            for time in range(attack.times):
                place = self.folder / f"{number}-{time}"
                shutil.copytree(self.base(attack.exercise, attack.base), place)
                made = attack.make(Project(place, self.bait, f"mark{number:03}{time}"))
                graded = self.grade(made or place, attack.exercise, attack.patience)
        except Exception as error:  # one that cannot be made here, or that hits the grader itself
            graded = replace(graded, failed=f"{type(error).__name__}: {error}")
        return "; ".join(self.faults(attack, graded, beside.result())), graded

    def faults(self, attack: Attack, graded: Graded, neighbour: Graded) -> Iterator[str]:
        """What is wrong with what was said of an attack and of the one beside it."""
        starter, own = self.honest[attack.exercise, "starter"], self.honest[attack.exercise, attack.base]
        if graded.failed:
            yield f"it could not be graded: {graded.failed}"
        if attack.verdict == "honest" and graded.verdicts != own.verdicts:
            yield f"{graded.score:g} points, not the {own.score:g} of an honest one"
        if attack.verdict == "no credit" and graded.score > starter.score:
            yield f"{graded.score:g} points, and doing nothing earns {starter.score:g}"
        if found := REACHED.search(graded.evidence):
            yield found[0]
        if not re.search(attack.reason, graded.told, re.IGNORECASE):
            yield f"nothing in what is said of it matches {attack.reason!r}"
        if odd := sorted({char for char in graded.told if char != "\n" and not is_harmless(char)}):
            yield f"what is said of it holds {odd}"
        if graded.seconds > LONGEST:
            yield f"it took {graded.seconds:.0f} seconds"
        if (neighbour.verdicts, neighbour.failed) != (self.honest["count", "solution"].verdicts, ""):
            yield f"the verdict on another one is not what it was: {neighbour.told[:500]}"
        if taken := self.bait.taken():
            yield f"somebody has reached {', '.join(taken)}"


def is_harmless(char: str) -> bool:
    """Whether a terminal or a browser shows it and does nothing else."""
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def prove(asked: Sequence[Attack], tier: str, lanes: int = LANES) -> Iterator[Finding]:
    """Try the attacks in the tier, some side by side, and yield what came of each, in their order.

    Needs the exercises' hidden parts. Raises `UserError` where the tier does not hold.
    """
    with ExitStack() as stack:
        bait = stack.enter_context(Bait())
        isolation = stack.enter_context(kept_apart(tier))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="attacks-", ignore_cleanup_errors=True)))
        places: queue.SimpleQueue[Lane] = queue.SimpleQueue()
        for _ in range(lanes):
            places.put(stack.enter_context(closing(Lane(isolation))))
        pool, others = (stack.enter_context(ThreadPoolExecutor(lanes)) for _ in range(2))
        trial = Trial(bait, folder, places, others)
        for exercise in sorted({"count"} | {attack.exercise for attack in asked}):
            for base in ("starter", "solution"):
                trial.honest[exercise, base] = trial.grade_honest(exercise, base)
            if trial.honest[exercise, "solution"].score < FULL:
                raise RuntimeError(f"an honest solution of {exercise} fails: {trial.honest[exercise, 'solution'].told}")
        under_way = [pool.submit(trial.try_out, *numbered) for numbered in enumerate(asked)]
        try:
            for attack, future in zip(asked, under_way, strict=True):
                wrong, graded = future.result()
                yield Finding(attack, tier, wrong, graded)
        finally:
            for future in under_way:
                future.cancel()
