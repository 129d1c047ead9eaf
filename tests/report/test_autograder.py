"""The autograders are whole, in the platforms' documented formats, and every learner gets an answer to any file."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from workbook.grader.person_names import fold_name
from workbook.grader.results import Learner, Override
from workbook.report import Target
from workbook.report.autograder import write_classroom50, write_gradescope_autograders
from workbook.report.containers import classroom50, gradescope
from workbook.report.marks import ClassMarks, Graded

from ..conftest import COURSE
from ..grader.classes import HALF, RIGHT, project
from .synthetic import class_entry, class_of, graded, overridden, result

FIRST = "test_a_list_is_a_page"
ADA = Learner("s1", "Ada Lovelace", "ada@example.edu")
GRACE = Learner("s2", "Hopper, Grace", "grace@example.edu")
TWIN, OTHER_TWIN = Learner("s3", "Kim Lee", "kim@example.edu"), Learner("s4", "Kim Lee", "lee@example.edu")
# The fields that gradescope-autograders.readthedocs.io/en/latest/specs/ names, and what may be in them.
TOP = {"score", "execution_time", "output", "output_format", "test_output_format", "test_name_format", "visibility"}
TOP |= {"stdout_visibility", "extra_data", "tests", "leaderboard"}
OF_A_TEST = {"score", "max_score", "status", "name", "name_format", "number", "output", "output_format", "tags"}
OF_A_TEST |= {"visibility", "extra_data"}
VISIBILITIES = {"hidden", "after_due_date", "after_published", "visible"}
# The fields of “The result.json contract” of Classroom 50 that an autograder has to write.
CONTRACT = {"schema", "classroom", "assignment", "submission", "commit", "release", "review", "datetime", "score"}
CONTRACT |= {"max-score", "tests"}


def a_class(*, by_number: bool = True) -> ClassMarks:
    """Ada, who broke a promise, Grace, who got points by hand, and two of one name."""
    people = [ADA, GRACE, TWIN, OTHER_TWIN]
    files = {one.id: f"submission_{4711 + n}" if by_number else f"{one.id}.zip" for n, one in enumerate(people)}
    if by_number:  # it was exported twice, so the export that it's in is in front
        files["s1"] = "assignment_5_export (1).zip/submission_4711"
    entries = [class_entry(people, ["pagination"])]
    entries += [graded(result(ADA, "pagination", {FIRST: "broken"}, file=files["s1"]))]
    entries += [graded(result(GRACE, "pagination", {FIRST: "broken"}, file=files["s2"]))]
    entries += [graded(result(TWIN, "pagination", file=files["s3"]))]
    entries += [graded(result(OTHER_TWIN, "pagination", {FIRST: "broken"}, file=files["s4"]))]
    entries += [overridden(Override("s2", "pagination", FIRST, 20, "Seen."))]
    return class_of(entries, {}, {"pagination": "Pagination"})


def edition() -> dict[str, tuple[bytes, bool]]:
    """The small course, as the learner edition of it would be."""
    files = (path for path in COURSE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {
        path.relative_to(COURSE).as_posix(): (path.read_bytes(), False) for path in files if "hidden" not in path.parts
    }


def container(folder: Path, marks: ClassMarks, exercise: str = "pagination") -> Path:
    """A container of Gradescope's: the zip unpacked, with the results' folder."""
    list(write_gradescope_autograders(marks, Target(folder, edition=edition())))
    base = folder / "autograder"
    with zipfile.ZipFile(folder / f"gradescope/{exercise}-autograder.zip") as archive:
        archive.extractall(base / "source")
    (base / "results").mkdir()
    (base / "submission").mkdir()
    return base


def run(base: Path, metadata: dict[str, Any] | None) -> dict[str, Any]:
    """What the learner sees, as run_autograder is run: in the folder, with nothing but the metadata."""
    if metadata is not None:
        (base / "submission_metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    said = [sys.executable, str(base / "source/run_autograder")]
    subprocess.run(said, cwd=base, env=os.environ | {"AUTOGRADER": str(base)}, check=True, timeout=60)
    results: dict[str, Any] = json.loads((base / "results/results.json").read_text(encoding="utf-8"))
    assert set(results) <= TOP
    assert results["visibility"] in VISIBILITIES
    for test in results.get("tests", []):
        assert set(test) <= OF_A_TEST
        assert (test["visibility"] in VISIBILITIES, test["status"] in {"passed", "failed"}) == (True, True)
    return results


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A container with the class's results, without public tests."""
    base = container(tmp_path_factory.mktemp("box"), a_class())
    (base / "source/course").rename(base / "course-elsewhere")
    return base


def test_the_zip_is_what_gradescope_wants(tmp_path: Path) -> None:
    """setup.sh and run_autograder are at the root of the zip, executable, each with its first line."""
    list(write_gradescope_autograders(a_class(), Target(tmp_path)))

    with zipfile.ZipFile(tmp_path / "gradescope/pagination-autograder.zip") as archive:
        for name in ("setup.sh", "run_autograder"):
            assert archive.read(name).startswith(b"#!/usr/bin/env ")
            assert (archive.getinfo(name).external_attr >> 16) & 0o111 == 0o111
    assert subprocess.run(["bash", "-n", "/dev/stdin"], input=b"").returncode == 0


