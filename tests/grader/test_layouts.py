"""What instructors download, as it comes: each file finds its learner and its exercise, or is listed."""

import io
import os
import tarfile
import time
import tracemalloc
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from workbook.grader import places
from workbook.grader.folder import find_submissions
from workbook.grader.identity import TheClass, identify
from workbook.grader.owners import Owners
from workbook.grader.results import Learner
from workbook.submissions.snapshot import take_snapshot
from workbook.submissions.trees import BadSubmission

NAMES = ["avatar", "cover-image", "pagination", "request-log"]
ADA = Learner("s1", "Lovelace, Ada", "ada@example.edu", {"canvas": "1001", "moodle": "2001", "github": "adal"})
GRACE = Learner("s2", "Grace Hopper", "grace@example.edu", {"canvas": "1002", "moodle": "2002", "github": "gh"})
PAT = Learner("s3", 'Pat O\'Brien: "Bé" & Co', "pat@example.edu", {"canvas": "1016", "moodle": "2003"})
MIN = Learner("s4", "김민수", "min@example.edu", {"canvas": "1004", "moodle": "3002"})
ROSTER = [ADA, GRACE, PAT, MIN]


def zipped(files: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


PROJECT = zipped({"final/app/main.py": b"app = 1\n"})


def put(folder: Path, *names: str) -> Path:
    """Put a project at each name: a zip, or a folder if it ends in /."""
    for age, name in enumerate(names):
        path = folder / (f"{name}app/main.py" if name.endswith("/") else name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if name.endswith("/") else PROJECT)
        os.utime(path, (1000 + age, 1000 + age))
    return folder


def look(
    *paths: Path | tuple[str, Path], roster: list[Learner] = ROSTER, assigned: Mapping[str, str] | None = None
) -> TheClass:
    found = find_submissions(paths, NAMES, known=Owners(roster).knows)
    exercises = [name for name in NAMES if name in {one.meant for one in found}]
    return identify(found, roster, exercises or ["pagination"], all_exercises=False, assigned=assigned)


def work(the_class: TheClass) -> dict[tuple[str, str], str]:
    return {(one.learner.id, one.exercise): one.found.file for one in the_class.work}


def whose(folder: Path, name: str, roster: list[Learner] = ROSTER) -> list[str]:
    """The ids of those whose one file it is; strangers have none."""
    the_class = look(put(folder, name), roster=roster)
    return [one.learner.id for one in the_class.work if one.learner.on_roster]


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


@pytest.mark.parametrize("packed", [True, False])
def test_what_is_downloaded_once_more_counts(tmp_path: Path, packed: bool) -> None:
    """Beside an earlier download, the one that a browser calls “(1)” has the work that counts, whatever it's called."""
    old = {"Ada Lovelace_2001_assignsubmission_file_/pagination-3.zip": PROJECT}
    new = {"Ada Lovelace_2001_assignsubmission_file_/x.zip": PROJECT}
    for name, files in (("CS-Pagination-99 (1)", new), ("CS-Pagination-99", old)):
        if packed:
            (tmp_path / f"{name}.zip").write_bytes(zipped(files))
        else:
            put(tmp_path / name, *files)

    for paths in ([tmp_path], sorted(tmp_path.iterdir())):
        the_class = look(*paths)
        assert work(the_class)["s1", "pagination"].endswith("x.zip")
        assert ["a later one" in one["why"] for one in the_class.superseded] == [True]


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


def test_what_windows_leaves_beside_a_file_is_passed_over(tmp_path: Path) -> None:
    """Files that were copied into WSL have a note each beside them: it isn't listed."""
    put(tmp_path, "s1-pagination.zip", "Grace Hopper_2002_assignsubmission_file_/pagination.zip")
    for file in [file for file in tmp_path.rglob("*") if file.is_file()]:
        file.with_name(f"{file.name}:Zone.Identifier").write_text("[ZoneTransfer]\n", encoding="utf-8")

    the_class = look(tmp_path)

    assert set(work(the_class)) == {("s1", "pagination"), ("s2", "pagination")}
    assert (the_class.unmatched, the_class.superseded) == ([], [])


@pytest.mark.parametrize("name", ["submissions.tar.gz", "submissions.zip"])
def test_a_class_may_be_in_a_tar(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tar of a class that's named by hand is one, whatever it's called, unless it's more than memory should hold."""
    with tarfile.open(tmp_path / name, "w:gz") as archive:
        for file, content in CANVAS.items():
            about = tarfile.TarInfo(f"class/pagination/{file}")
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))

    whole = look(tmp_path / name)
    monkeypatch.setattr(places, "MOST_BYTES", 100)
    too_large = look(tmp_path / name)

    assert set(work(whole)) == {("s1", "pagination"), ("s2", "pagination")}
    assert [one.found.snapshot().refused for one in whole.work] == ["", ""]
    assert set(work(too_large)) == {("submissions", "pagination")}


