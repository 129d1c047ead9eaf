"""`workbook class report`: what a grading's journal says, for people and for other programs."""

import contextlib
import os
import sqlite3
from pathlib import Path

from workbook.course.model import Course
from workbook.course.points import Grading, read_grading
from workbook.course.promises import read_promises
from workbook.errors import UserError
from workbook.grader.results import CLASS, FAILED, GRADED, OVERRIDE
from workbook.journal import Journal
from workbook.report import FORMATS, ClassMarks, Target
from workbook.report.counting import BadEntry, Collected, Sentence, collect, count
from workbook.wording import number_of

from .context import Context
from .screens import shown_path

GRADE = "workbook class grade PATH… writes one"
LOST = "It holds every mark: make a copy of it before you do anything with it."


def write_reports(journal: Path, formats: list[str], to: Path | None, assignments: list[str]) -> None:
    """Write the marks of a journal in each format, and say where."""
    here = Context()
    numbers = _assignments(here.course, assignments)
    found = _collected(journal)
    marks = _count(here.course, found)
    target = Target(to or journal.parent / "report", numbers)
    terminal = here.terminal
    terminal.line(marks.title, "bold")
    many = sum(row.counts for row in marks.rows)
    terminal.line(f"{number_of(len(marks.rows), 'learner')}, {many} with a mark, of {shown_path(journal)}", "dim")
    page: Path | None = None
    try:
        for name in [name for name in FORMATS if not formats or name in formats]:
            for written in FORMATS[name](marks, target):
                if written.path:
                    terminal.line(f"{shown_path(written.path)}: {written.about}", hang=2)
                else:
                    terminal.line(f"{written.about[0].upper()}{written.about[1:]}.", "dim", hang=2)
                page = written.path if name == "html" else page
    except OSError as error:
        where = shown_path(Path(os.fsdecode(error.filename))) if error.filename else shown_path(target.folder)
        raise UserError(
            f"{where} cannot be written: {error.strerror}.", "name another folder: --to DIR", code=1
        ) from error
    if marks.unsafe:
        terminal.line("Graded without isolation (--unsafe); every page says so.", "yellow")
    if page:
        terminal.line()
        terminal.line(page.resolve().as_uri(), "bold")


def _collected(path: Path) -> Collected:
    """Return what's in the journal. Raises `UserError`."""
    if not path.is_file():
        what = "is a folder, not a journal" if path.is_dir() else "is not there"
        then = f"workbook class report {shown_path(path / 'journal.db')}" if (path / "journal.db").is_file() else GRADE
        raise UserError(f"{shown_path(path)} {what}.", then, code=1)
    nothing = UserError(f"Nothing was graded into {shown_path(path)}.", GRADE, code=1)
    if _belongs_to_another(path):
        raise nothing
    try:
        found = collect(Journal(path, lost=LOST).stream(GRADED, OVERRIDE, CLASS, FAILED))
    except BadEntry as error:
        raise UserError(f"{shown_path(path)} is damaged: {error}.", GRADE, code=1) from error
    except UserError as error:
        raise UserError(error.message, error.then, code=1) from error
    if not found.exercises:
        raise nothing
    return found


def _belongs_to_another(path: Path) -> bool:
    """Return whether it's a database without a journal, because opening it as a journal would make it one."""
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
            return bool(db.execute("PRAGMA user_version").fetchone()[0] == 0)
    except sqlite3.DatabaseError:  # damaged, locked: the journal tells that
        return False


def _count(course: Course, found: Collected) -> ClassMarks:
    """Return the marks by the course's exercises as they are now; a renamed one's results get its new title."""
    titles, gradings = {}, dict[str, Grading]()
    sentences: dict[tuple[str, str], Sentence] = {}
    for step in course.steps:
        folder = course.folder(step)
        if step.kind != "exercise" or not folder.is_dir():
            continue
        for name in (step.name, *step.formerly):
            if name in found.exercises:
                titles[name], gradings[name] = step.title, read_grading(folder)
                for hidden in (False, True):
                    for promise in read_promises(folder / "hidden" if hidden else folder):
                        sentences[name, promise.name] = promise.text, hidden
    return count(found, gradings, titles, sentences)


def _assignments(course: Course, told: list[str]) -> dict[str, str]:
    """Return the exercises' numbers in Canvas, from words like `avatar=1234`. Raises `UserError`."""
    numbers = {}
    for word in told:
        name, _, number = word.partition("=")
        step = course.step(name)
        if step.kind != "exercise" or not (number.isascii() and number.isdecimal()):
            raise UserError(f"“{word}” is no exercise and its number in Canvas.", "--assignment avatar=1234")
        numbers[step.name] = number
    return numbers
