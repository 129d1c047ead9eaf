"""A class of sixty, in every layout: each mark is its owner's, and each import is accepted with all of them."""

import html
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from workbook.course.points import Grading
from workbook.grader.exports import read_export
from workbook.grader.folder import find_submissions
from workbook.grader.hand_in_times import when_handed_in
from workbook.grader.identity import identify
from workbook.grader.results import Learner, Outcome
from workbook.grader.roster import read_roster
from workbook.journal import Entry
from workbook.report import ClassMarks, Target
from workbook.report.autograder import verdicts_of
from workbook.report.canvas import write_canvas
from workbook.report.feedback import write_feedback
from workbook.report.moodle import write_moodle

from .class_of_sixty import EXERCISES, MANY, Layout, canvas, clones, gradescope, handed_in, moodle, people
from .importers import CanvasCourse, CanvasStudent, MoodleAssignment, canvas_comments, moodle_feedback
from .synthetic import class_entry, class_of, graded, result
from .test_way_back import LANGUAGES, canvas_export, worksheet

TITLES = {"pagination": "Pagination", "avatar": "Avatar"}
NUMBERS = {"pagination": 4711, "avatar": 4712}
NOW = datetime(2026, 11, 29, 12, 0)
WORTH = {"test_quarter": 0.25, **{f"test_{n}": 2.0**n for n in range(6)}, "test_rest": 36.75}  # 100 in all
POINTS = Grading(points=WORTH)
SENTENCES = {name: (f"It does {name}.", name == "test_rest") for name in WORTH}


def in_canvas(**more: Any) -> CanvasCourse:
    students = [CanvasStudent(one.canvas, one.name, one.id, f"{one.id}@example.edu") for one in people()]
    return CanvasCourse(students, {NUMBERS[name]: (TITLES[name], 100.0) for name in EXERCISES}, **more)


def graded_as(layout: Layout) -> ClassMarks:
    """Grade the class by a command for each exercise; a file gets its owner's points, even if it counts for another."""
    entries: list[Entry] = []
    for exercise in EXERCISES:
        file = layout.rosters[exercise]
        roster = read_roster(file)
        found = find_submissions([layout.folder / exercise], EXERCISES)
        the_class = identify(found, roster, [exercise], all_exercises=True)
        export = read_export(file, roster)
        more = {**the_class.as_entry(), "exercises": [exercise], "paths": [exercise]}
        learners = [Learner(**one) for one in more.pop("learners")]
        more |= {"export": export.as_dict()} if export else {}
        entries.append(class_entry(learners, **more))
        for one in the_class.work:
            owner = layout.owners[exercise][_known(layout, exercise, one.found.file)]
            broken = broken_of(owner.points(exercise))
            made = result(one.learner, exercise, broken, grading=POINTS, sentences=SENTENCES, file=one.found.file)
            entries.append(graded(made))
            assert when_handed_in(one.found)["late"] == ("_LATE_" in one.found.file)
    return class_of(entries, dict.fromkeys(EXERCISES, POINTS), TITLES)


def broken_of(points: float) -> dict[str, Outcome]:
    """The promises to break, so that these points are left."""
    left, broken = points, dict[str, Outcome]()
    for name, worth in sorted(WORTH.items(), key=lambda one: -one[1]):
        if worth > left or name == "test_rest":
            broken[name] = "broken"
        else:
            left -= worth
    return broken


def _known(layout: Layout, exercise: str, file: str) -> str:
    """Return the file as the layout calls it; a submission of Gradescope's is called by its folder."""
    names = {unicodedata.normalize("NFC", name): name for name in layout.owners[exercise]}
    return names[file] if file in names else next(name for name in names.values() if name.startswith(f"{file}/"))


def right_marks(exercise: str) -> dict[int, float]:
    """The marks that have to arrive, by the learner's place in the class."""
    return {one.number: one.points(exercise) for one in handed_in(exercise)}


def marks_in(marks: ClassMarks, exercise: str) -> dict[int, float]:
    """Return a report's points by the learner's place in the class, to compare them with the right ones."""
    ids = {one.id: one.number for one in people()} | {one.email: one.number for one in people()}
    found = {}
    for row in marks.rows:
        mark = row.marks[exercise]
        if mark.counts:
            found[ids[row.learner.id]] = sum(item.points for item in mark.items if item.outcome == "kept")
    return found


