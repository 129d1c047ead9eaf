"""The tables: a spreadsheet can open them safely, and Canvas and Moodle find everyone in them."""

import csv
import re
from dataclasses import replace
from pathlib import Path

import pytest

from workbook.grader.results import Learner, Override
from workbook.report import Target
from workbook.report.canvas import write_canvas
from workbook.report.feedback import write_feedback
from workbook.report.lms import canvas_file, moodle_folder
from workbook.report.moodle import write_moodle
from workbook.report.tables import write_csv
from workbook.report.visible import spreadsheet_cell

from .conftest import Report
from .importers import moodle_feedback
from .synthetic import class_entry, class_of, graded, grading_of, overridden, result

FIRST = "test_a_list_is_a_page"
ADA = Learner("a1", "Lovelace, Ada", "ada@example.edu", {"canvas": "4711"})
GRACE = Learner("g2", "غريس هوبر", "grace@example.edu", {"moodle": "815"})
ALAN = Learner("t3", "Alan Turing", "alan@example.edu")


def rows_of(file: Path, divider: str = ",") -> list[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.reader(opened, delimiter=divider))


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return Target(tmp_path, {"avatar": "1234"})


@pytest.fixture
def three(target: Target) -> Target:
    """Return tables of three learners: from Canvas, from Moodle, and from neither (who handed in nothing)."""
    entries = [
        class_entry(
            [ADA, GRACE, ALAN], ["avatar", "pagination"], not_handed_in={"avatar": ["t3"], "pagination": ["t3"]}
        ),
        graded(result(ADA, "avatar")),
        graded(result(ADA, "pagination", {FIRST: "broken"}, flags=("slow",))),
        graded(result(GRACE, "pagination", {FIRST: "unstable"})),
        overridden(Override("a1", "pagination", FIRST, 2.5, "A part of it.")),
    ]
    gradings = {name: grading_of(name) for name in ("avatar", "pagination")}
    marks = class_of(entries, gradings, {"pagination": "Pagination", "avatar": "Avatar"})
    for write in (write_csv, write_canvas, write_moodle):
        list(write(marks, target))
    return target


def test_the_spreadsheet_has_everyone(three: Target) -> None:
    """marks.csv: name, id, points, total, late and notes; a mark that's missing is an empty cell, in the total too."""
    assert rows_of(three.folder / "marks.csv") == [
        ["Name", "ID", "Pagination (100)", "Avatar (100)", "Total (200)", "Late", "Notes"],
        ["Alan Turing", "t3", "", "", "", "", "not handed in"],
        ["Lovelace, Ada", "a1", "82.5", "100", "182.5", "", "slow: Pagination; decided by hand: Pagination"],
        ["غريس هوبر", "g2", "80", "", "80", "", "undecided: Pagination; not graded yet: Avatar"],
    ]


def test_every_promise_has_its_column(three: Target) -> None:
    """promises.csv has each promise's points; if they aren't known yet, the cell is empty and not a 0."""
    header, *rows = rows_of(three.folder / "promises.csv")
    found = {row[0]: dict(zip(header, row, strict=True)) for row in rows}

    assert len(header) == 2 + len(grading_of("pagination").points) + len(grading_of("avatar").points)
    first = f"pagination: {FIRST} (20)"
    assert [found[name][first] for name in ("Alan Turing", "Lovelace, Ada", "غريس هوبر")] == ["", "2.5", ""]
    points = [float(value or 0) for name, value in found["Lovelace, Ada"].items() if name.startswith("pagination: ")]
    assert sum(points) == 82.5


def test_a_spreadsheet_knows_the_encoding(three: Target) -> None:
    """Every table but Canvas's begins with the mark by which a spreadsheet recognises UTF-8."""
    marked = {file.name for file in three.folder.glob("*.csv") if file.read_bytes().startswith(b"\xef\xbb\xbf")}

    assert marked == {"marks.csv", "promises.csv", "moodle-pagination.csv"}


