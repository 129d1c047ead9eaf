"""A folder from Gradescope's “Export Submissions” is a class folder, and its file says whose each one is."""

from pathlib import Path

import pytest

from workbook.errors import UserError
from workbook.grader.folder import find_submissions
from workbook.grader.identity import TheClass, identify
from workbook.grader.results import Learner

from ..apps import write

NAMES = ["avatar", "pagination"]
ADA = Learner("a1", "Ada Lovelace", "ada@example.com")
GRACE = Learner("g1", "Grace Hopper", "grace@example.com")
# As Gradescope writes it, with what it says of each submission besides.
METADATA = """\
---
submission_4711:
  :submitters:
  - :name: Ada Lovelace
    :sid: a1
    :email: other@example.com
  :created_at: 2026-11-20 17:54:31.187374000 Z
  :score: 0.0
  :status: processed
  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
    output: "text\\e[31m"
  :history:
  - :id: 4700
    :score: &1 !ruby/object:BigDecimal 18:0.0
submission_4712:
  :submitters:
  - :name: Augusta
    :sid: "007"
    :email: Grace@Example.com
  - :name: Taro Yamada
    :sid: 010
    :email:
submission_4713:
  :submitters: []
"""


def export(folder: Path, metadata: str = METADATA, *projects: str) -> Path:
    files = {"submission_metadata.yml": metadata}
    return write(folder, files | {f"submission_{name}": "" for name in projects or ("4711/app/main.py",)})


def look(folder: Path, roster: list[Learner]) -> TheClass:
    return identify(find_submissions([folder], NAMES), roster, ["avatar"], all_exercises=True)


def work(the_class: TheClass) -> dict[str, str]:
    return {one.learner.id: one.found.file for one in the_class.work}


def test_submissions_find_their_learners(tmp_path: Path) -> None:
    """A submitter's id, email or name says whose a folder is; a group's counts for each member."""
    folder = export(tmp_path, METADATA, "4711/app/main.py", "4712/final/app/main.py")
    taro = Learner("t1", "Taro Yamada")

    assert work(look(folder, [ADA, GRACE, taro])) == {
        "a1": "submission_4711",
        "g1": "submission_4712",
        "t1": "submission_4712",
    }


def test_without_a_roster(tmp_path: Path) -> None:
    """Without a roster, learners have their ids (as text), names and emails from Gradescope."""
    the_class = look(export(tmp_path, METADATA, "4711/app/main.py", "4712/app/main.py"), [])

    assert work(the_class) == {"a1": "submission_4711", "007": "submission_4712", "010": "submission_4712"}
    assert the_class.learners["007"] == Learner("007", "Augusta", "Grace@Example.com", {}, on_roster=False)
    assert the_class.unmatched == []


def test_what_the_file_does_not_name(tmp_path: Path) -> None:
    """A folder that the file doesn't name keeps its own name; a submission without a folder isn't handed in."""
    the_class = look(export(tmp_path, METADATA, "4713/app/main.py", "9/app/main.py"), [ADA])

    assert work(the_class) == {"submission_4713": "submission_4713", "submission_9": "submission_9"}
    assert [one["file"] for one in the_class.unmatched] == ["submission_4713", "submission_9"]
    assert the_class.not_handed_in == {"avatar": ["a1"]}


def test_zips_in_it_are_found(tmp_path: Path) -> None:
    """If Gradescope left the zips packed, each is for the exercise in its name."""
    folder = export(tmp_path, METADATA, "4711/avatar-2.zip", "4711/pagination.zip")

    (found,) = look(folder, [ADA]).work

    assert (found.learner.id, found.found.file, found.attempt) == ("a1", "submission_4711/avatar-2.zip", 3)


def test_a_learner_cannot_say_whose_things_are(tmp_path: Path) -> None:
    """Such a file counts only in the folder that the instructor names, never in a submission."""
    export(tmp_path / "eve", METADATA.replace("a1", "g1"), "4711/app/main.py")
    write(tmp_path / "g1", {"app/main.py": ""})

    assert {one.learner.id: one.found.file for one in look(tmp_path, [GRACE]).work} == {"g1": "g1", "eve": "eve"}


@pytest.mark.parametrize(
    "metadata, why",
    [("", "no submissions"), ("- a\n- b\n", "no submissions"), ("a: [", "expected"), ("\0", "not allowed|control")],
)
def test_a_file_that_is_none_of_gradescopes(tmp_path: Path, metadata: str, why: str) -> None:
    """For a damaged or different file, one sentence says so, and no learner is guessed."""
    with pytest.raises(UserError, match=f"isn't what Gradescope exports: .*({why})"):
        find_submissions([export(tmp_path, metadata)], NAMES)


@pytest.mark.parametrize(
    "entry", ["", "text", "[1]", "{':submitters': text}", "{':submitters': [1, {}, {':sid': []}]}"]
)
def test_entries_that_say_nothing(tmp_path: Path, entry: str) -> None:
    """An entry that names no one is skipped."""
    (found,) = find_submissions([export(tmp_path, f"submission_4711: {entry}\n")], NAMES)

    assert (found.named.lms, found.named.learner) == ("", "submission_4711")
