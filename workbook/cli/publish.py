"""`workbook class publish`: notes which marks learners have seen, so that later changes are pointed out to them."""

from pathlib import Path

from workbook.grader.results import PUBLISHED
from workbook.report.moving import as_shown
from workbook.wording import number_of

from .class_journal import existing_journal, read_class
from .context import Context
from .handed_in import exit_with_1


def publish_marks(out: Path) -> None:
    """Record every mark as it is today."""
    here = Context()
    journal = existing_journal(out)
    with exit_with_1():
        marks = read_class(here.course, journal.path)
    shown = as_shown(marks)
    journal.record(PUBLISHED, "", **shown)
    many = sum(map(len, shown["marks"].values()))
    here.terminal.line(f"{number_of(many, 'mark')} noted as published.", "bold")
    here.terminal.line("Give out the pages and files now. From now on a page says so if its mark changes.")