def test_canvas_finds_learners_and_assignments(three: Target) -> None:
    """Without an export: Canvas's columns, points possible, one assignment, and learners with a mark."""
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    ada = ["Lovelace, Ada", "4711", "a1", "ada@example.edu", ""]
    assert rows_of(three.folder / "canvas-pagination.csv") == [
        [*header, "Pagination"],
        ["    Points Possible", "", "", "", "", "100"],
        [*ada, "82.5"],
        ["غريس هوبر", "", "g2", "grace@example.edu", "", "80"],
    ]
    assert rows_of(three.folder / "canvas-avatar.csv") == [
        [*header, "Avatar (1234)"],
        ["    Points Possible", "", "", "", "", "100"],
        [*ada, "100"],
    ]


def test_moodle_finds_learners(three: Target) -> None:
    """A worksheet names learners as Moodle does, with comments in HTML, and leaves out others."""
    assert rows_of(three.folder / "moodle-pagination.csv") == [
        [
            "Identifier",
            "Full name",
            "Email address",
            "Grade",
            "Maximum grade",
            "Last modified (grade)",
            "Feedback comments",
        ],
        [
            "Participant 815",
            "غريس هوبر",
            "grace@example.edu",
            "80",
            "100",
            "",
            "80 of 100 points.<br>Not kept: GET /posts, /posts/my and /users answer with a page: ten rows, and seven "
            "keys that say where they lie.",
        ],
    ]


def test_each_assignment_of_moodle_has_its_own_numbers(target: Target) -> None:
    """A participant's number is that of the exercise's own download; a roster of another assignment has none for it."""
    people = [replace(one, lms={"moodle": str(2000 + n)}) for n, one in enumerate((ADA, GRACE))]
    files = {"pagination": "Ada_2000_assignsubmission_file_/x.zip", "avatar": "Ada_3007_assignsubmission_file_/x.zip"}
    entries = [class_entry(people, list(files))]
    entries += [graded(result(people[0], exercise, file=file)) for exercise, file in files.items()]
    entries += [graded(result(people[1], exercise, file="by-mail.zip")) for exercise in files]

    list(write_moodle(class_of(entries), target))

    numbers = {name: [row[0] for row in rows_of(target.folder / f"moodle-{name}.csv")[1:]] for name in files}
    assert numbers == {"pagination": ["Participant 2000", "Participant 2001"], "avatar": ["Participant 3007"]}


def test_the_number_of_a_team_is_no_participants(target: Target) -> None:
    """A file that counts for several has the team's number, so the roster's numbers count."""
    people = [replace(one, lms={"moodle": str(2000 + n)}, group="Beta") for n, one in enumerate((ADA, GRACE))]
    file = "Beta_77_assignsubmission_file_/x.zip"
    entries = [class_entry(people, ["pagination"])]
    entries += [graded(result(one, "pagination", file=file)) for one in people]

    list(write_moodle(class_of(entries), target))
    list(write_feedback(class_of(entries), target))
    data = (target.folder / "feedback-moodle-pagination.zip").read_bytes()

    assert [row[0] for row in rows_of(target.folder / "moodle-pagination.csv")[1:]] == [
        "Participant 2000",
        "Participant 2001",
    ]
    found = moodle_feedback(data, {77, 2000, 2001}, before_4_1=True)  # 77 is someone else's
    assert set(found) == {2000, 2001}
    assert all(one.name in found[2000 + n][1].decode() for n, one in enumerate(people))


def test_a_group_of_canvas_has_one_page(target: Target) -> None:
    """Canvas gives one file out for a group, so one member's page leads back, and the command says so."""
    people = [replace(one, group="Beta") for one in (ADA, ALAN)]
    entries = [class_entry(people, ["pagination"])]
    entries += [graded(result(one, "pagination", file="beta_4711_90125_x.zip")) for one in people]

    said = [one.about for one in write_feedback(class_of(entries), target)]

    assert said[0] == "1 page, back through Canvas"
    assert said[1].startswith("no feedback zip for 1 learner whose group's file has another member's page")
    assert len(said) == 2


def test_moodle_comments_escape_what_they_quote(target: Target) -> None:
    """A reason that quotes HTML shows up as text in Moodle's page."""
    entries = [class_entry([GRACE], ["pagination"]), graded(result(GRACE, "pagination", trouble="<img src=x> & more"))]
    list(write_moodle(class_of(entries), target))

    (_, row) = rows_of(target.folder / "moodle-pagination.csv")
    assert "&lt;img src=x&gt; &amp; more" in row[-1]


