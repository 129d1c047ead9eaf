"""Each file that was handed in finds its learner, or is listed with those who may be meant."""

from pathlib import Path

import pytest

from workbook.grader.results import Learner

from .downloads import ADA, PROJECT, look, put, whose, work, zipped


@pytest.mark.parametrize(
    "name, ids",
    [
        ("lovelaceada_1001_50001_pagination.zip", ["s1"]),
        ("LOVELACEADA_LATE_1001_50001_pagination-2.zip", ["s1"]),
        ("smith_jonespat_1016_90016_pagination.zip", ["s3"]),  # Canvas keeps _ in names
        ("lovelaceada_1001_50001_final_2026_11_22_v.zip", ["s1"]),
        ("lovelaceada_1001_50001_notes_12_34.zip", ["s1"]),
        ("anon_k3DfX_90001_pagination.zip", []),
        ("LATE_anon_k3DfX_90001_pagination.zip", []),
        ("hoppergrace_1002_7000_mallory_1003_90001_pagination.zip", []),  # a name that holds another's number
        ("Ada Lovelace_2001_assignsubmission_file_/pagination.zip", ["s1"]),
        ("Ada Lovelace_2001_assignsubmission_file/pagination.zip", ["s1"]),
        ("Ada Lovelace_2001_assignsubmission_file_pagination.zip", ["s1"]),
        ("Gruppe A-Ada Lovelace_2001_assignsubmission_file_/pagination.zip", ["s1"]),
        ("Gruppe A-Ada Lovelace_9_assignsubmission_file_/pagination.zip", []),  # the roster has another number of hers
        ("Pat OBrien Be  Co_2003_assignsubmission_file_/pagination.zip", ["s3"]),
        ("Team Beta_3002_assignsubmission_file_/pagination.zip", []),  # a team's number, not 김민수's
        ("Default team_assignsubmission_file/pagination.zip", []),  # who's in no team: Moodle gives no number
        ("Grace Hopper_2002_assignsubmission_file__3001_assignsubmission_file_/pagination.zip", []),
        ("mallory_1002_70_Grace Hopper_2002_assignsubmission_file_x.zip", []),
        ("12345-67890 - Ada Lovelace - Nov 22, 2026 545 PM - pagination.zip", ["s1"]),
        ("12345-67890 - Ada Lovelace- Nov 22, 2026 545 PM/pagination.zip", ["s1"]),
        ("Pagination_s1_attempt_2026-11-22-17-45-01_final.zip", ["s1"]),
        ("Request log_s2_attempt_2026-11-22-17-45-01_final.zip", ["s2"]),
        ("avatar-adal/", ["s1"]),
        ("autumn-avatar-adal/", ["s1"]),
        ("ada-avatar-final.zip", ["s1"]),
        ("S1-cover_image.zip", ["s1"]),
        ("Cover Image grace hopper.zip", ["s2"]),
        ("ada@example.edu_request log-2.zip", ["s1"]),
        ("Hopper Grace (2).zip", ["s2"]),
        ("s1 – pagination.zip", ["s1"]),
        ("s1+cover–image.zip", ["s1"]),
        ("[pagination] Grace Hopper.zip", ["s2"]),
        ("grace.hopper-pagination.zip", ["s2"]),
        ("pagination (Grace Hopper).zip", ["s2"]),
        ("s2-project-final.zip", ["s2"]),
        ("hw3_s2.zip", ["s2"]),
        ("Copy of s2-pagination.zip", ["s2"]),
        ("Kopie von s2-pagination (1).zip", ["s2"]),
        ("s2-pagination.zip (1).zip", ["s2"]),
        ("s2-pagination.zip.zip", ["s2"]),
        ("pagination-adal-main.zip", ["s1"]),  # GitHub, “Download ZIP”
        ("pagination-adal-master/", ["s1"]),
        ("autumn-pagination-adal-0a1b2c3.tar.gz", ["s1"]),  # GitHub's API: organisation, repository, commit
        ("pagination-adal-facade.zip", []),  # a word, and no commit
        ("s1-2026-11-22-pagination.zip", ["s1"]),
        ("20261122_s2_pagination.zip", ["s2"]),
        ("Grace Hopper -pagination .zip", ["s2"]),
        ("lovelaceada_1001_question_1002_50001_pagination.zip", ["s1"]),  # of a quiz: the question's number
    ],
)
def test_names_of_platforms_find_their_learners(tmp_path: Path, name: str, ids: list[str]) -> None:
    """What a platform, a browser or a person calls a file finds its learner; what could be two people's finds none."""
    assert whose(tmp_path, name) == ids


