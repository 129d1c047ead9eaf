"""What instructors download, as it comes: each file finds its exercise, and the right attempt counts."""

import io
import tarfile
import time
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from workbook.grader import places
from workbook.submissions.snapshot import take_snapshot
from workbook.submissions.trees import BadSubmission

from .downloads import PROJECT, look, put, work, zipped


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
