"""`workbook class report`: what it writes and says, and what it does with a journal that is none."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from workbook.course.points import Grading
from workbook.grader.results import Learner
from workbook.journal import VERSION, Journal

from ..runners import Ended, Workbook, files_below, replace_in
from .synthetic import class_entry, graded, result, write

ADA = Learner("ada", "Ada Lovelace", lms={"canvas": "4711"})
BY_LETTER = "test_counts_by_letter"
SENTENCES = {"test_counts_books": ("Books are counted.", False), BY_LETTER: ("By letter, too.", True)}
COUNT = Grading(points={"test_counts_books": 70, "test_counts_by_letter": 30})
FORMATS = ("csv", "canvas", "moodle", "feedback", "gradescope", "junit", "html")


def told(ended: Ended) -> str:
    return " ".join((ended.out + ended.err).split())


@pytest.fixture
def journal(workbook: Workbook) -> Path:
    """The journal of a grading of one learner of the small course, who counts books but not by letter."""
    file = "lovelaceada_4711_90125_count.zip"
    one = result(ADA, "count", {BY_LETTER: "broken"}, grading=COUNT, sentences=SENTENCES, file=file)
    path = workbook.root / "results/journal.db"
    path.parent.mkdir()
    write(path, iter([class_entry([ADA], ["count"]), graded(one)]))
    return path


def test_report_writes_every_format(workbook: Workbook, journal: Path) -> None:
    """Without options every format is written beside the journal, a line for each, and the page's address is last."""
    ended = workbook("report", "results/journal.db")

    assert (ended.status, ended.err) == (0, "")
    assert sorted(files_below(journal.parent / "report")) == [
        "canvas.csv",
        "feedback-canvas-count.zip",
        "gradescope/count/ada/results.json",
        "index.html",
        "junit.xml",
        "learners/ada.html",
        "marks.csv",
    ]
    for name in ("marks.csv", "canvas.csv", "feedback-canvas-count.zip", "gradescope", "junit.xml", "index.html"):
        assert f"results/report/{name}: " in told(ended)
    assert ended.lines[-1] == (journal.parent / "report/index.html").as_uri()


def test_report_counts_by_todays_points(workbook: Workbook, journal: Path) -> None:
    """Points that an instructor has changed since the grading count at once, without grading again."""
    replace_in(workbook.root / "exercises/count/grading.toml", "test_counts_books = 70", "test_counts_books = 60")

    workbook("report", "results/journal.db", "--format", "csv", "--to", "out")

    assert (workbook.root / "out/marks.csv").read_text(encoding="utf-8-sig").splitlines() == [
        "Name,ID,Count (90),Total (90),Notes",
        "Ada Lovelace,ada,60,60,moved",
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_one_format_alone(workbook: Workbook, journal: Path, name: str) -> None:
    """--format writes that one and no other."""
    ended = workbook("report", "results/journal.db", "--format", name)

    assert ended.status == 0
    written = {
        path.relative_to(journal.parent / "report").parts[0] for path in (journal.parent / "report").rglob("*.*")
    }
    wanted = {"csv": {"marks.csv"}, "canvas": {"canvas.csv"}, "moodle": set(), "junit": {"junit.xml"}}
    wanted |= {
        "feedback": {"feedback-canvas-count.zip"},
        "gradescope": {"gradescope"},
        "html": {"index.html", "learners"},
    }
    assert written == wanted[name]


def test_formats_add_up(workbook: Workbook, journal: Path) -> None:
    """--format may be repeated; an exercise's number in Canvas goes into its heading."""
    ended = workbook(
        "report",
        "results/journal.db",
        "--format",
        "csv",
        "--format",
        "canvas",
        "--assignment",
        "count=77",
        "--to",
        "out",
    )

    assert ended.status == 0
    assert sorted(files_below(workbook.root / "out")) == ["canvas.csv", "marks.csv"]
    assert "Count (77)" in (workbook.root / "out/canvas.csv").read_text(encoding="utf-8-sig")


MISUSES = {
    "no journal named": ([], "Missing argument"),
    "unknown format": (["results/journal.db", "--format", "pdf"], "Invalid value for '--format'"),
    "assignment without a number": (["results/journal.db", "--assignment", "count"], "“count” is no exercise and its"),
    "assignment of a stage": (["results/journal.db", "--assignment", "01-hello=3"], "“01-hello=3” is no exercise and"),
    "assignment of nothing": (["results/journal.db", "--assignment", "what=3"], "There is no step called “what”."),
}


@pytest.mark.parametrize("what", MISUSES)
def test_misuse_exits_2(workbook: Workbook, journal: Path, what: str) -> None:
    """What was typed wrongly is named, and the command exits with 2."""
    words, said = MISUSES[what]

    ended = workbook("report", *words)

    assert ended.status == 2
    assert said in told(ended)
    assert not (journal.parent / "report").exists()


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100] + b"damaged" * 2000)


def make_newer(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()


def add_a_bad_entry(path: Path) -> None:
    with sqlite3.connect(path) as db:
        entry = ("2026-11-20T08:00:00+00:00", "graded", "count", json.dumps({"learner": "ada"}))
        db.execute("INSERT INTO entry (at, kind, step, data) VALUES (?, ?, ?, ?)", entry)
    db.close()


def put_another_database(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE users (id INTEGER)")
    db.close()


def put_a_learners_journal(path: Path) -> None:
    path.unlink()
    Journal(path).record("started", "01-hello")


def put_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "not there": (Path.unlink, "results/journal.db is not there."),
    "a folder": (put_a_folder, "results/journal.db is a folder, not a journal."),
    "damaged": (damage, "journal.db is damaged: "),
    "newer": (make_newer, "journal.db is of a newer edition of the workbook"),
    "a bad entry": (add_a_bad_entry, "is damaged: an entry “graded” of 2026-11-20 08:00 cannot be read"),
    "empty": (lambda path: path.write_bytes(b""), "Nothing was graded into results/journal.db."),
    "another database": (put_another_database, "Nothing was graded into results/journal.db."),
    "a learner's journal": (put_a_learners_journal, "Nothing was graded into results/journal.db."),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_journal_is_a_sentence(workbook: Workbook, journal: Path, what: str) -> None:
    """A journal that cannot be reported is named with what is wrong, nothing is written, and the exit status is 1."""
    spoil, said = BAD[what]
    spoil(journal)
    before = files_below(journal.parent)

    ended = workbook("report", "results/journal.db")

    assert (ended.status, ended.out) == (1, "")
    assert said in told(ended)
    assert "Next: " in told(ended)
    assert files_below(journal.parent) == before


def test_a_place_that_cannot_be_written_is_a_sentence(workbook: Workbook, journal: Path) -> None:
    """Where a file stands in the way of the report's folder it is named, and the exit status is 1."""
    (workbook.root / "out").write_text("a file", encoding="utf-8")

    ended = workbook("report", "results/journal.db", "--to", "out")

    assert ended.status == 1
    assert "cannot be written: " in told(ended)
    assert "--to DIR" in told(ended)
