"""What people read is spelled correctly, and no page is left unwritten."""

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest

from .pages import PAGES, ROOT, Written

TYPOS = Path(sysconfig.get_path("scripts")) / ("typos.exe" if os.name == "nt" else "typos")
READ = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs", "stages", "final", "exercises", "workbook")


def misspelled(*paths: Path) -> str:
    ended = subprocess.run(
        [str(TYPOS), "--config", str(ROOT / "_typos.toml"), "--force-exclude", "--format", "brief", *map(str, paths)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.stderr == ""
    return ended.stdout


def test_nothing_is_misspelled() -> None:
    """The spell checker doesn't complain about the pages, the READMEs, the course or the tool."""
    assert misspelled(*(ROOT / name for name in READ if (ROOT / name).exists())) == ""


def test_a_mistake_is_found(tmp_path: Path) -> None:
    """The spell checker finds a word whose letters are in the wrong order."""
    page = tmp_path / "page.md"
    page.write_text("The browser recieves the response.\n", encoding="utf-8")
    assert "recieves" in misspelled(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_is_left_to_be_written(page: Written) -> None:
    """Every page of the site has been written."""
    assert not page.is_stub
    assert page.words > 0 or "{{ " in page.text