def test_without_moodle_there_is_no_worksheet(target: Target) -> None:
    """If no learner came through Moodle, no worksheet is written, and the command says why."""
    marks = class_of([class_entry([ADA], ["avatar"]), graded(result(ADA, "avatar"))])

    (written,) = write_moodle(marks, target)

    assert written.path is None
    assert written.about.startswith("no Moodle worksheet: ")
    assert list(target.folder.iterdir()) == []


WIDE = "\uff1d\uff0b\uff0d\uff20"  # the same signs in full width
SPLIT = ["a;=1", "a; +1", "a|-1", "a,@x", 'a;"=1', "a;  \"'=1"]
FORMULAS = ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1+1", "\r=1+1", " =1+1", *(f"{sign}1" for sign in WIDE)]


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_is_text(formula: str) -> None:
    """A cell that a spreadsheet would take for a formula gets an apostrophe before it."""
    assert spreadsheet_cell(formula).startswith("'")


@pytest.mark.parametrize("text", SPLIT)
def test_a_formula_behind_another_separator_is_text(text: str) -> None:
    """No cell becomes a formula if a spreadsheet splits at `;`, `|` or a tab, as in half of Europe."""
    cell = spreadsheet_cell(text)
    parts = re.split(r"[;,|\t]", cell)

    assert [part for part in parts if part.lstrip(" \"'")[:1] in tuple("=+-@") and "'" not in part] == []
    assert cell.replace("'", "").split() == text.replace("'", "").split()


@pytest.mark.parametrize("name", ["Ada", "O'Brien", "Jean-Luc", "Å=B", "王小明", "محمد", "1a"])
def test_a_name_is_left_as_it_is(name: str) -> None:
    """A name that isn't a formula stays unchanged, so that it can be imported."""
    assert spreadsheet_cell(name) == name


def test_no_cell_of_a_hostile_class_is_a_formula(reported: Report) -> None:
    """With hostile names and evidence, no table has a formula or an invisible character with an effect."""
    tables = sorted(reported.folder.glob("*.csv"))
    cells = [value for file in tables for row in rows_of(file) for value in row]
    cells += [value for file in tables for row in rows_of(file, ";") for value in row]

    assert [value for value in cells if re.match(rf"[=+@{WIDE}\t\r]|-(?![\d.]+$)", value)] == []
    assert [value for value in cells if re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", value)] == []
    assert any(value.startswith("'=HYPERLINK") for value in cells)


@pytest.mark.parametrize(
    "file, user",
    [
        ("lovelaceada_4711_90125_avatar.zip", "4711"),
        ("lovelaceada_LATE_4711_90125_avatar-2.zip", "4711"),
        ("class/lovelaceada_4711_90125_my_own_2_names.zip", "4711"),
        ("ada.zip", None),
        ("anon_12345_90125_avatar.zip", None),  # a code that happens to have digits only
        ("LATE_anon_12345_90125_avatar.zip", None),
        ("Ada Lovelace_815_assignsubmission_file/4711_90125_x.zip", None),
    ],
)
def test_canvas_downloads_are_known(file: str, user: str | None) -> None:
    """A file named as Canvas names downloads shows the user's number, and any other shows none."""
    found = canvas_file(file)

    assert (found.user if found else None) == user


@pytest.mark.parametrize(
    "file, folder",
    [
        ("Ada Lovelace_815_assignsubmission_file/avatar.zip", "Ada Lovelace_815_assignsubmission_file"),
        ("Ada Lovelace_815_assignsubmission_file_/avatar.zip", "Ada Lovelace_815_assignsubmission_file_"),
        ("Ada Lovelace_815_assignsubmission_file_avatar.zip", "Ada Lovelace_815_assignsubmission_file_"),
        ("lovelaceada_4711_90125_avatar.zip", None),
    ],
)
def test_moodle_downloads_are_known(file: str, folder: str | None) -> None:
    """A name like Moodle's downloads shows the folder that leads back, and any other shows none."""
    assert moodle_folder(file) == folder
