"""The pages as they're written: which part of them is prose, and which isn't."""

import re
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from mkdocs.utils import meta

from workbook.course.model import Course
from workbook.site.changed import pairs
from workbook.site.notebooks import notebook_steps
from workbook.site.pages import changes_page, notebook_page, task_page

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
COURSE = Course(ROOT)
NO_CURL = "curl was not found, and the pages' commands use it"
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason=NO_CURL)

_FENCE = re.compile(r"^(?P<indent> *)(?P<mark>`{3,}).*?^(?P=indent)(?P=mark) *$", re.MULTILINE | re.DOTALL)
_BOX = re.compile(r'^ *(?:!!!|\?\?\?\+?|===\+?) +\w*(?: +"(?P<title>[^"]*)")?.*$', re.MULTILINE)
_NOT_PROSE = re.compile(
    r"^ *\|.*$"  # a table's row
    r"|\{\{.*?\}\}"  # a shortcode
    r"|\{[:.#][^}]*\}"  # attributes
    r"|<[^>]+>",  # HTML, and addresses
    re.MULTILINE,
)


@dataclass(frozen=True)
class Written:
    """A page as it's written."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(DOCS).as_posix()

    @cached_property
    def _parts(self) -> tuple[str, dict[str, Any]]:
        return meta.get_data(self.path.read_text(encoding="utf-8"))

    @property
    def text(self) -> str:
        return self._parts[0]

    @property
    def meta(self) -> dict[str, Any]:
        return self._parts[1]

    @property
    def is_stub(self) -> bool:
        return bool(self.meta.get("stub"))

    @cached_property
    def prose(self) -> str:
        """Its text without code, tables, shortcodes and marks; code within a sentence becomes one word."""
        text = _FENCE.sub("", self.text)
        text = _BOX.sub(lambda box: f"\n{box['title'] or ''}\n", text)
        text = re.sub(r"`[^`\n]+`", "`code`", text)
        text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
        text = _NOT_PROSE.sub("", text)
        text = re.sub(r"^ *(#+|[-*+]|\d+\.) +(\[[ x]\] +)?", "\n", text, flags=re.MULTILINE)
        return text.replace("**", "").replace("*", "")

    @property
    def words(self) -> int:
        return len(self.prose.split())

    @cached_property
    def sentences(self) -> list[str]:
        paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n", self.prose))
        found = [one for part in paragraphs for one in re.split(r"(?<=[.!?])[\"”’)]*\s+(?=[\"“‘(`A-Z0-9])", part)]
        return [sentence for sentence in found if len(sentence.split()) > 2]


PAGES = [Written(path) for path in sorted(DOCS.rglob("*.md"))]
STAGES = [page for page in PAGES if page.name.startswith("stages/") and not page.is_stub]
MADE = [
    *(changes_page(after) for _, after in pairs(COURSE)),
    *(notebook_page(step) for step in notebook_steps(COURSE)),
    *(task_page(step, task) for step in COURSE.steps for task in COURSE.tasks(step)),
]


def path_of(page: str) -> str:
    """Return the path of a page's URL, from its place below docs/."""
    return re.sub(r"(^|/)index/$", r"\1", f"/{page.removesuffix('.md')}/")


# Every page that the site has, before it is built: what `paths` finds is compared with it.
PATHS = sorted({path_of(name) for name in [*(page.name for page in PAGES), *MADE]})


def paths(built: Path) -> list[str]:
    """Return every page of the built site, as the path of its URL."""
    found = [page.parent.relative_to(built).as_posix() for page in built.rglob("index.html")]
    return sorted(f"/{path}/".replace("/./", "/") for path in found)
