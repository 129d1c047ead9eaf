"""`workbook class report`: what it writes and says, and what it does with a journal that isn't one."""

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from workbook.journal import VERSION, Journal

from ..golden import Screens, transcript, unwrapped
from ..runners import Workbook, files_below, replace_in

FORMATS = ("csv", "canvas", "moodle", "feedback", "gradescope", "junit", "html")


def test_report_writes_every_format(workbook: Workbook, journal: Path, screens: Screens) -> None:
    """Without options, `report` writes every format beside the journal, a line for each, the page's address last."""
    ended = workbook("report", "results/journal.db")

    assert (ended.status, ended.err) == (0, "")
    assert sorted(files_below(journal.parent / "report")) == [
        "canvas.csv",
        "feedback-canvas-count.zip",
        "gradescope/count-autograder.zip",
        "gradescope/count/ada/results.json",
        "index.html",
        "junit.xml",
        "learners/ada.html",
        "marks.csv",
        "promises.csv",
    ]
    screens("report", ended.out)
    assert ended.lines[-1] == (journal.parent / "report/index.html").as_uri()


def test_report_counts_by_todays_points(workbook: Workbook, journal: Path) -> None:
    """If an instructor changes points after the grading, they count at once, without grading again."""
    replace_in(workbook.root / "exercises/count/grading.toml", "test_counts_books = 70", "test_counts_books = 60")

    workbook("report", "results/journal.db", "--format", "csv", "--to", "out")

    assert (workbook.root / "out/marks.csv").read_text(encoding="utf-8-sig").splitlines() == [
        "Name,ID,Count (90),Total (90),Late,Notes",
        "Ada Lovelace,ada,60,60,,",
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_one_format_alone(workbook: Workbook, journal: Path, name: str) -> None:
    """--format writes only that format."""
    ended = workbook("report", "results/journal.db", "--format", name)

    assert ended.status == 0
    written = {
        path.relative_to(journal.parent / "report").parts[0] for path in (journal.parent / "report").rglob("*.*")
    }
    wanted = {"csv": {"marks.csv", "promises.csv"}, "canvas": {"canvas.csv"}, "moodle": set(), "junit": {"junit.xml"}}
    wanted |= {
        "feedback": {"feedback-canvas-count.zip"},
        "gradescope": {"gradescope"},
        "html": {"index.html", "learners"},
    }
    assert written == wanted[name]


def test_formats_add_up(workbook: Workbook, journal: Path) -> None:
    """--format can be repeated; an exercise's number in Canvas goes into its heading."""
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
    assert sorted(files_below(workbook.root / "out")) == ["canvas.csv", "marks.csv", "promises.csv"]
    assert "Count (77)" in (workbook.root / "out/canvas.csv").read_text(encoding="utf-8")


MISUSES = ("--format pdf", "--assignment count", "--assignment 01-hello=3", "--assignment what=3")


def test_misuse_exits_2(workbook: Workbook, journal: Path, screens: Screens) -> None:
    """The error names what was typed wrongly, and the command exits with 2."""
    lines = ("", *(f"results/journal.db {words}" for words in MISUSES))

    screens("report-misuse", workbook.refusals(*(f"report {line}".rstrip() for line in lines)))
    assert not (journal.parent / "report").exists()


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100] + b"damaged" * 2000)


def make_newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()


def add_a_bad_entry(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        entry = ("2026-11-20T08:00:00+00:00", "graded", "count", json.dumps({"learner": "ada"}))
        db.execute("INSERT INTO entry (at, kind, step, data) VALUES (?, ?, ?, ?)", entry)
    db.close()


def put_another_database(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE users (id INTEGER)")
    db.close()


def put_a_learners_journal(path: Path) -> None:
    path.unlink()
    Journal(path).record("started", "01-hello")


def put_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


BAD: dict[str, Callable[[Path], object]] = {
    "not there": Path.unlink,
    "a folder": put_a_folder,
    "damaged": damage,
    "newer": make_newer,
    "a bad entry": add_a_bad_entry,
    "empty": lambda path: path.write_bytes(b""),
    "another database": put_another_database,
    "a learner's journal": put_a_learners_journal,
}


def test_a_bad_journal_is_a_sentence(workbook: Workbook, journal: Path, screens: Screens) -> None:
    """For a bad journal, one sentence says what's wrong, nothing is written, and the exit status is 1."""
    whole = journal.read_bytes()
    runs = []
    for what, spoil in BAD.items():
        spoil(journal)
        before = files_below(journal.parent)
        runs.append((f"# {what}", workbook.refusals("report results/journal.db", status=1)))
        assert files_below(journal.parent) == before
        shutil.rmtree(journal.parent)
        journal.parent.mkdir()
        journal.write_bytes(whole)

    said = re.sub(r"(?<=is damaged: )(?!an entry).*(?=\. Every mark)", "{reason}", unwrapped(transcript(runs)))
    screens("report-bad-journal", said, formats=f"format {VERSION + 1}; this one reads {VERSION}")


def test_a_place_that_cannot_be_written_is_a_sentence(workbook: Workbook, journal: Path, screens: Screens) -> None:
    """If a file is in the way of the report's folder, it's named, and the exit status is 1."""
    (workbook.root / "out").write_text("a file", encoding="utf-8")

    ended = workbook("report", "results/journal.db", "--to", "out")

    assert ended.status == 1
    screens("report-cannot-be-written", ended.out + ended.err)
