"""Troubleshooting: the messages on the page are really shown by the course and its command."""

import re
from pathlib import Path

import pytest

from workbook.course.model import Course
from workbook.site.blocks import Page
from workbook.site.shortcodes import expand

ROOT = Path(__file__).parents[2]
WRITTEN = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
PAGE = expand(Page("troubleshooting.md", Course(ROOT)), WRITTEN)  # with what the lessons say
SOURCES = "\n".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "workbook").rglob("*.py")))
OF_TYPER = "No such command '…'."


def part(title: str) -> list[str]:
    """Return the headings of one part of the page."""
    below = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert below, title
    return re.findall(r"^### (.+)$", below[1], re.MULTILINE)


@pytest.mark.parametrize("heading", part("The workbook command"))
def test_the_command_says_so(heading: str) -> None:
    """Each message of the command is in its code, with `…` for what the code fills in."""
    message = heading.strip("`")
    fixed = [piece for piece in message.split("…") if len(piece) > 3]
    assert fixed
    for piece in fixed if message != OF_TYPER else []:
        assert piece in SOURCES, piece


def test_no_heading_stands_twice() -> None:
    """No message is on the page twice, so a link to it leads to one place."""
    headings = re.findall(r"^### (.+)$", PAGE, re.MULTILINE)
    assert len(headings) == len(set(headings))