PICTURES = zipped({"a.png": b""})


@pytest.mark.parametrize(
    "counts, other",
    [
        ("lovelaceada_1001_1_project.zip", "lovelaceada_1001_2_screenshots.zip"),
        ("lovelaceada_LATE_1001_1_pagination.zip", "lovelaceada_LATE_1001_2_pagination pictures.zip"),
        (
            "Ada Lovelace_2001_assignsubmission_file_/project.zip",
            "Ada Lovelace_2001_assignsubmission_file_/screenshots.zip",
        ),
    ],
)
def test_the_file_with_the_project_counts(tmp_path: Path, counts: str, other: str) -> None:
    """Of several files of one submission it's the one with a project in it; of several attempts it's the last."""
    put(tmp_path, counts, other)
    (tmp_path / other).write_bytes(PICTURES)

    the_class = look(tmp_path)

    assert work(the_class) == {("s1", "pagination"): counts}
    assert the_class.superseded == [
        {"file": other, "learner": "s1", "why": f"For pagination a file with a project in it counts: {counts}."}
    ]
    (tmp_path / other).rename(again := (tmp_path / counts).with_name(f"{Path(counts).stem}-1.zip"))
    if "assignsubmission" not in counts:
        again.rename(again.with_name(again.name.replace("_1_", "_2_")))
    assert work(look(tmp_path))["s1", "pagination"].endswith("-1.zip")


def test_a_letter_beside_a_zip_is_not_for_another_exercise(tmp_path: Path) -> None:
    """A text that's called like the exercise isn't listed as if that exercise weren't graded."""
    put(tmp_path, "lovelaceada_1001_1_pagination.zip", "lovelaceada_1001_2_pagination report.pdf")

    assert [one["why"] for one in look(tmp_path).superseded] == ["Not used."]


@pytest.mark.parametrize(
    "one, other", [("pagination", "avatar"), ("Pagination", "Avatar-submissions"), ("01 pagination", "avatar_export")]
)
def test_two_assignments_side_by_side(tmp_path: Path, one: str, other: str) -> None:
    """A folder for each assignment, called like its exercise: it names the exercise, its files say whose they are."""
    put(tmp_path / one, "lovelaceada_1001_1_project.zip", "hoppergrace_1002_2_pagination.zip")
    put(tmp_path / other, "lovelaceada_1001_3_project.zip", "x_77_4_avatar.zip")
    wanted = {("s1", "pagination"), ("s2", "pagination"), ("s1", "avatar"), ("77", "avatar")}

    assert set(work(look(tmp_path))) == wanted
    assert set(work(look(tmp_path / one, tmp_path / other))) == wanted
    assert work(look(tmp_path))["s1", "avatar"] == "lovelaceada_1001_3_project.zip"


def test_downloads_may_be_deeper(tmp_path: Path) -> None:
    """A folder for each week or section, with a download's folder in it, is looked into; a learner's own isn't."""
    put(tmp_path / "Week 1/Assignment 2", "lovelaceada_1001_1_project.zip", "hoppergrace_1002_2_pagination.zip")
    put(tmp_path / "Week 2/Hand-ins", "Grace Hopper_2002_assignsubmission_file_/avatar.zip")

    assert set(work(look(tmp_path))) == {("s1", "pagination"), ("s2", "pagination"), ("s2", "avatar")}
    put(tmp_path, "s4/mine/hoppergrace_1002_9_cover-image.zip")
    assert ("s2", "cover-image") not in work(look(tmp_path))


