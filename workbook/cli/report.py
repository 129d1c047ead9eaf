"""`workbook class report`: what a grading's journal says, for people and for other programs."""

import os
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbook.authoring.release import write_edition
from workbook.course.model import Course
from workbook.course.points import read_grading
from workbook.errors import UserError
from workbook.grader.exports import Export, read_export
from workbook.report import FORMATS, ClassMarks, Target
from workbook.report.anonymous import anonymous
from workbook.report.canvas_api import send_to_canvas
from workbook.report.marks import Graded, Row
from workbook.report.pages import LEARNERS, learner_page
from workbook.report.writing import file_name
from workbook.wording import number_of

from .class_journal import read_class, row_of
from .context import Context
from .screens import shown_path

ANONYMOUS = ("csv", "html")  # what makes sense without names
ASKED_FOR = ("classroom50",)  # what's written only if it's named
AUTOGRADERS = ("gradescope", "classroom50")


@dataclass(frozen=True)
class ReportRequest:
    """What `workbook class report` was given."""

    journal: Path
    formats: Sequence[str] = ()
    to: Path | None = None
    assignments: Sequence[str] = ()
    into: Sequence[Path] = ()
    title: str = ""
    learners: Sequence[str] = ()
    anonymous: bool = False
    canvas: str = ""
    note: str = ""


def write_reports(request: ReportRequest) -> None:
    """Write the marks of a journal in each format, and say where."""
    here = Context()
    numbers = _assignments(here.course, request.assignments)
    before_grading = request.formats and set(request.formats) <= set(AUTOGRADERS) and not request.journal.exists()
    marks = _ungraded(here.course) if before_grading else read_class(here.course, request.journal, request.title)
    marks = replace(marks, note=request.note or marks.note)
    folder = request.to or request.journal.parent / ("report-anonymous" if request.anonymous else "report")
    target = Target(folder, numbers, _exports(marks, request.into), _edition(here, request))
    rows = _rows(marks, request)
    wanted = _wanted(request)
    terminal = here.terminal
    terminal.line(marks.title, "bold")
    many = sum(row.counts for row in marks.enrolled)
    strangers = len(marks.rows) - len(marks.enrolled)
    beside = f", and {number_of(strangers, 'file')} of someone who isn't on the roster" if strangers else ""
    said = f"{number_of(len(marks.enrolled), 'learner')}, {many} with a mark{beside}, of {shown_path(request.journal)}"
    terminal.line(said, "dim", hang=2)
    try:
        if request.canvas:
            for sent in send_to_canvas(marks, request.canvas, os.environ.get("CANVAS_TOKEN", ""), numbers):
                terminal.line(sent.about, hang=2)
        elif rows:
            _write_pages(here, marks, target, rows)
        else:
            marks = anonymous(marks, _secret(request.journal)) if request.anonymous else marks
            _write(here, marks, target, wanted)
    except OSError as error:
        where = shown_path(Path(os.fsdecode(error.filename))) if error.filename else shown_path(target.folder)
        raise UserError(
            f"{where} can't be written: {error.strerror}.", "name another folder: --to DIR", code=1
        ) from error
    if marks.unsafe:
        terminal.line("Graded without isolation (--unsafe); every page says so.", "yellow")


def _wanted(request: ReportRequest) -> list[str]:
    """Return the formats to write. Raises `UserError`."""
    allowed = [name for name in FORMATS if not request.anonymous or name in ANONYMOUS]
    if unknown := [name for name in request.formats if name not in allowed]:
        raise UserError(f"Without names there's no {unknown[0]}, because it leads back to people.", "--format html")
    return [name for name in allowed if (name in request.formats if request.formats else name not in ASKED_FOR)]


def _rows(marks: ClassMarks, request: ReportRequest) -> list[Row]:
    """Return the rows of the learners that were named. Raises `UserError`."""
    again = f"workbook class report {shown_path(request.journal)} --learner ID"
    return [row_of(marks, learner, request.journal, again) for learner in request.learners]


def _write(here: Context, marks: ClassMarks, target: Target, wanted: Sequence[str]) -> None:
    page: Path | None = None
    for name in wanted:
        for written in FORMATS[name](marks, target):
            if written.path:
                here.terminal.line(f"{shown_path(written.path)}: {written.about}", hang=2)
            else:
                here.terminal.line(f"{written.about[0].upper()}{written.about[1:]}.", "dim", hang=2)
            page = written.path if name == "html" else page
    if page:
        here.terminal.line()
        here.terminal.line(page.resolve().as_uri(), "bold")


