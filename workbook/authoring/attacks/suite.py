"""The suite: every attack through the real grader, between and beside submissions that are honest."""

import importlib
import queue
import re
import shutil
import tempfile
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import get_args

from workbook.course.exercise import project_copy

from .attack import ATTACKS, Attack, Base, Project
from .bait import Bait
from .grading import TIME, GradedAttack, Lane, attacked_exercise, kept_apart

# What comes of these depends on how submissions are kept apart. Bombs come first: many of them make the grader wait.
ON_THE_SANDBOX = (
    "bombs",
    "leaving",
    "forging",
    "looking",
    "recognising",
    "kernel",
    "network",
    "remains",
    "channels",
    "logs",
)
# And of these on what the grader does with what it gets.
ON_THE_GRADER = ("replies", "contents", "returns", "stored", "patching", "planting", "archives", "headers", "texts")
FAMILIES = ON_THE_SANDBOX + ON_THE_GRADER
LANES = 4  # most attacks wait for something most of the time
SHARING = 4  # attacks have one honest neighbour together
LONGEST = 140.0
FULL = 100.0
HOLD = 8.0  # seconds beyond its limit, on a machine that does several at once; the benchmark measures one alone
MOST_MEMORY = 300 * 2**20  # of the process that looks at what comes back
MOST_TO_READ = 5.0  # seconds of processor, to read what was handed in; several others are read and graded meanwhile
OF_THIS_MACHINE = re.compile(r"pytest-of-|/workbook-(run|app|warm|sandbox|submission)-")
REACHED = re.compile(r"REACHED.{0,300}", re.DOTALL)


def all_attacks() -> list[Attack]:
    """Return all attacks, by family."""
    for family in FAMILIES:
        importlib.import_module(f"{__package__}.{family}")
    return list(ATTACKS.values())


@dataclass(frozen=True)
class AttackFinding:
    """An attack that was tried; `wrong` is empty if it came to nothing."""

    attack: Attack
    tier: str
    wrong: str
    graded: GradedAttack

    @property
    def refused(self) -> bool:
        return not self.wrong


@dataclass(frozen=True)
class Batch:
    """Attacks with their numbers, and what the grader says about each, and about an honest submission beside them."""

    attacks: list[tuple[int, Attack]]
    graded: list["Future[GradedAttack]"]
    beside: "Future[GradedAttack]"


