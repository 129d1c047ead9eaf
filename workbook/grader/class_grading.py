"""Grading a class: what is to be done, what is done already, and each result into the journal."""

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from workbook.course.exercise import Exercise
from workbook.course.model import Course
from workbook.course.points import Grading, read_grading
from workbook.journal import Journal
from workbook.submissions.trees import Changing

from .fingerprints import key_of_environment, key_of_tests
from .grade_one import CannotGrade, NeedsPython, Work
from .hand_in_times import when_handed_in
from .identity import HandedIn, TheClass
from .results import ASSIGNED, CLASS, FAILED, GRADED, OVERRIDE, Cause, Override, Result, ResultKey, are_of_one_folder
from .sanitize import one_line
from .workers import Lanes, share_out

LOST = "Every mark is in it, so make a copy before you do anything with it."
LIMIT = 180.0
SEEDS = 2**62  # more than one who has seen some of the values could try; SQLite keeps no larger number


@dataclass(frozen=True)
class Plan:
    """What a grading is asked for."""

    course: Course
    exercises: Sequence[Exercise]
    the_class: TheClass
    journal: Journal
    seed: int
    unsafe: bool
    force: bool = False
    limit: float = LIMIT
    about: Mapping[str, Any] = field(default_factory=dict)  # what the journal keeps of this grading besides


@dataclass(frozen=True)
class Done:
    """Something that has ended: a result, or why there is none."""

    handed_in: HandedIn
    result: Result | None
    why: str = ""
    cause: Cause = ""


class ClassGrading:
    """One grading of a class. `gradings` are the exercises' points, by their names."""

    def __init__(self, plan: Plan) -> None:
        """Read the exercises' gradings, and find out what's left to grade. Raises `UserError`."""
        self.plan = plan
        self.gradings = {exercise.name: read_grading(exercise.folder) for exercise in plan.exercises}
        self._tests = {one.name: key_of_tests(plan.course.root, one) for one in plan.exercises}
        self._environment = key_of_environment(isolated=not plan.unsafe)
        self._done: set[bytes] = set()
        self._newest: dict[tuple[str, str], bytes] = {}  # of those whose files these were before
        if not plan.force:
            self._read_done()
        work = plan.the_class.work
        # To count what is left takes a reading of every file; without an earlier grading there is nothing to count.
        self.left = [one for one in work if not self._is_done(one)] if self._done else work
        self.done_before = len(work) - len(self.left)

    def begin(self) -> None:
        """Record what the class is. Raises `UserError`."""
        plan = self.plan
        names = [exercise.name for exercise in plan.exercises]
        rest = {"exercises": names, "unsafe": plan.unsafe, "seed": plan.seed}
        plan.journal.record(CLASS, "", **plan.the_class.as_entry(), **rest, **plan.about)

    def record_results(self, lanes: Lanes) -> Iterator[Done]:
        """Grade what is left; everything is in the journal before it is yielded. Raises `UserError`."""
        failed: list[Done] = []
        waiting: dict[tuple[str, str], HandedIn] = {}

        def works() -> Iterator[Work]:
            for one in self.left:
                try:
                    work = self._work(one)
                except Exception as error:  # of whatever kind: it's the trouble of this submission, not of the class
                    failed.append(self._fail(one, _unreadable(error)))
                else:
                    waiting[one.learner.id, one.exercise] = one
                    yield work

        for work, result in share_out(works(), lanes):
            yield from _taken(failed)
            one = waiting.pop((work.learner, work.exercise))
            if isinstance(result, CannotGrade):
                yield self._fail(one, str(result), "needs Python" if isinstance(result, NeedsPython) else "")
            else:
                grading = self.gradings[work.exercise]
                came = when_handed_in(one.found)
                result = replace(result, points=dict(grading.points), bonus=dict(grading.bonus), **came)
                if meant := _meant_for_another(one, result):
                    result = replace(result, cause="another exercise", why=f"Its name says {meant}.")
                self.plan.journal.record(GRADED, one.exercise, **result.as_dict())
                yield Done(one, result)
        yield from _taken(failed)

    def _fail(self, one: HandedIn, why: str, cause: Cause = "") -> Done:
        place = {"learner": one.learner.id, "file": one.found.file}
        self.plan.journal.record(FAILED, one.exercise, **place, why=why, cause=cause)
        return Done(one, None, why, cause)

    def _work(self, one: HandedIn) -> Work:
        snapshot = one.found.snapshot()
        key = ResultKey(snapshot.digest, self._tests[one.exercise], self._environment, self.plan.seed)
        place = one.learner.id, one.exercise, one.found.file, one.attempt
        return Work(*place, snapshot, key, self.plan.limit)

    def _read_done(self) -> None:
        here = self.plan.about.get("paths", ())
        names = ("learner", "exercise", "file", "attempt", "key", "paths")
        these = False
        for kind, (learner, exercise, file, attempt, key, paths) in self.plan.journal.fields([CLASS, GRADED], names):
            if kind == CLASS:
                these = are_of_one_folder(paths or (), here)
                continue
            self._done.add(identity := _identify(learner, exercise, file, attempt, key))
            if these:
                self._newest[learner, exercise] = identity

    def _is_done(self, one: HandedIn) -> bool:
        """Return whether it was graded, and nothing else of this folder since: reports take what was graded last."""
        try:
            work = self._work(one)
        except Exception:
            return False  # told when its turn comes
        identity = _identify(work.learner, work.exercise, work.file, work.attempt, asdict(work.key))
        return identity in self._done and self._newest.get((one.learner.id, one.exercise), identity) == identity


