"""What goes back to other programs: feedback zips, Gradescope's results, JUnit XML."""

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from junitparser import JUnitXml

from workbook.grader.results import Learner, Override
from workbook.report import Target
from workbook.report.feedback import write_feedback
from workbook.report.machines import write_gradescope, write_junit
from workbook.report.marks import ClassMarks
from workbook.report.writing import file_name

from .conftest import Report
from .synthetic import EXERCISES, class_entry, class_of, graded, overridden, result

FIRST, SECOND = "test_a_list_is_a_page", "test_pages_follow_each_other"
SENTENCE = "GET /posts, /posts/my and /users answer with a page: ten rows, and seven keys that say where they lie."
ADA = Learner("ada", "Ada Lovelace", lms={"canvas": "4711"})
GRACE = Learner("../grace", "Grace Hopper", lms={"moodle": "815"})
CANVAS, MOODLE = "lovelaceada_4711_90125_pagination.zip", "Grace Hopper_815_assignsubmission_file"


def two(file: str = CANVAS) -> ClassMarks:
    """Return Ada from Canvas, who broke a promise, and Grace from Moodle, about whom two sandboxes disagreed."""
    entries = [
        class_entry([ADA, GRACE], ["pagination"]),
        graded(result(ADA, "pagination", {FIRST: "broken"}, file=file, evidence="\x1b[31m<b>")),
        graded(result(GRACE, "pagination", {FIRST: "unstable", SECOND: "waiting"}, file=f"{MOODLE}/mine.zip")),
        overridden(Override("ada", "pagination", FIRST, 5, "Half of it.")),
    ]
    return class_of(entries, {}, {"pagination": "Pagination"})


