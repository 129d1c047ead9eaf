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
STAGES = sorted(page.stem for page in (ROOT / "docs" / "stages").glob("*.md"))
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


@pytest.mark.parametrize("name", STAGES)
def test_every_message_of_a_stage_is_there(name: str) -> None:
    """Every message under “If you are stuck” in a stage's README is a heading of the page."""
    readme = (ROOT / "stages" / name / "README.md").read_text(encoding="utf-8")
    stuck = re.search(r"^## If you are stuck\n(.*?)(?=^## )", readme, re.MULTILINE | re.DOTALL)
    assert stuck
    headings = "\n".join(re.findall(r"^### (.+)$", PAGE, re.MULTILINE))
    for bold in re.findall(r"^\*\*(.+?)\*\*", stuck[1], re.MULTILINE):
        for message in re.findall(r"`([^`]+)`", bold) or [bold]:
            assert message in headings, message


def test_no_heading_stands_twice() -> None:
    """No message is on the page twice, so a link to it leads to one place."""
    headings = re.findall(r"^### (.+)$", PAGE, re.MULTILINE)
    assert len(headings) == len(set(headings))
