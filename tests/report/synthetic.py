"""Journals like the grader's, of classes that never existed."""

import json
import random
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from workbook.course.model import Course
from workbook.course.points import Grading
from workbook.grader.results import (
    CLASS,
    FAILED,
    GRADED,
    OVERRIDE,
    PUBLISHED,
    Learner,
    Outcome,
    Override,
    Result,
    ResultKey,
    Verdict,
)
from workbook.journal import Entry, Journal
from workbook.report import ClassMarks
from workbook.report.collecting import collect
from workbook.report.counting import Exercises, count
from workbook.report.moving import as_shown

ROOT = Path(__file__).parent.parent.parent
EXERCISES = ("pagination", "avatar", "cover-image", "request-log")
BEGINNING = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'
EVIDENCE = """\
curl -i -X POST http://127.0.0.1:8000/users/me/avatar -H 'Authorization: Bearer <token>' -F 'file=@picture.png'

HTTP/1.1 500 Internal Server Error
{"success": false, "message": "Something went wrong", "errors": []}

expected  200, and the user with avatar_url
got       500
"""
ODD_NAMES = (
    "محمد بن عبد الله آل سعود",
    "王小明",
    "Wolfeschlegelsteinhausenbergerdorff-Llanfairpwllgwyngyll Hubert Blaine Zeus Adolph Charles David Earl",
    HOSTILE,
    "\x1b[31mRed\x1b[0m\x07 Alert",
    "\u202egnp.exe\u202c Reverse",
    '=HYPERLINK("http://example.com","Click")',
    "@SUM(A1:A9)",
    "O’Brien, Siobhán “Sé”",
    "नीलम श्रीवास्तव",
    "Zoë 👩‍💻 Åkesson",
    "אורי בן-דוד",
)
GIVEN = ("Ada", "Grace", "Linus", "Margaret", "Alan", "Barbara", "Dennis", "Frances", "Ken", "Radia", "Tim", "Hedy")
FAMILY = ("Okafor", "Lindqvist", "Moreau", "Tanaka", "Novák", "Silva", "Haddad", "Kowalska", "Byrne", "Rossi")


# Points and sentences of exercises that stay the same even if the course changes its exercises.
PAGINATION = {
    "test_a_list_is_a_page": (
        20,
        "GET /posts, /posts/my and /users answer with a page: ten rows, and seven keys that say where they lie.",
    ),
    "test_pages_follow_each_other": (
        20,
        "The pages one after the other hold every row once, by id, and page 1 begins with the first row.",
    ),
    "test_the_last_page_is_told": (
        20,
        "`total_pages`, `has_next` and `has_prev` are right on the first, a middle and the last page.",
    ),
    "test_filters_apply_before_counting": (10, "With `published`, `total` counts the rows that pass."),
    "test_a_page_that_is_no_page_is_refused": (10, "A `page` or `per_page` out of bounds, or words, is a 422."),
    "test_drafts_of_others_are_not_counted": (10, "`total` counts what the caller may see."),
    "test_a_page_past_the_end_is_empty": (5, "A page past the end is a 200 without rows."),
    "test_no_rows_are_no_pages": (5, "Without rows `total_pages` is 0."),
}
HIDDEN = 3  # the last so many promises of an exercise


def promises_of(exercise: str) -> dict[str, tuple[float, str]]:
    """Return the points and the sentence of each promise."""
    if exercise == "pagination":
        return dict(PAGINATION)
    word = exercise.replace("-", "_")
    points = [15, 15, 10, 10, 10, 10, 10, 5, 5, 5, 3, 2]
    return {f"test_{word}_{n}": (worth, f"The {exercise} does what number {n} says.") for n, worth in enumerate(points)}


def grading_of(exercise: str) -> Grading:
    return Grading(points={name: worth for name, (worth, _) in promises_of(exercise).items()})


def sentences_of(exercise: str) -> dict[str, tuple[str, bool]]:
    """Return the promises of an exercise: their sentences, and whether they're hidden."""
    found = promises_of(exercise)
    return {name: (text, n >= len(found) - HIDDEN) for n, (name, (_, text)) in enumerate(found.items())}


def titles() -> dict[str, str]:
    return {step.name: step.title for step in Course(ROOT).steps if step.name in EXERCISES}


def learners(many: int) -> list[Learner]:
    """Return a class: odd names first, half from Canvas, half from Moodle; the last two aren't on the roster."""
    found = []
    for n in range(many):
        name = ODD_NAMES[n] if n < len(ODD_NAMES) else f"{GIVEN[n % 12]} {FAMILY[n // 12 % 10]}"
        name = name if n < len(ODD_NAMES) + 120 else f"{name} {n}"
        lms = {"canvas": str(40_000 + n)} if n % 2 else {"moodle": str(70_000 + n)}
        found.append(Learner(f"s{n:05}", name, f"s{n:05}@example.edu", lms, on_roster=n < many - 2))
    return found


def file_of(learner: Learner, exercise: str, attempt: int = 1) -> str:
    if user := learner.lms.get("canvas"):
        return f"learner{learner.id}_{user}_{int(user) * 7}_{exercise}{f'-{attempt}' if attempt > 1 else ''}.zip"
    if "moodle" not in learner.lms:
        return f"{learner.id}-{exercise}.zip"
    return f"Learner {learner.id}_{learner.lms['moodle']}_assignsubmission_file/{exercise}.zip"