KNOWN: dict[str, tuple[dict[str, Any], int]] = {
    "number": ({"id": 4711, "users": [{"email": "someone@else.example", "id": 1}]}, 80),
    "number of a group": ({"id": 4711, "users": [{"email": "x@y.example"}, {"email": "grace@example.edu"}]}, 80),
    "email in capitals": ({"users": [{"email": "Ada@Example.EDU", "id": 9, "name": "A"}]}, 80),
    "another email, the same student id": ({"users": [{"email": "ada@gmail.example", "sid": "S1", "name": ""}]}, 80),
    "another email, the same name": ({"users": [{"email": "ada@gmail.example", "name": "ada  lovelace"}]}, 80),
    "a name turned round": ({"users": [{"email": "g@gmail.example", "name": "Grace Hopper"}]}, 100),
    "two of one name, told by the email": ({"users": [{"email": "lee@example.edu", "name": "Kim Lee"}]}, 80),
}


@pytest.mark.parametrize("how", KNOWN)
def test_learners_get_their_own_results(box: Path, how: str) -> None:
    """A submission finds its results by its number, the student id, the email or the name, however they're written."""
    metadata, score = KNOWN[how]

    results = run(box, metadata)

    assert results["score"] == score
    assert sum(test["score"] for test in results["tests"]) == score


UNKNOWN: dict[str, dict[str, Any] | None] = {
    "someone else": {"id": 1, "users": [{"email": "eve@example.edu", "name": "Eve"}]},
    "a later submission": {"id": 5000, "users": [{"email": "ada@example.edu"}]},
    "a shared name": {"users": [{"email": "x@gmail.example", "name": "Kim Lee"}]},
    "a platform's number that is a learner's id": {"users": [{"id": "s1"}]},
    "no users": {"id": 3},
    "users that are none": {"users": [None, 7, {"email": None}]},
    "an object": {"users": {"a": 1}},
    "no metadata": None,
}


@pytest.mark.parametrize("how", UNKNOWN)
def test_without_a_result_there_is_a_sentence(box: Path, how: str) -> None:
    """Anyone else gets a sentence and no one's results, and run_autograder never ends in an error."""
    (box / "submission_metadata.json").unlink(missing_ok=True)

    results = run(box, UNKNOWN[how])

    assert results["score"] == 0
    assert "tests" not in results
    assert results["output"]


def test_points_by_hand_are_passed_points(box: Path) -> None:
    """A promise that got all its points by hand counts as passed, and its reason is there."""
    (first, *_) = run(box, {"id": 4712})["tests"]

    assert (first["score"], first["status"]) == (20, "passed")
    assert "Decided by hand: Seen." in first["output"]


@pytest.mark.parametrize("code, score", [(RIGHT, 70), (HALF, 70), ("", 0)])
def test_before_grading_the_public_tests_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, score: int
) -> None:
    """Before a class is graded a submission gets its public promises, with their points and what's wrong."""
    marks = ClassMarks("", "", False, [], [Graded("count", "Count", 100, [])], [])
    base = container(tmp_path, marks, "count")
    for name, text in project(code).items():
        (base / "submission" / name).parent.mkdir(parents=True, exist_ok=True)
        (base / "submission" / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(gradescope, "BASE", base)
    monkeypatch.setattr(gradescope, "SOURCE", base / "source")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    results = gradescope.answer()

    assert [(one["name"], one["score"], one["max_score"]) for one in results["tests"]] == [
        ("GET /count says how many books there are, each copy of one too.", score, 70)
    ]
    assert set(results) <= TOP


def test_nothing_runs_beside_results_that_it_could_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where results are there and the container isn't root's, a submission without one isn't run."""
    base = container(tmp_path, a_class())
    monkeypatch.setattr(gradescope, "BASE", base)
    monkeypatch.setattr(gradescope, "SOURCE", base / "source")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("it ran"))

    assert "isn't graded yet" in gradescope.answer()["output"]


def test_classroom_50_gets_public_tests_only(tmp_path: Path) -> None:
    """Classroom 50's bundle, which anyone can read, has the public tests and no result, name or hidden test."""
    list(write_classroom50(a_class(), Target(tmp_path, edition=edition())))

    folder = tmp_path / "classroom50/pagination"
    texts = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {"autograder.py", "public_tests.py", "settings.json", "course"} == {path.name for path in folder.iterdir()}
    assert [path for path, text in texts.items() if b"Lovelace" in text or "hidden" in path.parts] == []


def test_classroom_50_is_answered_by_its_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    """result.json has the contract's fields, whole numbers for points, and sums that are right."""
    for name in ("CLASSROOM", "ASSIGNMENT", "SUBMISSION_TAG", "COMMIT_URL", "RELEASE_URL"):
        monkeypatch.setenv(name, name.lower())
    promises = [
        {"text": "One.", "points": 70, "kept": True, "said": ""},
        {"text": "Two.", "points": 12.5, "kept": False, "said": "It says: no"},
    ]

    found = classroom50.classroom_result({"promises": promises})

    assert set(found) == CONTRACT
    assert (found["schema"], found["review"]) == ("classroom50/result/v1", "commit_url")
    assert (found["score"], found["max-score"]) == (70, 82)
    assert all(isinstance(test[key], int) for test in found["tests"] for key in ("score", "max-score"))
    assert [test["passed"] for test in found["tests"]] == [True, False]


def test_both_sides_compare_names_alike() -> None:
    """The container, which has nothing of ours, compares names as the report does."""
    names = ["Ada  LOVELACE", "Strauß", "ﬁ", "O'Brien ", "王 小明", "", "É"]

    assert [gradescope.fold(name) for name in names] == [fold_name(name) for name in names]
