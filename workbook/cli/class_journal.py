"""A class's journal, read by the commands that report, decide and publish."""

import contextlib
import sqlite3
from pathlib import Path

from workbook.course.model import Course
from workbook.course.points import Grading, read_grading
from workbook.course.promises import read_promises
from workbook.errors import UserError
from workbook.grader.class_grading import LOST
from workbook.journal import Journal
from workbook.report import ClassMarks
from workbook.report.collecting import KINDS, BadEntry, Collected, collect
from workbook.report.counting import Exercises, Sentence, count
from workbook.report.marks import Graded, Row
from workbook.report.mistakes import Kind, read_kinds
from workbook.wording import FOR_A_CLASS

from .context import Context
from .handed_in import JOURNAL
from .screens import shown_path

GRADE = "workbook class grade PATH… writes one"


def read_class(course: Course, path: Path, title: str = "") -> ClassMarks:
    """Return the marks in a journal, by today's points. Raises `UserError`."""
    found = collected(path)
    return count(found, exercises_of(course, found), title)


def existing_journal(out: Path) -> Journal:
    """Return the journal in a class's folder of results. Raises `UserError` if there's none."""
    path = out / JOURNAL
    if not path.is_file():
        raise UserError(f"{shown_path(path)} doesn't exist, so nothing is graded in it yet.", "name its folder: --out")
    return Journal(path, lost=LOST)


def collected(path: Path) -> Collected:
    """Return what's in the journal. Raises `UserError`."""
    if not path.is_file():
        what = "is a folder, not a journal" if path.is_dir() else "doesn't exist"
        then = f"workbook class report {shown_path(path / 'journal.db')}" if (path / "journal.db").is_file() else GRADE
        raise UserError(f"{shown_path(path)} {what}.", then, code=1)
    nothing = UserError(f"Nothing was graded into {shown_path(path)}.", GRADE, code=1)
    if _belongs_to_another(path):
        raise nothing
    try:
        found = collect(Journal(path, lost=LOST).stream(*KINDS))
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
    except sqlite3.DatabaseError:  # damaged, locked: the journal will say so
        return False


def exercises_of(course: Course, found: Collected) -> Exercises:
    """Return the course's exercises as they are now; a renamed one's results get its new title."""
    titles, gradings, kinds = {}, dict[str, Grading](), dict[str, list[Kind]]()
    sentences: dict[tuple[str, str], Sentence] = {}
    for step in course.steps:
        folder = course.folder(step)
        if step.kind != "exercise" or not folder.is_dir():
            continue
        for name in (step.name, *step.formerly):
            if name in found.exercises:
                titles[name], gradings[name], kinds[name] = step.title, read_grading(folder), read_kinds(folder)
                for hidden in (False, True):
                    for promise in read_promises(folder / "hidden" if hidden else folder):
                        sentences[name, promise.name] = promise.text, hidden
    return Exercises(gradings, titles, sentences, course.title, kinds)


def row_of(marks: ClassMarks, learner: str, path: Path, again: str) -> Row:
    """Return the learner's row. Raises `UserError` with the ids that resemble this one."""
    for row in marks.rows:
        if row.learner.id == learner:
            return row
    asked = learner.casefold()
    near = [one.learner.id for one in marks.rows if asked in one.learner.id.casefold() or asked in one.name.casefold()]
    question = f" Did you mean {' or '.join(near[:3])}?" if near else ""
    raise UserError(f"No learner in {shown_path(path)} has the id {learner}.{question}", again)


def exercise_with(marks: ClassMarks, promise: str, exercise: str, again: str) -> Graded:
    """Return the exercise that the promise gives points in. Raises `UserError`."""
    asked = [one for one in marks.exercises if exercise in ("", one.name)]
    if not asked:
        graded = ", ".join(one.name for one in marks.exercises)
        raise UserError(f"{exercise} isn't graded here; there's {graded}.", again)
    holding = [one for one in asked if promise in one.points]
    if not holding:
        names = ", ".join(name for one in asked for name in one.points)
        where = f" of {exercise}" if exercise else ""
        raise UserError(f"No promise{where} that gives points is called {promise}. There are {names}.", again)
    if len(holding) > 1:
        said = f"{promise} is a promise of {' and of '.join(one.name for one in holding)}."
        raise UserError(said, f"{again} --exercise {holding[0].name}")
    return holding[0]


def show_report_next(here: Context, journal: Path) -> None:
    """Say how to see what has been decided."""
    here.terminal.field("Next", [f"{FOR_A_CLASS} workbook class report {shown_path(journal)}"])
