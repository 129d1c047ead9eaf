"""“How to use this workbook” shows screens exactly as a terminal does."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbook.course.changes import left_out
from workbook.plugin.browser import NOT_PROVEN, find_browser
from workbook.site.console import difference, matches

from ..runners import Screen, Workbook, replace_in
from .pages import DOCS, ROOT

PAGE = (DOCS / "how-to-use.md").read_text(encoding="utf-8")
SCREENS = [screen.splitlines() for screen in re.findall(r"^``` \{ \.text \.screen .*\n((?:.*\n)*?)```$", PAGE, re.M)]
COURSE = ("workbook.toml", "pyproject.toml", "stages", "final", "exercises")
KEYS = "h hint  t task  p promises  m more  b break  n next  r run  l list  q quit"
EXPOSED = 'expose_headers=["Location", "X-Process-Time"]'


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    """Return a first session in the whole course, in a terminal as wide as on the page, with a browser."""
    for name in COURSE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=left_out)
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    if find_browser() is None:
        pytest.skip(NOT_PROVEN)
    workbook = Workbook(tmp_path)
    try:
        yield workbook.screen(columns=82, lines=50, env={"WORKBOOK_BROWSER": os.environ.get("WORKBOOK_BROWSER", "")})
    finally:
        workbook.close()


def check(expected: list[str], shown: str) -> None:
    lines = shown.strip("\n").splitlines()
    assert matches(expected, lines), difference(expected, lines)


@pytest.mark.exhaustive(of="suite")
def test_the_screens_are_what_comes(screen: Screen, tmp_path: Path) -> None:
    """A first visit, an experiment after a prediction and the card after a save look as on the page."""
    assert len(SCREENS) == 3
    first, tried, card = SCREENS
    check(first, screen.wait_for("deeper promises kept", KEYS))

    screen.press("b")
    screen.wait_for("Numbers, with commas:")
    screen.press("2\r")
    check(tried, screen.wait_for("1, 2 or 3:"))
    screen.press("\x03")
    screen.wait_for("Left, unfinished.", KEYS)

    replace_in(tmp_path / "work/01-cors/main.py", EXPOSED, 'expose_headers=["Location"]')
    check(card, screen.wait_for("promises are broken in your copy.", KEYS))

    screen.press("q")
    assert screen.wait_for_end() == 0
