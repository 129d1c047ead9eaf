"""`workbook class publish`: notes which marks learners have seen, so that later changes are pointed out to them."""

from pathlib import Path

from workbook.errors import UserError
from workbook.grader.class_grading import LOST
from workbook.grader.results import PUBLISHED
from workbook.journal import Journal
from workbook.report.moving import as_shown
from workbook.wording import number_of

from .class_journal import read_class
from .context import Context
from .handed_in import JOURNAL, exit_with_1
from .screens import shown_path


def publish_marks(out: Path) -> None:
    """Record every mark as it is today."""
    here = Context()
    path = out / JOURNAL
    if not path.is_file():
        raise UserError(f"{shown_path(path)} doesn't exist, so nothing is graded in it yet.", "name its folder: --out")
    with exit_with_1():
        marks = read_class(here.course, path)
    shown = as_shown(marks)
    Journal(path, lost=LOST).record(PUBLISHED, "", **shown)
    many = sum(map(len, shown["marks"].values()))
    here.terminal.line(f"{number_of(many, 'mark')} noted as published.", "bold")
    here.terminal.line("Give out the pages and files now. From now on a page says so if its mark changes.")
