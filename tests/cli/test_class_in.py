"""The way in, as an instructor types it: what wasn't matched is settled by hand, and clones are collected."""

import subprocess
from pathlib import Path

from ..golden import Screens
from ..grader.classes import HALF, NOTHING, RIGHT, hand_in, project
from ..grader.conftest import folder, school
from ..runners import Workbook
from .test_grade import grade, results

__all__ = ["folder", "school"]


def test_what_was_not_matched_is_settled(school: Workbook, folder: Path, screens: Screens) -> None:
    """`class assign` says whose a file is, by its name or its path; it stays so, and a typo gets a hint."""
    (school.root / "roster.csv").write_text("id,name\na1,Ada Lovelace\ng1,Grace Hopper\n", encoding="utf-8")
    hand_in(folder, "lovelac_ada-count.zip", RIGHT)
    hand_in(folder, "eve-count.zip", NOTHING)
    first = grade(school, "--roster", "roster.csv", "--lanes", "1")
    assert "Closest: Ada Lovelace (a1)." in " ".join(first.out.split())

    assigned = school("class", "assign", "lovelac_ada-count.zip", "A1")
    nobodys = school("class", "assign", "class/eve-count.zip", "-")
    refused = school.refusals(
        "class assign lovelace.zip a1", "class assign eve-count.zip ada", "class assign x a1 --out no"
    )
    again = grade(school, "--roster", "roster.csv", "--lanes", "1")

    screens("assign", assigned.out)
    screens("assign-refused", refused)
    assert "eve-count.zip is no one's, and isn't graded from now on." in nobodys.out
    assert "PASS Ada Lovelace  count 100/100" in again.out
    assert "Not matched" not in again.out
    assert results(school, "assigned")[0] == {"file": "lovelac_ada-count.zip", "learner": "a1"}


def test_clones_are_collected_as_they_are_now(school: Workbook, folder: Path, screens: Screens) -> None:
    """`class collect` packs each clone's project; repeated, it's the new work that is graded, and nothing is left."""
    clones = school.root / "count-submissions"
    for name, code in (("count-ada", HALF), ("count-grace", RIGHT)):
        for file, text in project(code).items():
            place = clones / name / "work/final" / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        (clones / name / "workbook.toml").touch()
    (clones / "count-eve").mkdir()
    subprocess.run(["git", "init", "-q", clones / "count-eve"], check=True)

    first = school("class", "collect", "count-submissions", "--to", "class")
    assert "count 70/100" in grade(school, "--lanes", "1").out
    for file, text in project(RIGHT).items():
        (clones / "count-ada" / "work/final" / file).write_text(text, encoding="utf-8")
    (clones / "count-grace" / "work/final/app/main.py").unlink()
    again = school("class", "collect", "count-submissions", "--to", "class")

    screens("collect", first.out)
    assert again.status == 0
    assert sorted(path.name for path in folder.iterdir()) == ["count-ada.zip"]
    assert "PASS ada  count 100/100" in grade(school, "--lanes", "1").out
    assert school("class", "collect", "nowhere").status == 2


def test_an_exercise_may_come_with_its_folder(school: Workbook, folder: Path) -> None:
    """--exercise NAME=PATH says what the folder is for; a file that's named for nothing is graded for it."""
    hand_in(folder, "ada/project.zip", RIGHT)

    ended = school("class", "grade", "--exercise", "count=class", "--unsafe", "--lanes", "1")

    assert "PASS ada  count 100/100" in ended.out
    assert school("class", "grade", "--unsafe").status == 2