def test_ids_that_differ_only_in_case_are_two_people(tmp_path: Path) -> None:
    """The exact id comes first; one that fits both in another case matches no one."""
    roster = [Learner("Jo.Bell@Example.edu", "Jo Bell"), Learner("jo.bell@example.edu", "Joanna Bell")]
    put(tmp_path, "Jo.Bell@Example.edu_pagination.zip", "jo.bell@example.edu_pagination.zip")
    put(tmp_path / "more", "JO.BELL@EXAMPLE.EDU_pagination.zip")

    assert set(work(look(tmp_path, roster=roster))) == {(one.id, "pagination") for one in roster} | {
        ("more", "pagination")
    }
    (entry,) = look(tmp_path / "more", roster=roster).unmatched
    assert entry["why"].startswith("Several on the roster are called JO.BELL@EXAMPLE.EDU: Jo.Bell")


@pytest.mark.parametrize(
    "one, other",
    [
        (Learner("1", "A", "Jo.Bell@example.edu"), Learner("2", "B", "jo.bell@example.edu")),
        (Learner("1", "A", "", {"github": "Jo.Bell"}), Learner("2", "B", "", {"github": "jo.bell"})),
        (Learner("1", "A", "", {"login": "Jo.Bell"}), Learner("2", "B", "", {"login": "jo.bell"})),
    ],
)
def test_addresses_and_logins_may_differ_only_in_case(tmp_path: Path, one: Learner, other: Learner) -> None:
    """Who is called exactly like the file comes before who is called so in another case."""
    put(tmp_path, "Jo.Bell_pagination.zip", "jo.bell_pagination.zip")

    the_class = look(tmp_path, roster=[one, other])

    assert work(the_class) == {
        ("1", "pagination"): "Jo.Bell_pagination.zip",
        ("2", "pagination"): "jo.bell_pagination.zip",
    }
    assert the_class.unmatched == []


def test_a_login_may_be_called_like_an_exercise(tmp_path: Path) -> None:
    """A clone is for the exercise in front of its name, even if the user behind it is called like another one."""
    roster = [Learner("s1", "Bo", "", {"github": "bo-cover-image"})]

    assert set(work(look(put(tmp_path, "avatar-bo-cover-image/"), roster=roster))) == {("s1", "avatar")}


@pytest.mark.parametrize("name", ["김민수", "김 민수", "민수 김"])
def test_names_with_and_without_a_space_are_one(tmp_path: Path, name: str) -> None:
    """A name in two columns, in whatever order, agrees with the same name written as one word."""
    for lms in ({"moodle": "2002"}, {}):
        roster = [Learner("s1", "민수 김", "", lms), Learner("s2", "Ada Lovelace", "", {"moodle": "2001"})]
        assert whose(tmp_path / name / str(len(lms)), f"{name}_2002_assignsubmission_file_/pagination.zip", roster) == [
            "s1"
        ]


@pytest.mark.parametrize(
    "file, ids", [("123-pagination.zip", ["00123"]), ("0456-pagination.zip", ["456"]), ("7-pagination.zip", [])]
)
def test_zeros_in_front_of_an_id_may_be_lost(tmp_path: Path, file: str, ids: list[str]) -> None:
    """A spreadsheet takes zeros away in front of a number: the number still finds its id, if there's only one such."""
    roster = [Learner("00123", "Ada"), Learner("456", "Bo"), Learner("007", "James")]

    assert whose(tmp_path / "a", file, roster) == ids
    assert whose(tmp_path / "b", "0123-pagination.zip", [*roster, Learner("000123", "Cy")]) == []