@pytest.fixture(params=["sis", "no sis", "split names", "posting"])
def from_canvas(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[CanvasCourse, Layout]:
    course = in_canvas(split_names=request.param == "split names", sis_columns=request.param != "no sis")
    return course, canvas(tmp_path / "class", canvas_export(course, posting=request.param == "posting"))


def test_canvas(from_canvas: tuple[CanvasCourse, Layout], tmp_path: Path) -> None:
    """From Canvas's downloads and its export to marks in Canvas and a feedback file for each submission."""
    course, layout = from_canvas
    marks = graded_as(layout)
    row_names = {row.learner.id.partition("@")[0]: row.name for row in marks.rows}
    target = Target(tmp_path / "report")
    written = [*write_canvas(marks, target), *write_feedback(marks, target)]

    assert (len(marks.rows), marks.unmatched) == (MANY, [])
    for exercise in EXERCISES:
        found = course.import_file((target.folder / f"canvas-{exercise}.csv").read_bytes())
        assert (found.new_assignments, found.new_students, found.erased) == ([], [], [])
        arrived = {student - 40_000: float(mark) for (student, _), mark in found.marks.items()}
        assert arrived == pytest.approx(right_marks(exercise))
        attachments = {one.number + 500: one.canvas for one in handed_in(exercise)}
        pages = canvas_comments((target.folder / f"feedback-canvas-{exercise}.zip").read_bytes(), attachments)
        assert {user - 40_000: _headline(_zipped_page(page)) for user, page in pages.items()} == {
            one.number: row_names[one.id] for one in handed_in(exercise)
        }
    assert [one.about for one in written if one.path is None] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("flat", [True, False])
def test_moodle(tmp_path: Path, language: str, flat: bool) -> None:
    """From Moodle's downloads and worksheets, in any language, to marks in Moodle."""
    sheets = {name: worksheet(language, {one.moodle(name): one.name for one in people()}) for name in EXERCISES}
    sheets = {name: _with_emails(text, name) for name, text in sheets.items()}
    marks = graded_as(moodle(tmp_path / "class", sheets, flat=flat))
    target = Target(tmp_path / "report")
    list(write_moodle(marks, target))
    list(write_feedback(marks, target))

    assert (len(marks.enrolled), marks.unmatched) == (MANY, [])
    for exercise in EXERCISES:
        numbers = {one.moodle(exercise): one.number for one in people()}
        there = MoodleAssignment(LANGUAGES[language][0], set(numbers), 100.0)
        found = there.import_worksheet((target.folder / f"moodle-{exercise}.csv").read_bytes(), NOW)
        assert (found.unknown, found.skipped) == ([], {})
        assert {numbers[number]: mark for number, mark in found.marks.items()} == pytest.approx(right_marks(exercise))
        data = (target.folder / f"feedback-moodle-{exercise}.zip").read_bytes()
        for before_4_1 in (True, False):
            pages = moodle_feedback(data, set(numbers), before_4_1=before_4_1)
            assert {name for name, _ in pages.values()} == {f"/{exercise}.html"}
            headlines = {numbers[number]: _headline(page) for number, (_, page) in pages.items()}
            assert headlines == {one.number: unicodedata.normalize("NFC", one.name) for one in handed_in(exercise)}


def _headline(page: bytes) -> str:
    found = re.search(r"<h1><bdi>(.*?)</bdi></h1>", page.decode())
    assert found
    return html.unescape(found[1])


def _zipped_page(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (name,) = archive.namelist()
        return archive.read(name)


def _with_emails(text: str, exercise: str) -> str:
    for one in people():
        text = text.replace(f"{one.moodle(exercise)}@example.edu", one.email)
    return text


def test_gradescope(tmp_path: Path) -> None:
    """From Gradescope's export to an autograder that finds each submission's results by its number."""
    layout = gradescope(tmp_path / "class")
    marks = graded_as(layout)

    for one in marks.exercises:
        verdicts = json.loads("".join(verdicts_of(marks, one)))
        found: dict[int, Any] = {}
        for number, learner in verdicts["submissions"].items():
            owner = next(owner for name, owner in layout.owners[one.name].items() if name.split("/")[0][11:] == number)
            results: Any = verdicts["results"][str(learner)]
            found[owner.number] = sum(test["score"] for test in results["tests"] if test["status"] == "passed")
        assert found == pytest.approx(right_marks(one.name))


def test_names_alone_find_learners_in_canvas(tmp_path: Path) -> None:
    """Without Canvas's numbers on the roster, its names find everyone, in any script, who shares theirs with no one."""
    layout = canvas(tmp_path / "class", "")
    roster = [Learner(one.id, one.name) for one in people()]
    found = find_submissions([layout.folder / "avatar"], EXERCISES)
    the_class = identify(found, roster, ["avatar"], all_exercises=True)

    names = [unicodedata.normalize("NFC", one.name) for one in people()]
    alone = {one.number for one in handed_in("avatar") if names.count(unicodedata.normalize("NFC", one.name)) == 1}
    owners = {one.found.file: one.learner for one in the_class.work}
    by_file = {unicodedata.normalize("NFC", file): owner for file, owner in layout.owners["avatar"].items()}
    right = {by_file[file].number for file, learner in owners.items() if by_file[file].id == learner.id}
    strangers = {by_file[file].number for file, learner in owners.items() if not learner.on_roster}
    assert right == alone
    assert right | strangers == {one.number for one in handed_in("avatar")}


LAYOUTS: dict[str, Callable[[Path], Layout]] = {"gradescope": gradescope, "clones": clones}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_everyone_has_their_own_mark(tmp_path: Path, layout: str) -> None:
    """In every layout, each of sixty learners gets the mark of the file they handed in, and no one is unknown."""
    marks = graded_as(LAYOUTS[layout](tmp_path / "class"))

    assert (len(marks.rows), marks.unmatched) == (MANY, [])
    for exercise in EXERCISES:
        assert marks_in(marks, exercise) == pytest.approx(right_marks(exercise))