def test_folders_that_say_nothing_may_be_told(tmp_path: Path) -> None:
    """What neither folder nor file says, the option does: NAME=PATH."""
    put(tmp_path / "one", "lovelaceada_1001_1_project.zip")
    put(tmp_path / "two", "lovelaceada_1001_1_project.zip")

    found = work(look(("pagination", tmp_path / "one"), ("avatar", tmp_path / "two")))

    assert found == {
        ("s1", "avatar"): "two/lovelaceada_1001_1_project.zip",
        ("s1", "pagination"): "one/lovelaceada_1001_1_project.zip",
    }


def test_a_folder_is_for_what_its_files_are_for(tmp_path: Path) -> None:
    """Where all names in a folder say one exercise, a file that says none is for it too, and for no other one."""
    put(tmp_path / "a", "lovelaceada_1001_1_project.zip", "hoppergrace_1002_2_pagination.zip")
    put(tmp_path / "b", "lovelaceada_1001_3_project.zip", "hoppergrace_1002_4_avatar.zip")

    found = work(look(tmp_path / "a", tmp_path / "b"))

    assert found["s1", "pagination"] == "lovelaceada_1001_1_project.zip"
    assert found["s1", "avatar"] == "lovelaceada_1001_3_project.zip"
    assert len(found) == 4


def test_a_download_needs_no_unpacking(tmp_path: Path) -> None:
    """A platform's one zip is a class, packed or not, alone, in a folder, or beside that of another assignment."""
    canvas = {"lovelaceada_1001_1_pagination.zip": PROJECT, "hoppergrace_1002_2_x.zip": PROJECT}
    moodle = {
        "Ada Lovelace_2001_assignsubmission_file_/avatar.zip": PROJECT,
        "Ada Lovelace_2001_assignsubmission_onlinetext_/onlinetext.html": b"<p>",
        "Grace Hopper_2002_assignsubmission_file_/app/main.py": b"app = 1\n",
    }
    (tmp_path / "pagination-submissions.zip").write_bytes(zipped(canvas))
    (tmp_path / "avatar.zip").write_bytes(zipped({f"WebDev/{name}": content for name, content in moodle.items()}))

    whole = look(tmp_path)

    assert set(work(whole)) == {(who, what) for who in ("s1", "s2") for what in ("avatar", "pagination")}
    assert whole.unmatched == []
    plain = tmp_path / "plain.zip"
    plain.write_bytes(zipped({"app/main.py": b"app = 1\n"}))
    digest = take_snapshot(plain).digest
    assert {one.found.snapshot().digest for one in whole.work} == {digest}
    assert set(work(look(tmp_path / "avatar.zip"))) == {("s1", "avatar"), ("s2", "avatar")}


def test_a_zip_of_folders_and_zips_is_a_class(tmp_path: Path) -> None:
    """A zip that someone made of a whole class is one too, if it's named on the command line."""
    class_zip = tmp_path / "everybody.zip"
    class_zip.write_bytes(zipped({"s1-avatar.zip": PROJECT, "s2-avatar/app/main.py": b"", "x.zip": b"no zip"}))

    found = look(class_zip)

    assert set(work(found)) == {("s1", "avatar"), ("s2", "avatar"), ("x", "avatar")}
    (broken,) = [one.found for one in found.work if one.learner.id == "x"]
    assert "isn't a whole, plain zip" in broken.snapshot().refused


def test_folders_of_a_learner_are_exercises(tmp_path: Path) -> None:
    """Folders called like exercises in a learner's folder are for these, and belong to them."""
    put(
        tmp_path,
        "s1/pagination/",
        "s1/Cover Image/",
        "s2/pagination/project.zip",
        "eve/avatar/",
        "eve/s3-pagination.zip",
    )

    assert work(look(tmp_path)) == {
        ("s1", "pagination"): "s1/pagination",
        ("s1", "cover-image"): "s1/Cover Image",
        ("s2", "pagination"): "s2/pagination/project.zip",
        ("eve", "avatar"): "eve/avatar",
        ("eve", "pagination"): "eve/s3-pagination.zip",
    }


