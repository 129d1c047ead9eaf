# hidden-from-learners-3b9f51c2
"""`workbook author new exercise`: a folder with every part, which fails until it's filled in."""

import shutil
from pathlib import Path

import pytest

from workbook.authoring.new_exercise import write_exercise
from workbook.authoring.proofs import Verification
from workbook.course.model import Course
from workbook.errors import UserError

from ..conftest import COURSE


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(shutil.copytree(COURSE, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__")))


def test_a_new_exercise_has_every_part(course: Course) -> None:
    """Each file that an exercise needs is there, and the course knows it by its step."""
    files = write_exercise(course, "rows-of-words")

    again = Course(course.root)
    exercise = again.exercise(again.step("rows-of-words"))
    assert all(file.is_file() for file in files)
    assert exercise.is_for_authors
    assert [file.name for file in exercise.public_tests] == ["test_rows_of_words.py"]
    assert exercise.starter_files() == ["app/rows_of_words.py"]


def test_a_new_exercise_fails_until_it_is_filled_in(course: Course) -> None:
    """Its proof names the empty cell, and the mutants and alternatives that are missing."""
    write_exercise(course, "rows")
    again = Course(course.root)
    exercise = again.exercise(again.step("rows"))

    claim = next(iter(Verification(course.root, exercise, [exercise]).claims()))
    said = claim.wrong(None)  # type: ignore[arg-type]

    assert "“Everyone”, a member: empty" in said
    assert "0 mutants, fewer than 12" in said
    assert "0 alternatives, fewer than 3" in said


@pytest.mark.parametrize("name", ["Rows", "a b", "../x", "count", ""])
def test_a_name_that_cannot_be_one_is_refused(course: Course, name: str) -> None:
    """A name that's taken, or that isn't one, is refused, and nothing is written."""
    before = (course.root / "workbook.toml").read_bytes()
    with pytest.raises(UserError):
        write_exercise(course, name)
    assert (course.root / "workbook.toml").read_bytes() == before
