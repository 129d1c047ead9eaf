"""Who handed in what: files are matched with the roster, and the last of several attempts counts."""

import os
from pathlib import Path

import pytest

from workbook.errors import UserError
from workbook.grader.folder import find_submissions
from workbook.grader.identity import TheClass, identify
from workbook.grader.results import Learner

NAMES = ["avatar", "pagination"]
ADA = Learner("a1", "Ada Lovelace", "ada@example.com", {"canvas": "4711"})
GRACE = Learner("g1", "Grace Hopper", "grace@example.com", {"moodle": "55"})
TARO = Learner("t1", "太郎 山田")
ROSTER = [ADA, GRACE, TARO]


def make(folder: Path, *names: str) -> Path:
    """Make files of these names, each newer than the one before; a name that ends in / is a project's folder."""
    for age, name in enumerate(names):
        path = folder / (f"{name}app/main.py" if name.endswith("/") else name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        os.utime(path, (1000 + age, 1000 + age))
    return folder


def look(folder: Path, roster: list[Learner], *asked: str) -> TheClass:
    found = find_submissions([folder], NAMES)
    return identify(found, roster, asked or NAMES, all_exercises=bool(asked))


def work(the_class: TheClass) -> dict[tuple[str, str], tuple[str, int]]:
    return {(one.learner.id, one.exercise): (one.found.file, one.attempt) for one in the_class.work}


def test_files_find_their_learners(tmp_path: Path) -> None:
    """A platform's number, a name in either order, an id, an email or a folder's name says whose a file is."""
    folder = make(
        tmp_path,
        "somebody_4711_1_avatar.zip",
        "Grace Hopper_99_assignsubmission_file_/avatar.zip",
        "山田太郎_12_2_avatar.zip",
    )

    found = work(look(folder, [ADA, Learner("g1", "Grace Hopper"), TARO], "avatar"))

    assert found == {
        ("a1", "avatar"): ("somebody_4711_1_avatar.zip", 1),
        ("g1", "avatar"): ("Grace Hopper_99_assignsubmission_file_/avatar.zip", 1),
        ("t1", "avatar"): ("山田太郎_12_2_avatar.zip", 1),
    }


@pytest.mark.parametrize("name", ["a1.zip", "A1-avatar.zip", "avatar_ada.zip", "ADA@example.com.zip", "Ada  Lovelace/"])
def test_files_named_by_hand_find_their_learners(tmp_path: Path, name: str) -> None:
    """A file that no platform has named is matched by id, email or name."""
    (found,) = look(make(tmp_path, name), ROSTER, "avatar").work

    assert found.learner.id == "a1"


def test_nobody_is_guessed(tmp_path: Path) -> None:
    """A name that two share, or a number with another's name, matches no one; it's listed and graded by its id."""
    twins = [Learner("x1", "Kim Lee"), Learner("x2", "Kim Lee"), ADA]
    folder = make(tmp_path, "Kim Lee_8_assignsubmission_file_/avatar.zip", "lovelaceada_9_1_avatar.zip", "a1/")

    the_class = look(folder, twins, "avatar")

    assert {one.learner.id for one in the_class.work} == {"8", "9", "a1"}
    assert [learner.on_roster for learner in the_class.learners.values()] == [True, True, True, False, False]
    whys = {one["file"].partition("_")[0]: one["why"] for one in the_class.unmatched}
    assert whys["Kim Lee"] == "Several on the roster are called Kim Lee: x1, x2. Graded as 8."
    assert "Nobody on the roster has the Canvas number 9" in whys["lovelaceada"]
    assert the_class.not_handed_in == {"avatar": ["x1", "x2"]}


def test_a_file_cannot_take_an_id(tmp_path: Path) -> None:
    """If a file claims an id of the roster but someone else's name, it's graded under another id."""
    roster = [Learner("8", "Ada Lovelace", lms={"moodle": "1"})]
    folder = make(tmp_path, "Eve_8_assignsubmission_file_/avatar.zip")

    (found,) = look(folder, roster, "avatar").work

    assert (found.learner.id, found.learner.on_roster) == ("moodle:8", False)


def test_the_last_attempt_counts(tmp_path: Path) -> None:
    """Canvas's number, then the number in the name, then the time decide the last attempt; others are listed."""
    folder = make(
        tmp_path,
        "x_4711_20_avatar-1.zip",
        "x_4711_20_avatar.zip",
        "x_4711_3_avatar-7.zip",
        "grace hopper-avatar.zip",
        "g1/",
    )

    the_class = look(folder, ROSTER, "avatar")

    assert work(the_class) == {
        ("a1", "avatar"): ("x_4711_20_avatar-1.zip", 3),
        ("g1", "avatar"): ("grace hopper-avatar.zip", 1),
    }
    assert {one["file"]: one["why"] for one in the_class.superseded} == {
        "x_4711_20_avatar.zip": "For avatar a later one counts: x_4711_20_avatar-1.zip.",
        "x_4711_3_avatar-7.zip": "For avatar a later one counts: x_4711_20_avatar-1.zip.",
        "g1": "Not used.",
    }


def test_a_file_is_for_the_exercise_in_its_name(tmp_path: Path) -> None:
    """A file counts only for the exercise in its name, and without one for all; --exercise takes a project for any."""
    folder = make(tmp_path, "a1-avatar.zip", "g1.zip", "t1-pagination.zip", "t1-avatar.zip")

    told, asked = work(look(folder, ROSTER)), work(look(folder, ROSTER, *NAMES))

    assert told == {
        ("a1", "avatar"): ("a1-avatar.zip", 1),
        ("g1", "avatar"): ("g1.zip", 1),
        ("g1", "pagination"): ("g1.zip", 1),
        ("t1", "avatar"): ("t1-avatar.zip", 1),
        ("t1", "pagination"): ("t1-pagination.zip", 1),
    }
    assert asked == told | {("a1", "pagination"): ("a1-avatar.zip", 1)}


def test_what_is_no_submission_is_listed(tmp_path: Path) -> None:
    """A file that's no zip or folder is listed; if a platform named it, it counts unless there's also a zip."""
    folder = make(tmp_path, "notes.txt", ".DS_Store", "x_4711_1_essay.pdf", "y_7_1_a.txt", "z_8_1_a.txt", "z_8_2_b.zip")

    the_class = look(folder, [ADA], "avatar")
    alone = look(folder, [], "avatar")

    assert [one["file"] for one in the_class.unmatched if "isn't an archive" in one["why"]] == [
        "notes.txt",
        "y_7_1_a.txt",
        "z_8_1_a.txt",
    ]
    assert work(the_class)["a1", "avatar"] == ("x_4711_1_essay.pdf", 1)
    assert work(alone) == {("8", "avatar"): ("z_8_2_b.zip", 1)}


def test_paths_may_be_one_or_many(tmp_path: Path) -> None:
    """A zip, a project, a learner's folder of zips and a class folder are all found, each once."""
    make(tmp_path, "class/ada/avatar.zip", "class/ada/pagination.zip", "class/grace/", "class/results/", "one.zip")
    make(tmp_path, "project/")
    paths = [tmp_path / name for name in ("class", "one.zip", "project", "class/grace")]

    found = find_submissions(paths, NAMES, [tmp_path / "class/results"])

    assert [(one.file, one.named.learner, one.named.exercise) for one in found] == [
        ("ada/avatar.zip", "ada", "avatar"),
        ("ada/pagination.zip", "ada", "pagination"),
        ("grace", "grace", ""),
        ("one.zip", "one", ""),
        ("project", "project", ""),
    ]
    with pytest.raises(UserError, match="gone doesn't exist"):
        find_submissions([tmp_path / "gone"], NAMES)


def test_names_that_are_no_text(tmp_path: Path) -> None:
    """A file name whose bytes aren't text can be shown and stored."""
    file = os.fsencode(tmp_path) + b"/ada\xff.zip"
    with open(file, "wb"):  # noqa: PTH123 - pathlib knows no names of bytes
        pass

    (found,) = look(tmp_path, [], "avatar").work

    assert (found.found.file, found.learner.id) == ("ada\\xff.zip", "ada\\xff")
    found.learner.name.encode()
