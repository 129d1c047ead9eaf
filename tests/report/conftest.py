"""A class of sixty, counted and reported once for all the tests that look at it."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from workbook.report import FORMATS, ClassMarks, Target
from workbook.report.pages import class_page

from .synthetic import EXERCISES, a_class, class_of, grading_of, titles


@dataclass(frozen=True)
class Report:
    marks: ClassMarks
    folder: Path


def counted() -> ClassMarks:
    """Return the class's marks by the real exercises' points."""
    return class_of(a_class(), {name: grading_of(name) for name in EXERCISES}, titles())


@pytest.fixture(scope="session")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Return every format of the class of sixty; unsafe.html is its page if it had been graded with --unsafe."""
    folder = tmp_path_factory.mktemp("report")
    marks = counted()
    for write in FORMATS.values():
        list(write(marks, Target(folder)))
    unsafe = "".join(class_page(replace(marks, unsafe=True)))
    (folder / "unsafe.html").write_text(unsafe, encoding="utf-8")
    return Report(marks, folder)