def _identify(learner: str, exercise: str, file: str, attempt: int, key: Mapping[str, Any]) -> bytes:
    """Return a 16-byte digest that identifies a result; it's short because there may be very many."""
    told = [learner, exercise, file, attempt, key["submission"], key["tests"], key["environment"], key["seed"]]
    return hashlib.blake2b(repr(told).encode("utf-8", "backslashreplace"), digest_size=16).digest()


def _meant_for_another(one: HandedIn, result: Result) -> str:
    """Return the exercise that the file is named after, if that's another one and the marks aren't full."""
    named = one.found.named.exercise
    is_full = all(verdict.outcome in {"kept", "not proven"} for verdict in result.verdicts)
    return named if named not in {"", one.exercise} and not is_full and not result.cause else ""


def _taken(failed: list[Done]) -> list[Done]:
    taken, failed[:] = failed[:], []
    return taken


def _unreadable(error: Exception) -> str:
    if isinstance(error, Changing):
        return "it changed while it was being read; grade it again when nothing writes to it"
    said = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    return f"it can't be read: {one_line(said)}"


def seed_of(journal: Journal, asked: int | None) -> int:
    """Return the seed asked for, otherwise that of the journal's last grading, or a new one. Raises `UserError`."""
    if asked is not None:
        return asked
    last = None
    for _, (seed, _) in journal.fields([CLASS], ["seed", "unsafe"]):
        last = seed
    return last if isinstance(last, int) else secrets.randbelow(SEEDS)


def score(result: Mapping[str, Any], grading: Grading, decided: Mapping[str, float]) -> float:
    """Return the points of a result, given as a dict; `decided` maps promises to the points that a person gave."""
    kept = {verdict["promise"] for verdict in result["verdicts"] if verdict["outcome"] == "kept"}
    broken = {
        verdict["promise"]: verdict.get("cases", ())
        for verdict in result["verdicts"]
        if verdict["outcome"] == "broken" and verdict["promise"] not in decided
    }
    return grading.score(kept - set(decided), broken) + sum(decided.values())


def overrides_in(journal: Journal) -> dict[tuple[str, str], dict[str, float]]:
    """Return what people have decided, by learner and exercise: points by promise. Raises `UserError`."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for entry in journal.stream(OVERRIDE):
        one = Override(**entry.data)
        theirs = found.setdefault((one.learner, one.exercise), {})
        theirs.pop(one.promise, None)
        if one.points is not None:
            theirs[one.promise] = one.points
    return found


def assigned_in(journal: Journal) -> dict[str, str]:
    """Return whose files are, where a person has decided that: the learner's id by file. Raises `UserError`."""
    return {entry.data["file"]: entry.data["learner"] for entry in journal.stream(ASSIGNED)}
