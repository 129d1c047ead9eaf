"""Fixtures for grading: the small course with its hidden test, and a class folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..runners import Workbook, helpers_forked
from .classes import complete


@pytest.fixture(scope="module", autouse=True)
def _helpers_forked() -> Iterator[None]:
    with helpers_forked():
        yield


@pytest.fixture
def school(workbook: Workbook) -> Workbook:
    """Return the command in a small course that can grade."""
    complete(workbook.root)
    return workbook


@pytest.fixture
def folder(school: Workbook) -> Path:
    """Return the empty class folder."""
    (school.root / "class").mkdir()
    return school.root / "class"