@dataclass
class Trial:
    """Attacks in one tier."""

    bait: Bait
    folder: Path
    lanes: "queue.SimpleQueue[Lane]"
    pool: ThreadPoolExecutor
    copies: dict[tuple[str, Base], Path] = field(default_factory=dict)
    honest: dict[tuple[str, Base], GradedAttack] = field(default_factory=dict)
    _making: threading.Lock = field(default_factory=threading.Lock)

    def grade_on_free_lane(self, submission: Path, exercise: str, seconds: float = TIME) -> GradedAttack:
        lane = self.lanes.get()
        try:
            return lane.grade_project(submission, exercise, seconds)
        finally:
            self.lanes.put(lane)

    def base(self, exercise: str, base: Base) -> Path:
        """Return the project that an attack begins with."""
        with self._making:
            if (exercise, base) not in self.copies:
                described = attacked_exercise(exercise)
                patches = [described.solution] if base == "solution" else []
                with project_copy([described], patches) as copy:
                    self.copies[exercise, base] = Path(shutil.copytree(copy, self.folder / f"{exercise}-{base}"))
        return self.copies[exercise, base]

    def grade_honest(self, exercise: str, base: Base) -> GradedAttack:
        return self.grade_on_free_lane(self.base(exercise, base), exercise)

    def grade_honest_ones(self, exercises: Iterable[str]) -> None:
        """Grade honest submissions, to compare everything with. Raises `RuntimeError` if a solution fails."""
        asked = [(exercise, base) for exercise in sorted(exercises) for base in get_args(Base)]
        under_way = [self.pool.submit(self.grade_honest, *one) for one in asked]
        self.honest |= {one: future.result() for one, future in zip(asked, under_way, strict=True)}
        for (exercise, base), graded in self.honest.items():
            if base == "solution" and graded.score < FULL:
                raise RuntimeError(f"an honest solution of {exercise} fails: {graded.told}")

    def grade_attack(self, number: int, attack: Attack) -> GradedAttack:
        graded = GradedAttack(0, {}, "", (), "", 0, failed="it was not made")
        try:
            for time in range(attack.times):
                graded = self.grade_on_free_lane(self.made(number, attack, time), attack.exercise, attack.patience)
        except Exception as error:  # one that cannot be made here, or that hits the grader itself
            return replace(graded, failed=f"{type(error).__name__}: {error}")
        return graded

    def made(self, number: int, attack: Attack, time: int = 0) -> Path:
        """Make what is handed in, the attack's `number` telling it from others; returns where it is."""
        place = Path(tempfile.mkdtemp(prefix=f"{number}-{time}-", dir=self.folder)) / "project"
        shutil.copytree(self.base(attack.exercise, attack.base), place)
        return attack.make(Project(place, self.bait, f"mark{number:03}{time}")) or place

    def try_out(self, asked: Sequence[Attack]) -> Iterator[tuple[str, GradedAttack]]:
        """Grade the attacks; yield what's wrong with the verdicts of each, and what was said about it.

        Some of them share an honest submission. If that one is harmed, each is tried again with a separate one.
        """
        numbered = list(enumerate(asked))
        batches = [self._begin(numbered[first : first + SHARING]) for first in range(0, len(numbered), SHARING)]
        try:
            for batch in batches:
                if self.is_harmed(batch.beside.result()) and len(batch.attacks) > 1:
                    alone = [self._begin([one]) for one in batch.attacks]
                    known = any(self.is_harmed(one.beside.result()) for one in alone)
                    for found in alone if known else [batch]:  # otherwise it's the fault of all together
                        yield from self._found(found)
                else:
                    yield from self._found(batch)
        finally:
            for batch in batches:
                for future in (*batch.graded, batch.beside):
                    future.cancel()

    def _begin(self, attacks: list[tuple[int, Attack]]) -> "Batch":
        # The honest one begins after all of them have begun, in a lane that has graded another submission before.
        graded = [self.pool.submit(self.grade_attack, *one) for one in attacks]
        return Batch(attacks, graded, self.pool.submit(self.grade_honest, "count", "solution"))

    def _found(self, batch: "Batch") -> Iterator[tuple[str, GradedAttack]]:
        for (_, attack), under_way in zip(batch.attacks, batch.graded, strict=True):
            graded = under_way.result()
            yield "; ".join(self.faults(attack, graded, batch.beside.result())), graded

    def is_harmed(self, neighbour: GradedAttack) -> bool:
        """Return whether the verdicts on an honest submission differ from those in a class without attacks."""
        return (neighbour.verdicts, neighbour.failed) != (self.honest["count", "solution"].verdicts, "")

    def faults(self, attack: Attack, graded: GradedAttack, neighbour: GradedAttack) -> Iterator[str]:
        """Yield what's wrong with the results of an attack and of the honest submission beside it."""
        starter, own = self.honest[attack.exercise, "starter"], self.honest[attack.exercise, attack.base]
        if graded.failed:
            yield f"it could not be graded: {graded.failed}"
        if attack.verdict == "honest" and graded.verdicts != own.verdicts:
            yield f"{graded.score:g} points, not the {own.score:g} of an honest one"
        if attack.verdict == "no more" and graded.score > own.score:
            yield f"{graded.score:g} points, more than the {own.score:g} of an honest one"
        if attack.verdict == "no credit" and graded.score > starter.score:
            yield f"{graded.score:g} points, and doing nothing earns {starter.score:g}"
        if found := REACHED.search(graded.evidence):
            yield found[0]
        if not re.search(attack.reason, graded.told, re.IGNORECASE):
            yield f"nothing in what is said of it matches {attack.reason!r}"
        if odd := sorted({char for char in graded.told if char != "\n" and not is_harmless(char)}):
            yield f"what is said of it holds {odd}"
        if found := OF_THIS_MACHINE.search(graded.told):
            yield f"what is said of it names a folder of this machine: {found[0]}"
        if graded.memory > MOST_MEMORY:
            yield f"the tests took {graded.memory // 2**20} MiB of memory"
        if graded.reading > MOST_TO_READ:
            yield f"it took {graded.reading:.1f} seconds to read"
        if graded.seconds > attack.patience + HOLD:
            yield f"it held its lane for {graded.seconds - attack.patience:.1f} seconds beyond its limit"
        if graded.seconds > LONGEST:
            yield f"it took {graded.seconds:.0f} seconds"
        if self.is_harmed(neighbour):
            yield f"the verdict on another one is not what it was: {neighbour.told[:500]}"
        if taken := self.bait.taken():
            yield f"someone has reached {', '.join(taken)}"


def is_harmless(char: str) -> bool:
    """Return whether a terminal or a browser only shows the character, without acting on it."""
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def try_attacks(asked: Sequence[Attack], tier: str, lanes: int = LANES) -> Iterator[AttackFinding]:
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
        pool = stack.enter_context(ThreadPoolExecutor(lanes))
        trial = Trial(bait, folder, places, pool)
        trial.grade_honest_ones({"count"} | {attack.exercise for attack in asked})
        for attack, (wrong, graded) in zip(asked, trial.try_out(asked), strict=True):
            yield AttackFinding(attack, tier, wrong, graded)