@pytest.mark.parametrize(
    "name",
    ["Zo_ M_ller", "Zo M ller", "Müller, Zoë".encode("cp1252").decode("cp437"), "Zoë Müller".encode().decode("cp1252")],
)
def test_letters_that_a_program_replaced(tmp_path: Path, name: str) -> None:
    """Moodle's number finds its learner if the name has lost its accents on the way; another name's doesn't."""
    roster = [Learner("z", "Zoë Müller", lms={"moodle": "2005"}), Learner("x", "王小明", lms={"moodle": "2006"})]

    assert whose(tmp_path / "a", f"{name}_2005_assignsubmission_file_/pagination.zip", roster) == ["z"]
    assert whose(tmp_path / "b", f"{name}_2006_assignsubmission_file_/pagination.zip", roster) == []
    assert whose(tmp_path / "c", "___2006_assignsubmission_file_/pagination.zip", roster) == []
    (entry,) = look(tmp_path / "b", roster=roster).unmatched
    assert entry["closest"][0] == "x"  # whose number it is


def test_a_worksheet_of_another_assignment_is_suspected(tmp_path: Path) -> None:
    """Who is on the roster with another number isn't guessed, and the list says what the number there is."""
    put(tmp_path, "Grace Hopper_9002_assignsubmission_file_/pagination.zip", "hoppergrace_9003_1_pagination.zip")

    moodle, canvas = (one["why"] for one in look(tmp_path).unmatched)

    assert moodle.startswith("No one on the roster has the Moodle number 9002: Grace Hopper's is 2002. Is it another")
    assert canvas.startswith("Nobody on the roster has the Canvas number 9003: Grace Hopper's is 1002.")


@pytest.mark.parametrize("name", ["pagination-team-red/", "Team Red_pagination.zip", "team_red-pagination.zip"])
def test_a_teams_repository_is_its_members(tmp_path: Path, name: str) -> None:
    """A group is found however its name is written, on the roster too; a member without work gets a member's."""
    roster = [Learner("s1", "Ada", group="Team Red"), Learner("s2", "Bo", group="team red"), Learner("s3", "Cy")]

    assert whose(tmp_path / "a", name, roster) == ["s1", "s2"]
    assert whose(tmp_path / "b", "s2-pagination.zip", roster) == ["s2", "s1"]


@pytest.mark.parametrize("name", ["21-CS-045_pagination.zip", "pagination_21_CS_045.zip", "21 cs 045.zip"])
def test_ids_that_no_file_can_be_called(tmp_path: Path, name: str) -> None:
    """An id with a slash in it is found by what people write instead."""
    roster = [Learner("21/CS/045", "Ada"), Learner("21/CS/046", "Bo"), Learner("21-CS-045x", "Cy")]

    assert whose(tmp_path, name, roster) == ["21/CS/045"]


def test_a_learner_cannot_hand_in_for_another(tmp_path: Path) -> None:
    """What's in a learner's folder, clone or zip is theirs, whatever it's called."""
    theirs = {"hoppergrace_1002_9_avatar.zip": PROJECT, "Grace Hopper_2002_assignsubmission_file_/avatar.zip": PROJECT}
    folder = put(tmp_path / "class", *(f"avatar-adal/{name}" for name in theirs), "avatar-eve/hoppergrace_1002_9_x.zip")
    put(folder, "s4-avatar/")
    (folder / "lovelaceada_1001_8_avatar.zip").write_bytes(zipped(theirs))
    (folder / "mallory.zip").write_bytes(zipped(theirs))

    owners = {who for who, _ in work(look(folder))}

    assert "s2" not in owners
    assert {"s1", "s4"} <= owners