def _write_pages(here: Context, marks: ClassMarks, target: Target, rows: Sequence[Row]) -> None:
    """Write the pages of some learners and nothing else."""
    for row in rows:
        page = target.place(LEARNERS, f"{file_name(row.learner.id)}.html")
        page.write_text(learner_page(marks, row), encoding="utf-8")
        here.terminal.line(f"{shown_path(page)}: {row.name}", hang=2)


def _exports(marks: ClassMarks, files: Sequence[Path]) -> dict[str, Export]:
    """Return the gradebooks to fill in, by exercise. Raises `UserError`.

    One of Canvas is for all exercises. One of Moodle is for one, whose name or title is in the file's name.
    """
    exports: dict[str, Export] = {}
    for file in files:
        export = read_export(file, [row.learner for row in marks.rows])
        if export is None:
            said = f"{shown_path(file)} isn't an export of Canvas's gradebook, and it isn't a worksheet of Moodle's."
            raise UserError(said, "download it again, and don't open it in between")
        names = [one.name for one in marks.exercises]
        if export.kind == "moodle" and len(names) > 1:
            words = file.stem.casefold()
            named = set(_parts(words))
            names = [one.name for one in marks.exercises if {one.name, one.title.casefold()} & named]
            if len(names) != 1:
                said = f"A worksheet of Moodle's is for one exercise, and {file.name} doesn't say for which."
                raise UserError(said, f"name it like one: {marks.exercises[0].name}.csv")
        exports |= dict.fromkeys(names, export)
    return exports


def _parts(words: str) -> list[str]:
    """Return every run of a file name's words, joined as an exercise's name and as its title are."""
    split = "".join(letter if letter.isalnum() else " " for letter in words).split()
    runs = [split[a:b] for a in range(len(split)) for b in range(a + 1, len(split) + 1)]
    return [joiner.join(run) for run in runs for joiner in ("-", " ")]


def _ungraded(course: Course) -> ClassMarks:
    """Return a class of no one, for what's made before anything is handed in."""
    steps = [step for step in course.steps if step.kind == "exercise" and course.folder(step).is_dir()]
    exercises = [Graded(step.name, step.title, read_grading(course.folder(step)).full, []) for step in steps]
    return ClassMarks(course.title, "", False, [], exercises, [], course=course.title)


def _edition(here: Context, request: ReportRequest) -> dict[str, tuple[bytes, bool]] | None:
    """Return the learner edition's files for the autograders, or None if there's no commit to make it of."""
    if request.anonymous or request.learners or (request.formats and not set(request.formats) & set(AUTOGRADERS)):
        return None
    with tempfile.TemporaryDirectory(prefix="workbook-edition-") as temporary:
        folder = Path(temporary) / "edition"
        try:
            write_edition(here.course.root, folder)
        except UserError as error:
            if request.formats:  # in a report of everything they're a detail
                said = error.message.splitlines()[0].rstrip(".:")
                here.terminal.line(f"No public tests are in the autograders: {said}.", "dim", hang=2)
            return None
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {
            path.relative_to(folder).as_posix(): (path.read_bytes(), bool(path.stat().st_mode & 0o100))
            for path in files
        }


def _secret(journal: Path) -> str:
    """Return what the codes of an anonymous report are made with: kept beside the journal, made when it's missing."""
    file = journal.parent / "anonymous.key"
    if not file.is_file():
        file.write_text(secrets.token_hex(16), encoding="ascii")
        file.chmod(0o600)
    return file.read_text(encoding="ascii").strip()


def _assignments(course: Course, told: Sequence[str]) -> dict[str, str]:
    """Return the exercises' numbers in Canvas, from words like `avatar=1234`. Raises `UserError`."""
    numbers = {}
    for word in told:
        name, _, number = word.partition("=")
        step = course.step(name)
        if step.kind != "exercise" or not (number.isascii() and number.isdecimal()):
            raise UserError(f"Expected EXERCISE=CANVAS-ID, got “{word}”.", "--assignment avatar=1234")
        numbers[step.name] = number
    return numbers
