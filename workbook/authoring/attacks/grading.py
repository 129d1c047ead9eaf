"""How the suite grades: the only module that knows the grader."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from workbook.course.exercise import Exercise
from workbook.course.model import Course
from workbook.course.points import read_grading
from workbook.grader.fingerprints import key_of_tests
from workbook.grader.grade_one import CannotGrade, SubmissionGrader, Work
from workbook.grader.isolation import Isolation, open_isolation
from workbook.grader.results import ResultKey
from workbook.submissions.snapshot import take_snapshot

ROOT = Path(__file__).parents[3]
SMALL = ROOT / "tests" / "small_course"  # whose exercise takes a tenth of the time
UNSAFE = "none"
TIME = 120.0  # seconds for a submission, on a loaded machine
SEED = 7


@dataclass(frozen=True)
class GradedAttack:
    """What the grader said about one submission. `failed`: why it couldn't be graded, if that's not its own fault.

    `reading`: how many seconds of processor it took to read what was handed in. `memory`: what its tests took at most.
    """

    score: float
    verdicts: Mapping[str, str]
    trouble: str
    flags: tuple[str, ...]
    evidence: str
    seconds: float
    failed: str = ""
    memory: int = 0
    reading: float = 0.0

    @property
    def told(self) -> str:
        """All that a learner and an instructor read about it."""
        return "\n".join([self.trouble, *self.flags, self.evidence, self.failed])


class Lane:
    """Grades one submission after another."""

    def __init__(self, isolation: Isolation) -> None:
        self._isolation = isolation
        self._graders: dict[Path, SubmissionGrader] = {}

    def grade_project(self, submission: Path, exercise: str, seconds: float = TIME) -> GradedAttack:
        course = course_of(exercise)
        grader = self._graders.get(course.root) or self._graders.setdefault(
            course.root, SubmissionGrader(course, self._isolation)
        )
        described = attacked_exercise(exercise)
        try:
            began = time.thread_time()
            snapshot = take_snapshot(submission)
            reading = time.thread_time() - began
            key = ResultKey(snapshot.digest, key_of_tests(course.root, described), "", SEED)
            result = grader.grade_submission(Work("learner", exercise, submission.name, 1, snapshot, key, seconds))
        except (CannotGrade, OSError) as error:
            return GradedAttack(0, {}, "", (), "", 0, failed=f"not graded: {error}")
        outcomes = {verdict.promise: verdict.outcome for verdict in result.verdicts}
        kept = {promise for promise, outcome in outcomes.items() if outcome == "kept"}
        evidence = "\n\n".join(verdict.evidence for verdict in result.verdicts if verdict.evidence)
        score = read_grading(described.folder).score(
            kept, {verdict.promise: verdict.cases for verdict in result.verdicts if verdict.outcome == "broken"}
        )
        told = (score, outcomes, result.trouble, result.flags, evidence, result.seconds)
        return GradedAttack(*told, memory=grader.memory, reading=reading)

    def close(self) -> None:
        for grader in self._graders.values():
            grader.close()


def course_of(exercise: str) -> Course:
    return Course.find(SMALL if exercise == "count" else ROOT)


def attacked_exercise(name: str) -> Exercise:
    course = course_of(name)
    return course.exercise(course.step(name))


@contextlib.contextmanager
def kept_apart(tier: str) -> Iterator[Isolation]:
    """Yield what keeps submissions apart: a tier of the sandbox, or nothing (`UNSAFE`). Raises `UserError`."""
    with (
        open_isolation(ROOT, unsafe=True)
        if tier == UNSAFE
        else open_isolation(ROOT, unsafe=False, tier=tier) as isolation
    ):
        yield isolation