def result(
    learner: Learner,
    exercise: str,
    outcomes: dict[str, Outcome] | None = None,
    *,
    attempt: int = 1,
    tests: str = "t1",
    environment: str = "e1",
    submission: str = "",
    evidence: str = EVIDENCE,
    tier: str = "bubblewrap per submission",
    grading: Grading | None = None,
    sentences: dict[str, tuple[str, bool]] | None = None,
    **more: Any,
) -> Result:
    """Return a graded submission that keeps every promise except those in `outcomes`."""
    grading = grading or grading_of(exercise)
    outcomes = outcomes or {}
    verdicts = []
    for promise, (text, hidden) in (sentences or sentences_of(exercise)).items():
        outcome = outcomes.get(promise, "kept")
        verdicts.append(Verdict(promise, text, hidden, outcome, evidence if outcome == "broken" else ""))
    key = ResultKey(submission or f"{learner.id}-{exercise}-{attempt}", tests, environment, 1)
    return Result(
        learner=learner.id,
        exercise=exercise,
        file=more.pop("file", file_of(learner, exercise, attempt)),
        attempt=attempt,
        key=key,
        verdicts=tuple(verdicts),
        points=grading.points,
        bonus=grading.bonus,
        tier=tier,
        **more,
    )


def class_entry(people: Sequence[Learner], exercises: Sequence[str] = EXERCISES, **more: Any) -> Entry:
    data = {
        "learners": [asdict(one) for one in people],
        "exercises": list(exercises),
        "unmatched": [],
        "not_handed_in": {name: [] for name in exercises},
        "unsafe": False,
        "title": "Web development, autumn 2026",
    }
    return Entry(BEGINNING, CLASS, "", data | more)


def graded(one: Result, minute: int = 0) -> Entry:
    return Entry(BEGINNING + timedelta(minutes=minute), GRADED, one.exercise, one.as_dict())


def overridden(one: Override) -> Entry:
    return Entry(BEGINNING + timedelta(hours=9), OVERRIDE, one.exercise, asdict(one))


def class_of(
    entries: Iterable[Entry], gradings: dict[str, Grading] | None = None, titles: dict[str, str] | None = None
) -> ClassMarks:
    """Return the marks that follow from these entries."""
    return count(collect(entries), Exercises(gradings or {}, titles or {}))


def published(marks: ClassMarks) -> Entry:
    """Return what `workbook class publish` records."""
    return Entry(BEGINNING + timedelta(hours=8), PUBLISHED, "", json.loads(json.dumps(as_shown(marks))))


def a_class(many: int = 60, seed: int = 1, exercises: Sequence[str] = EXERCISES) -> Iterator[Entry]:
    """Return a class with everything in it that a report can show."""
    chance = random.Random(seed)
    people = learners(many)
    absent = {name: [one.id for one in people if one.on_roster and chance.random() < 0.06] for name in exercises}
    unmatched = [{"file": f"{HOSTILE} homework (1).zip", "why": "nobody on the roster is called so"}]
    yield class_entry(people, exercises, unmatched=unmatched, not_handed_in=absent)
    worst: Outcome = "broken"
    for number, one in enumerate(people):
        skill = chance.betavariate(4, 1.6)
        for exercise in exercises:
            names = list(sentences_of(exercise))
            if one.id in absent[exercise]:
                continue
            broken = {name: worst for name in names[1:-1] if chance.random() > skill}
            broken |= {names[-1]: worst} if chance.random() > 0.03 else {}
            more: dict[str, Any] = {"seconds": chance.uniform(4, 9)}
            if number % 17 == 3:
                more |= {"flags": ("slow",), "seconds": chance.uniform(60, 170)}
            if number == 5 and exercise == exercises[0]:
                broken, more["trouble"] = dict.fromkeys(names, "waiting"), "There's no app/main.py in it."
            if number == 3:
                more["evidence"] = f"{HOSTILE}\n\x1b[2J\u202eexe.gpj\n" + "x" * 400
            first = result(one, exercise, broken, **more)
            yield graded(first, number)
            if number % 11 == 4:
                yield graded(result(one, exercise, {}, attempt=2), 600 + number)
            if number % 13 == 7:
                yield graded(result(one, exercise, broken | {names[0]: "unstable"}, tests="t2", flags=("unstable",)))
    yield overridden(
        Override(people[8].id, exercises[0], "test_a_list_is_a_page", 15, "Seen to work in the oral exam.")
    )
    yield Entry(
        BEGINNING + timedelta(hours=10),
        FAILED,
        exercises[0],
        {"learner": people[9].id, "file": "s00009.zip", "why": "The disk was full."},
    )


def write(path: Path, entries: Iterator[Entry]) -> Journal:
    """Write a journal of these entries with their times, all at once."""
    journal = Journal(path)
    journal.record("begun", "")
    with closing(sqlite3.connect(path)) as db, db:
        rows = ((one.at.isoformat(), one.kind, one.step, json.dumps(one.data)) for one in entries)
        db.executemany("INSERT INTO entry (at, kind, step, data) VALUES (?, ?, ?, ?)", rows)
    db.close()
    return journal