MOODLE = {
    "Ada Lovelace_2001_assignsubmission_file_/x.zip": PROJECT,
    "Grace Hopper_2002_assignsubmission_file_/x.zip": PROJECT,
}
CANVAS = {"lovelaceada_1001_1_x.zip": PROJECT, "hoppergrace_1002_2_x.zip": PROJECT}
BOTH = {(who, what) for who in ("s1", "s2") for what in ("avatar", "pagination")}


@pytest.mark.parametrize(
    "one, other", [("CS101-Pagination-9981.zip", "CS101-Avatar-9982.zip"), ("week 3 pagination.zip", "avatar (1).zip")]
)
@pytest.mark.parametrize("content", [MOODLE, CANVAS])
@pytest.mark.parametrize("packed", ["side by side", "in a zip", "in a folder of a zip", "in a zip in a folder"])
def test_downloads_beside_and_in_one_another(
    tmp_path: Path, one: str, other: str, content: dict[str, bytes], packed: str
) -> None:
    """A zip is a platform's by what's in it, whatever it's called; its name says the exercise; equal names differ."""
    zips = {one: zipped(content), other: zipped(content)}
    zips = {f"term/{name}": zip_ for name, zip_ in zips.items()} if packed == "in a folder of a zip" else zips
    files = zips if packed == "side by side" else {"term.zip": zipped(zips)}
    for name, zip_ in files.items():
        (tmp_path / name).write_bytes(zip_)

    found = look(tmp_path / "term.zip" if packed.startswith("in a zip") and "folder" not in packed else tmp_path)

    assert set(work(found)) == BOTH
    assert len(set(work(found).values())) == 4
    assert (found.unmatched, found.superseded) == ([], [])


def test_folders_of_assignments_in_a_zip(tmp_path: Path) -> None:
    """A zip of two assignments' folders is two classes, named by path or alone in a folder."""
    folders = {f"{what}/{name}": zip_ for what in ("pagination", "avatar") for name, zip_ in CANVAS.items()}
    (tmp_path / "all.zip").write_bytes(zipped(folders))

    assert set(work(look(tmp_path))) == set(work(look(tmp_path / "all.zip"))) == BOTH


