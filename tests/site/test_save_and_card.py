"""The README's picture shows the card that a terminal shows."""

import html
import re

import pytest

from workbook.site.save_and_card import AFTER, BEFORE, PICTURE, card_of, draw

from .pages import DOCS, ROOT

PAGE = (DOCS / "how-to-use.md").read_text(encoding="utf-8")


def test_the_picture_is_drawn_from_the_pages_card() -> None:
    """The picture in the repository is the same as one drawn now from today's page."""
    assert (ROOT / PICTURE).read_text(encoding="utf-8") == draw(PAGE)


def test_the_picture_has_every_line_of_the_card() -> None:
    """The picture and its description have every line of the card, and the edit."""
    text = html.unescape(re.sub(r"<[^>]+>", "", draw(PAGE).partition("</style>")[2]))

    assert [line for line in [*card_of(PAGE), BEFORE, AFTER] if line not in text] == []


def test_a_card_that_does_not_fit_is_refused() -> None:
    """A line that would run out of the picture is an error, not a picture that's cut off."""
    wide = PAGE.replace("  Expected  [", f"  Expected  {'x' * 90}[")

    with pytest.raises(ValueError, match="room for 83"):
        draw(wide)


def test_the_readme_shows_the_picture() -> None:
    """The README shows the picture above its first command."""
    above = (ROOT / "README.md").read_text(encoding="utf-8").partition("pip install uv")[0]

    assert f"]({PICTURE})" in above
