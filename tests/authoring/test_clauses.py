# hidden-from-learners-3b9f51c2
"""The table of clauses: each README taken apart, each part with its check and the mutant that only this catches."""

import pytest

from workbook.authoring.proofs.clauses import Clause, read_clauses, table_of, wrong_clauses
from workbook.course.exercise import Exercise
from workbook.course.model import Course
from workbook.course.promises import read_promises

from ..test_repo import ROOT

EXERCISES = Course.find(ROOT).exercises()
README = """# Rows

## What to build

| query | what it is |
|---|---|
| `page` | a number |

- **One row** for each: `data` holds it.

## How it's graded
"""
GOOD = [
    Clause(says="`page` | a number", check="test_page", caught={"/a": "page is a word"}),
    Clause(says="One row for each", check="test_row", caught={"/a": "no row", "/b": "two rows"}),
]
NAMES = {"page is a word", "no row", "two rows"}


def wrong(clauses: list[Clause]) -> list[str]:
    return list(wrong_clauses(clauses, README, {"test_page", "test_row"}, NAMES))


def test_a_whole_table_is_right() -> None:
    """A table is right if every sentence of the contract has a clause, and every cell its mutant."""
    assert wrong(GOOD) == []
    assert list(table_of(GOOD))[2:] == ["One row for each  (test_row)", "    /a: no row", "    /b: two rows"]


@pytest.mark.parametrize(
    "changed, said",
    [
        ({"caught": {"/a": ""}}, "“`page` | a number”, /a: empty"),
        ({"caught": {}}, "“`page` | a number” has no cell"),
        ({"caught": {"/a": "another"}}, "“`page` | a number”: no mutant is called “another”"),
        ({"check": "test_other"}, "no promise is called test_other"),
        ({"says": "`page` | a word"}, "the README doesn't say “`page` | a word”"),
    ],
)
def test_a_cell_that_proves_nothing_is_named(changed: dict[str, object], said: str) -> None:
    """An empty cell, a mutant or a promise that doesn't exist, and words that the README lacks are named."""
    assert said in wrong([GOOD[0].model_copy(update=changed), GOOD[1]])


def test_a_sentence_without_a_clause_is_named() -> None:
    """A sentence of the contract that no clause is about is named, and so is a promise that no clause has."""
    said = wrong(GOOD[:1])
    assert said == ["no clause is about “- **One row** for each: `data` holds it.”", "no clause has test_row"]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_each_exercise_has_a_whole_table(exercise: Exercise) -> None:
    """The READMEs of the four exercises are taken apart whole."""
    folder = exercise.folder
    promises = {one.name for place in (folder, folder / "hidden") for one in read_promises(place)}
    names = {mutant.name for mutant in exercise.mutants()}
    names |= {patch.stem for patch in (exercise.strangers / "wrong").glob("*.patch")}

    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert list(wrong_clauses(read_clauses(folder), readme, promises, names)) == []
