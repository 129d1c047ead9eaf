"""What the grader found out about one submission, as the journal keeps it and the reports read it."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import PurePath
from typing import Any, Literal, Self

Outcome = Literal["kept", "broken", "waiting", "not proven", "unstable"]
# Why a mark of next to nothing may be wrong, so that a person should see it. "needs Python" doesn't get a mark at all:
# it's in a `failed` entry.
Cause = Literal["", "not started", "needs a package", "needs Python", "another exercise", "empty", "unreadable"]
CAUSES: dict[str, str] = {
    "not started": "The app didn't start",
    "needs a package": "Needs a package that the grader doesn't have",
    "needs Python": "Needs a newer Python than the grader's",
    "another exercise": "Named for another exercise",
    "empty": "Empty",
    "unreadable": "Couldn't be read as a project",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One promise of an exercise, and how a submission fared with it.

    `waiting`: not looked at, for a reason that another promise's evidence explains. `not proven`: this machine lacks
    what would prove it. `unstable`: two fresh sandboxes disagreed, and a person decides. `evidence` is what was sent,
    what came back and what was expected. It's plain text for the learner: placeholders replace generated values, and
    nothing is left that a terminal or a browser would act on. `cases`: if the promise is broken, the cases that aren't
    kept, by the parameters of their tests.
    """

    promise: str
    text: str
    hidden: bool
    outcome: Outcome
    evidence: str = ""
    cases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResultKey:
    """What a result depends on. The same key gives the same result, so it isn't graded again.

    `submission`: SHA-256 of the files. `tests`: of the exercise's tests and of what serves and judges. `environment`:
    of Python's and the packages' versions. Points aren't part of it. `seed`: the journal's secret.
    """

    submission: str
    tests: str
    environment: str
    seed: int

    @property
    def drawn(self) -> int:
        """The seed of the values that this submission is asked for: its own, and the same whenever it's graded again.

        So what one learner finds out about the values, for example from feedback, says nothing about another's.
        """
        told = f"{self.seed} {self.submission}".encode()
        return int.from_bytes(hashlib.blake2b(told, digest_size=7).digest())


@dataclass(frozen=True, slots=True)
class Result:
    """One learner's submission for one exercise, graded.

    `trouble`, if there is any, is why nothing could be looked at, in a sentence for the learner (no app/main.py, a zip
    that isn't one): no promise is kept then. `flags` are for the instructor: `slow`, `unstable`, `out of time`,
    `killed: processor time`. `points`, `bonus`: what grading.toml said when it was graded, so that a report can find
    out which marks moved since.
    `cause`, if there is one, is the kind of reason for which a person should see the mark, and `why` the sentence.
    `left_out`: files that were handed in and aren't part of the app, by name.
    `tier`: how the submission was kept apart. `file`: what was handed in, as it is called in the class folder.
    `handed_in`: when, as far as that is known (ISO 8601); `late`: whether the learning platform called it late.
    """

    learner: str
    exercise: str
    file: str
    attempt: int
    key: ResultKey
    verdicts: tuple[Verdict, ...]
    points: dict[str, float]
    bonus: dict[str, float]
    trouble: str = ""
    flags: tuple[str, ...] = ()
    tier: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    cause: Cause = ""
    why: str = ""
    left_out: tuple[str, ...] = ()
    handed_in: str = ""
    late: bool = False

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        verdicts = tuple(
            Verdict(**{**verdict, "cases": tuple(verdict.get("cases", ()))}) for verdict in data["verdicts"]
        )
        rest = {"key": ResultKey(**data["key"]), "verdicts": verdicts, "flags": tuple(data["flags"])}
        return cls(**{**data, **rest, "left_out": tuple(data.get("left_out", ()))})


@dataclass(frozen=True, slots=True)
class Learner:
    """Someone on the roster, or in the class folder without being on it (`on_roster` False, `id` from the file)."""

    id: str
    name: str
    email: str = ""
    # What platforms call them in files and columns: canvas, moodle, github, and login, a second id.
    lms: dict[str, str] = field(default_factory=dict)
    on_roster: bool = True
    group: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """A person's decision about one promise of one learner. The last one for a promise counts.

    Without points it takes the one before back.
    """

    learner: str
    exercise: str
    promise: str
    points: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Comment:
    """What a person says on learners' pages, without points. The last one for the same place counts; "" removes it.

    With a learner it's for them: on their page, under an exercise or under a promise. Without one it's for everyone
    who didn't keep the promise.
    """

    learner: str
    exercise: str
    promise: str
    text: str


# The journal's entries (workbook.journal.Journal.record(kind, step, **data)); `step` is the exercise, or "".
#   graded    a Result.as_dict()
#   override  an Override as a dict
#   class     when a grading begins: {"learners": [Learner as a dict, …], "exercises": [name, …],
#             "unmatched": [{"file": …, "why": …, "closest": [learner id, …]}],
#             "not_handed_in": {exercise: [learner id, …]}, "unsafe": bool,
#             "title": what --title said, "commit": of the course, "paths": what was graded, "export": the gradebook
#             that was the roster, as exports.Export keeps it}
#   failed    what couldn't be graded, through no fault of the learner: {"learner", "file", "why", "cause"}
#   assigned  whose a file is, as a person decided: {"file", "learner"}; "-" means that it isn't any learner's
#   comment   a Comment as a dict
#   published when learners were shown their marks: {"marks": {exercise: {learner id: [points, of]}},
#             "points": {exercise: {promise: points}}}; the last one counts
GRADED, OVERRIDE, CLASS, FAILED = "graded", "override", "class", "failed"
COMMENT, PUBLISHED, ASSIGNED = "comment", "published", "assigned"


def are_of_one_folder(some: Iterable[str], others: Iterable[str]) -> bool:
    """Return whether two gradings' paths lead to the same files, at least in part: the later one knows which counts."""
    return any(
        path.is_relative_to(other) or other.is_relative_to(path)
        for path in map(PurePath, some)
        for other in map(PurePath, others)
    )