def inside(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_canvas_gets_its_own_file_names_back(tmp_path: Path) -> None:
    """For Canvas, a zip goes back under its own name, with the page in it."""
    list(write_feedback(two(), Target(tmp_path)))

    files = inside(tmp_path / "feedback-canvas-pagination.zip")
    assert list(files) == [CANVAS]
    with zipfile.ZipFile(io.BytesIO(files[CANVAS])) as packed:
        assert packed.namelist() == ["pagination.html"]
        assert "Ada Lovelace" in packed.read("pagination.html").decode()


@pytest.mark.parametrize("letters", ["..\\..\\ +1", "C:up", "a\nb", "what?*", "..\\\\server\\share"])
def test_a_name_leads_nowhere_on_windows(tmp_path: Path, letters: str) -> None:
    """What Windows takes for a folder, a drive or no name is left out of the names; the numbers route the page."""
    files = {
        "canvas": f"lovelaceada_4711_90125_{letters}.zip",
        "moodle": f"Ada {letters}_815_assignsubmission_file/a.zip",
    }
    for system, file in files.items():
        list(write_feedback(two(file=file), Target(tmp_path)))

        (name, *_) = inside(tmp_path / f"feedback-{system}-pagination.zip")
        assert not set('\\:*?"<>|\n') & set(name)
        assert name.startswith("lovelaceada_4711_90125_" if system == "canvas" else "Ada ")
        for one in tmp_path.iterdir():
            one.unlink()


def test_canvas_gets_a_page_for_what_was_no_zip(tmp_path: Path) -> None:
    """For Canvas, a page goes back for a file that isn't a zip, and its name begins like the file's."""
    list(write_feedback(two(file="lovelaceada_4711_90125_notes.txt"), Target(tmp_path)))

    files = inside(tmp_path / "feedback-canvas-pagination.zip")
    assert list(files) == ["lovelaceada_4711_90125_notes.html"]
    assert files["lovelaceada_4711_90125_notes.html"].startswith(b"<!doctype html>")


def test_moodle_gets_its_own_folders_back(tmp_path: Path) -> None:
    """For Moodle, the page is in the folder that Moodle made for the learner."""
    list(write_feedback(two(), Target(tmp_path)))

    files = inside(tmp_path / "feedback-moodle-pagination.zip")
    assert list(files) == [f"{MOODLE}/pagination.html"]
    assert b"Grace Hopper" in files[f"{MOODLE}/pagination.html"]


def test_two_files_of_one_name_are_one_learners(tmp_path: Path) -> None:
    """If two learners' files have one name, the second is left out and named, so no one gets another's page."""
    entries = [class_entry([ADA, GRACE], ["pagination"])]
    entries += [graded(result(one, "pagination", file=CANVAS)) for one in (ADA, GRACE)]

    written = list(write_feedback(class_of(entries), Target(tmp_path)))

    assert list(inside(tmp_path / "feedback-canvas-pagination.zip")) == [CANVAS]
    assert [one.about[:36] for one in written] == [
        "1 page, back through Canvas",
        "no feedback zip for 1 learner: no fi",
    ]


def test_everybody_in_a_class_has_a_way_back(reported: Report) -> None:
    """Each mark from Canvas or Moodle is in exactly one zip, and each zip is whole."""
    for exercise in EXERCISES:
        zips = [reported.folder / f"feedback-{system}-{exercise}.zip" for system in ("canvas", "moodle")]
        with_mark = [row for row in reported.marks.rows if row.marks[exercise].file]
        assert sum(len(inside(file)) for file in zips) == len(with_mark)


def test_gradescope_reads_a_result(tmp_path: Path) -> None:
    """results.json has the score and, for each promise, points, plain evidence and who may see it."""
    list(write_gradescope(two(), Target(tmp_path)))

    found = json.loads((tmp_path / "gradescope/pagination/ada/results.json").read_text(encoding="utf-8"))
    assert (found["score"], found["output_format"], found["visibility"]) == (85, "text", "visible")
    assert sum(test["score"] for test in found["tests"]) == found["score"]
    assert found["tests"][0] == {
        "score": 5,
        "max_score": 20,
        "status": "failed",
        "name": SENTENCE,
        "output": "\\x1b[31m<b>\n\nDecided by hand: Half of it.",
        "visibility": "visible",
    }
    assert {test["visibility"] for test in found["tests"][-3:]} == {"after_published"}


def test_an_id_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    """Whatever a learner's id is, its file is in the folder, and different ids have different files."""
    odd = [
        "../grace",
        "/etc/passwd",
        "..",
        "",
        "a/b",
        "a\\b",
        "CON.txt",
        "Ada",
        "ada",
        "ada ",
        "x" * 300,
        "\ud800",
        "العربية",
    ]
    names = [file_name(ident) for ident in odd]

    list(write_gradescope(two(), Target(tmp_path / "report")))

    assert [name for name in names if not re.fullmatch(r"[a-z0-9_-]*(~[0-9a-f]{12})?", name) or len(name) > 60] == []
    assert len({name.casefold() for name in names}) == len(odd)
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_junit_is_read_by_others(tmp_path: Path) -> None:
    """junit.xml has a suite per learner and exercise: broken fails, undecided is an error, the rest is skipped."""
    list(write_junit(two(), Target(tmp_path)))

    suites = {suite.name: suite for suite in JUnitXml.fromfile(str(tmp_path / "junit.xml"))}

    assert list(suites) == ["ada/pagination", "../grace/pagination"]
    told = {name: (one.tests, one.failures, one.errors, one.skipped) for name, one in suites.items()}
    assert told == {"ada/pagination": (8, 1, 0, 0), "../grace/pagination": (8, 0, 1, 1)}
    (failure,) = next(iter(suites["ada/pagination"])).result
    assert (failure.message, failure.text) == ("not kept", "\\x1b[31m<b>")


def test_junit_of_a_hostile_class_is_xml(reported: Report) -> None:
    """Names and evidence with control characters and markup in them still give valid XML."""
    suites = list(JUnitXml.fromfile(str(reported.folder / "junit.xml")))

    assert len(suites) == sum(mark.counts for _, mark in reported.marks.pairs())