def assert_eve_is_found_in_little_memory(folder: Path) -> None:
    tracemalloc.start()
    the_class = look(folder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert [one.learner.id for one in the_class.work] == ["eve"]
    assert peak < 100_000_000


def test_a_bomb_beside_a_class_is_not_unpacked(tmp_path: Path) -> None:
    """A zip in a zip that's far larger than the file around it isn't opened to see whether it holds a class."""
    (tmp_path / "eve.zip").write_bytes(zipped({"avatar.zip": bytes(200_000_000)}, zipfile.ZIP_DEFLATED))

    assert_eve_is_found_in_little_memory(tmp_path)


def test_a_name_of_many_folders_is_not_followed(tmp_path: Path) -> None:
    """A zip that may hold a class can name a file 20,000 folders deep, and that costs next to nothing."""
    (tmp_path / "eve.zip").write_bytes(zipped({"app/main.py": b"", "a/" * 20_000 + "b": b""}))

    assert_eve_is_found_in_little_memory(tmp_path)


def test_marks_upon_marks_are_not_put_in_order(tmp_path: Path) -> None:
    """Names of a letter with 20,000 marks, in the order that takes longest to put right, are cut before that."""
    marks = "a" + "\u0315\u0300" * 10_000
    names = [f"{number}{marks}.zip" for number in range(20)]
    (tmp_path / "eve.zip").write_bytes(zipped({"app/main.py": b"", **dict.fromkeys(names, b"")}))

    began = time.thread_time()
    the_class = look(tmp_path)

    assert [one.learner.id for one in the_class.work] == ["eve"]
    assert time.thread_time() - began < 2  # it was 20


def test_a_download_of_too_many_folders_is_no_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many files and folders of a download are looked at has a bound, and behind it is one sentence."""
    monkeypatch.setattr(places, "MOST_IN_A_DOWNLOAD", 20)
    (tmp_path / "many.zip").write_bytes(zipped({f"{number}/x": b"" for number in range(20)}))

    with pytest.raises(BadSubmission, match="more than 20 folders"):
        places.HandIn(tmp_path / "many.zip").opened()


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


def test_links_are_their_learners_own_trouble(tmp_path: Path) -> None:
    """A link belongs to the learner its own name says, is not followed, and takes no one's work away."""
    put(tmp_path, "s2-avatar.zip", "zoe/avatar.zip")
    (tmp_path / "s1-avatar.zip").symlink_to("s2-avatar.zip")
    (tmp_path / "s3-avatar").symlink_to("zoe")
    (tmp_path / "s4-avatar.zip").symlink_to("s4-avatar.zip")
    (tmp_path / "zoe/loop").symlink_to("loop")

    found = {one.learner.id: one.found.snapshot() for one in look(tmp_path).work}

    assert {who: bool(taken.refused) for who, taken in found.items()} == {
        "s1": True,
        "s2": False,
        "s3": True,
        "s4": True,
        "zoe": False,
    }
    assert {found[who].refused for who in ("s1", "s3", "s4")} == {"It's a link: hand in the file itself."}


@pytest.mark.parametrize("name", ["main.py", "app/main.py", "submission_metadata.yml", "workbook.toml"])
def test_names_that_would_make_the_class_one_submission(tmp_path: Path, name: str) -> None:
    """What a learner's file in the class folder is called doesn't turn the class into theirs."""
    put(tmp_path, "s1-avatar.zip", "s2-avatar.zip")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("a: [", encoding="utf-8")

    assert {("s1", "avatar"), ("s2", "avatar")} <= set(work(look(tmp_path)))


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


@pytest.mark.parametrize(
    "earlier, later",
    [
        ("s1/pagination-2026-11-22-090000.zip", "s1/pagination-2026-11-20-100000.zip"),
        ("s1/pagination-2026-11-22-090000 (1).zip", "s1/pagination-2026-11-22-090000.zip"),
        ("s1/pagination (2).zip", "s1/pagination (1).zip"),
        ("s1/pagination (1).zip", "s1/pagination.zip"),
        ("s1/pagination - Copy.zip", "s1/pagination.zip"),
        ("s1/pagination.zip (1).zip", "s1/pagination.zip"),
        ("s1/Kopie von pagination.zip", "s1/pagination.zip"),
        ("s1/pagination - copia (2).zip", "s1/pagination (1).zip"),
        ("s1-pagination-2.zip", "s1-pagination-1.zip"),
        ("x_1001_20_pagination.zip", "x_1001_19_pagination-3.zip"),
        ("x_1001_19_pagination-2026-11-22-090000.zip", "x_1001_20_pagination-2026-11-20-100000.zip"),
        ("Avatar_s1_attempt_2026-11-22-17-45-01_a.zip", "Avatar_s1_attempt_2026-11-21-17-45-01_a.zip"),
        (
            "1-2 - Ada Lovelace - Nov 22, 2026 545 PM - avatar.zip",
            "1-2 - Ada Lovelace - Nov 22, 2026 1145 AM - avatar.zip",
        ),
    ],
)
def test_the_last_attempt_counts_whatever_its_time(tmp_path: Path, earlier: str, later: str) -> None:
    """`submit`'s stamp, the platform's number, a copy's number: what they say counts, and the file's time doesn't."""
    put(tmp_path, earlier, later)

    assert list(work(look(tmp_path)).values()) == [earlier]


@pytest.mark.parametrize("absurd", ["s1-pagination-999.zip", "s1/pagination-9999-12-31-235959.zip"])
def test_an_absurd_number_does_not_win(tmp_path: Path, absurd: str) -> None:
    """A number that no one reaches, or a time to come, says nothing: the later file counts."""
    put(tmp_path, absurd, "s1-pagination.zip", "s1-pagination (1).zip")

    assert list(work(look(tmp_path)).values()) == ["s1-pagination (1).zip"]


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