def test_online_text_is_nobodys_work(tmp_path: Path) -> None:
    """Text that was typed into the platform, and its receipts, belong to their learner and are not graded."""
    put(tmp_path, "Ada Lovelace_2001_assignsubmission_file_/avatar.zip")
    put(tmp_path, "Ada Lovelace_2001_assignsubmission_onlinetext_/onlinetext.html", "lovelaceada_1001_text.html")
    put(tmp_path, "Avatar_s2_attempt_2026-11-22-17-45-01.txt", "index.html")

    found = look(tmp_path)

    assert set(work(found)) == {("s1", "avatar")}
    assert found.unmatched == []
    assert sorted(one["learner"] for one in found.superseded) == ["s1", "s1", "s2"]


def test_the_test_student_is_no_learner(tmp_path: Path) -> None:
    """What Canvas's test student handed in is listed and not graded, unless a learner is called so."""
    put(tmp_path, "studenttest_1999_59999_pagination.zip", "lovelaceada_1001_1_pagination.zip")

    the_class = look(tmp_path)

    assert set(work(the_class)) == {("s1", "pagination")}
    assert the_class.unmatched == []
    assert [one["why"] for one in the_class.superseded] == ["It's from Canvas's test student: not graded."]
    test = Learner("s9", "Test Student", "", {"canvas": "1999"})
    assert ("s9", "pagination") in work(look(tmp_path, roster=[ADA, test]))


def test_a_tutorial_is_not_a_team(tmp_path: Path) -> None:
    """If three members of a group hand in apart, their work counts for no one who has handed in nothing."""
    roster = [Learner(f"s{n}", f"Name {n}", group="Tuesday") for n in range(1, 6)]

    for handed_in, count in ((2, {1, 2, 3, 4, 5}), (3, {1, 2, 3})):
        folder = put(tmp_path / str(handed_in), *(f"s{n}-pagination.zip" for n in range(1, handed_in + 1)))
        assert {who for who, _ in work(look(folder, roster=roster))} == {f"s{n}" for n in count}


def test_groups_share_what_one_handed_in(tmp_path: Path) -> None:
    """With a column `group`, what one member or the group itself has handed in counts for those who have nothing."""
    roster = [Learner(f"s{n}", f"Name {n}", group="Team Beta" if n < 4 else "") for n in range(1, 5)]
    put(tmp_path / "a", "s1-avatar.zip", "s3-avatar.zip", "s4-avatar.zip")
    put(tmp_path / "b", "Team Beta_77_assignsubmission_file_/avatar.zip")

    assert (
        work(look(tmp_path / "a", roster=roster))
        == {
            ("s1", "avatar"): "s1-avatar.zip",
            ("s2", "avatar"): "s1-avatar.zip",
            ("s3", "avatar"): "s3-avatar.zip",
            ("s4", "avatar"): "s4-avatar.zip",
        }
        or work(look(tmp_path / "a", roster=roster))["s2", "avatar"] == "s3-avatar.zip"
    )
    assert {who for who, _ in work(look(tmp_path / "b", roster=roster))} == {"s1", "s2", "s3"}


def test_who_may_be_meant_is_said_and_can_be_decided(tmp_path: Path) -> None:
    """An unmatched file comes with the closest names; a decision about it stays, also that it's no one's."""
    put(tmp_path, "lovelac_ada-pagination.zip", "gracehoper_9_8_pagination.zip", "zzz-pagination.zip")

    found = look(tmp_path)
    settled = look(tmp_path, assigned={"lovelac_ada-pagination.zip": "s1", "zzz-pagination.zip": "-"})

    assert {one["file"]: one["closest"] for one in found.unmatched} == {
        "lovelac_ada-pagination.zip": ["s1"],
        "gracehoper_9_8_pagination.zip": ["s2"],
        "zzz-pagination.zip": [],
    }
    assert set(work(settled)) == {("s1", "pagination"), ("9", "pagination")}
    assert [one["file"] for one in settled.unmatched] == ["gracehoper_9_8_pagination.zip"]


def test_anonymous_moodle_is_known_by_numbers(tmp_path: Path) -> None:
    """If everyone has the same name, the numbers decide."""
    put(
        tmp_path,
        "Participant_2001_assignsubmission_file_/avatar.zip",
        "Participant_2002_assignsubmission_file_/avatar.zip",
    )

    assert {who for who, _ in work(look(tmp_path))} == {"s1", "s2"}
