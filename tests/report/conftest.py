"""A class of sixty, counted and reported once for all the tests that look at it."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from workbook.course.points import Grading
from workbook.grader.results import Learner
from workbook.report import FORMATS, ClassMarks, Target
from workbook.report.pages import class_page

from ..runners import Workbook
from .synthetic import EXERCISES, a_class, class_entry, class_of, graded, grading_of, result, titles, write

ADA = Learner("ada", "Ada Lovelace", lms={"canvas": "4711"})
BY_LETTER = "test_counts_by_letter"
SENTENCES = {"test_counts_books": ("Books are counted.", False), BY_LETTER: ("By letter, too.", True)}
COUNT = Grading(points={"test_counts_books": 70, "test_counts_by_letter": 30})


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
    for write_format in FORMATS.values():
        list(write_format(marks, Target(folder)))
    unsafe = "".join(class_page(replace(marks, unsafe=True)))
    (folder / "unsafe.html").write_text(unsafe, encoding="utf-8")
    return Report(marks, folder)


@pytest.fixture
def journal(workbook: Workbook) -> Path:
    """The journal of a grading of one learner of the small course, who counts books but not by letter."""
    file = "lovelaceada_4711_90125_count.zip"
    one = result(ADA, "count", {BY_LETTER: "broken"}, grading=COUNT, sentences=SENTENCES, file=file)
    path = workbook.root / "results/journal.db"
    path.parent.mkdir()
    write(path, iter([class_entry([ADA], ["count"]), graded(one)]))
    return path
