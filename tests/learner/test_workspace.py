"""Copies in work/: what's in them, and where their links lead."""

import os
import re
from pathlib import Path

import pytest

from workbook.course.model import Course
from workbook.learner.workspace import put_back, put_into_work

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\((\.{0,2}[\w./-]+)(?:#[\w-]+)?\)")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """The real course, linked into another folder, so that its work/ is empty."""
    for name in ("workbook.toml", "stages", "final", "exercises", "docs", "README.md", "CONTRIBUTING.md"):
        (tmp_path / name).symlink_to(ROOT / name)
    return Course(tmp_path)


@pytest.mark.parametrize("name", [step.name for step in Course(ROOT).steps])
def test_links_of_a_copy_lead_somewhere(course: Course, name: str) -> None:
    """Every link in a copy's Markdown leads to a file that's there: below the copy, or in the course."""
    step = course.step(name)
    put_into_work(course, step)
    put_back(course, step)

    for file in course.copy(step).rglob("*.md"):
        for link in LINK.findall(file.read_text(encoding="utf-8")):
            place = Path(os.path.normpath(file.parent / link))
            assert place.exists(), f"{file.relative_to(course.root)}: {link}"
            assert place.is_relative_to(course.root)
