"""The way in, as an instructor types it: what wasn't matched is settled by hand, and clones are collected."""

import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from workbook.grader import clones
from workbook.grader.clones import collect_projects
from workbook.grader.folder import find_submissions
from workbook.grader.hand_in_times import when_handed_in

from ..golden import Screens
from ..grader.classes import HALF, NOTHING, RIGHT, hand_in, project
from ..grader.conftest import folder, school
from ..runners import Workbook
from .test_grade import grade, results

__all__ = ["folder", "school"]


@pytest.mark.exhaustive(of="suite")
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
    there = school.root / "count-submissions"
    for name, code in (("count-ada", HALF), ("count-grace", RIGHT)):
        for file, text in project(code).items():
            place = there / name / "work/final" / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        (there / name / "workbook.toml").touch()
    (there / "count-eve").mkdir()
    subprocess.run(["git", "init", "-q", there / "count-eve"], check=True)

    first = school("class", "collect", "count-submissions", "--to", "class")
    assert "count 70/100" in grade(school, "--lanes", "1").out
    for file, text in project(RIGHT).items():
        (there / "count-ada" / "work/final" / file).write_text(text, encoding="utf-8")
    (there / "count-grace" / "work/final/app/main.py").unlink()
    again = school("class", "collect", "count-submissions", "--to", "class")

    screens("collect", first.out)
    assert again.status == 0
    assert sorted(path.name for path in folder.iterdir()) == ["count-ada.zip"]
    assert "PASS ada  count 100/100" in grade(school, "--lanes", "1").out
    assert school("class", "collect", "nowhere").status == 2
    (there / "count-ada").rename(there / "count-ann")
    assert "There from before, and not collected now: count-ada.zip." in school(
        "class", "collect", "count-submissions", "--to", "class"
    ).out.replace("\n  ", " ")


def test_a_collected_project_has_its_commits_time(tmp_path: Path) -> None:
    """A rule about late work goes by the commit and not by the hour of collecting; the clone's settings run nothing."""
    clone, ran = tmp_path / "clones/ada", tmp_path / "ran"
    (clone / "app").mkdir(parents=True)
    (clone / "app/main.py").touch()
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    who = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.edu", "GIT_COMMITTER_DATE": at.isoformat()}
    who |= {"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.edu"}
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Work"]):
        subprocess.run(["git", *words], cwd=clone, env=os.environ | who, check=True)
    for setting in ("core.fsmonitor", "gpg.program", "core.pager", "log.showSignature"):
        value = "true" if setting == "log.showSignature" else f"touch {ran}; true"
        subprocess.run(["git", "config", setting, value], cwd=clone, check=True)

    (one,) = collect_projects([tmp_path / "clones"], tmp_path / "class")

    assert (tmp_path / "class/ada.zip").stat().st_mtime == at.timestamp()
    assert len(one.commit) >= 7
    assert not ran.exists()


def clone(folder: Path) -> None:
    (folder / "app").mkdir(parents=True)
    (folder / "app/main.py").touch()
    (folder / ".git").mkdir()


def test_what_is_not_collected_is_said(tmp_path: Path) -> None:
    """Clones may be in folders of sections; a link, an archive and a second clone of one name are each mentioned."""
    for name in ("a/count-ada", "a/count-bo", "b/count-ada", "count-cy"):
        clone(tmp_path / "clones" / name)
    (tmp_path / "clones/count-di").symlink_to(tmp_path / "clones/count-cy")
    (tmp_path / "clones/count-ed-main.zip").write_bytes(b"")

    found = [(one.name, one.refused) for one in collect_projects([tmp_path / "clones"], tmp_path / "to")]

    assert found == [
        ("count-ada", ""),
        ("count-bo", ""),
        ("count-ada", clones.SAME_NAME),
        ("count-cy", ""),
        ("count-di", clones.A_LINK),
        ("count-ed-main.zip", clones.AN_ARCHIVE),
    ]
    assert sorted(file.stem for file in (tmp_path / "to").iterdir()) == ["count-ada", "count-bo", "count-cy"]


@pytest.mark.parametrize("how", ["a year that no clock shows", "a list of objects that never ends"])
def test_what_a_repository_says_harms_no_one(tmp_path: Path, how: str) -> None:
    """A learner can write what they like into .git: it costs them the time of their commit, and no one else's zip."""
    for name in ("ada", "mallory"):
        clone = tmp_path / "clones" / name
        (clone / "app").mkdir(parents=True)
        (clone / "app/main.py").touch()
        subprocess.run(["git", "init", "-q"], cwd=clone, check=True)
    if how.startswith("a year"):
        tree = subprocess.run(["git", "write-tree"], cwd=clone, check=True, capture_output=True, text=True).stdout
        who = f"M <m@example.edu> {9 * 10**18}0 +0000"
        about = f"tree {tree}author {who}\ncommitter {who}\n\nWork\n"
        words = ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"]
        made = subprocess.run(words, cwd=clone, check=True, capture_output=True, text=True, input=about).stdout
        (clone / ".git/HEAD").write_text(made, encoding="ascii")
    else:
        (clone / ".git/objects/info/alternates").symlink_to("/dev/zero")

    found = list(collect_projects([tmp_path / "clones"], tmp_path / "class"))

    assert [(one.name, one.files) for one in found] == [("ada", 1), ("mallory", 1)]
    assert sorted(path.name for path in (tmp_path / "class").iterdir()) == ["ada.zip", "mallory.zip"]


def test_a_files_time_may_be_any_number(tmp_path: Path) -> None:
    """A zip whose time is in the year 292 billion is graded like any other: when it was handed in isn't known."""
    (tmp_path / "ada-count.zip").write_bytes(b"")

    (one,) = find_submissions([tmp_path], ["count"])

    assert when_handed_in(replace(one, modified=9.2e18)) == {"handed_in": "", "late": False}
    assert when_handed_in(replace(one, modified=1e9))["handed_in"] == "2001-09-09T01:46:40+00:00"


def test_an_exercise_may_come_with_its_folder(school: Workbook, folder: Path) -> None:
    """--exercise NAME=PATH says what the folder is for; a file that's named for nothing is graded for it."""
    hand_in(folder, "ada/project.zip", RIGHT)

    ended = school("class", "grade", "--exercise", "count=class", "--unsafe", "--lanes", "1")

    assert "PASS ada  count 100/100" in ended.out
    assert school("class", "grade", "--unsafe").status == 2
