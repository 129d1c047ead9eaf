"""The pages as they're written: which part of them is prose, and which isn't."""

import re
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from mkdocs.utils import meta

from workbook.course.model import Course, Step
from workbook.site.changed import pairs
from workbook.site.lessons import README, is_page, lesson_page
from workbook.site.notebooks import notebook_steps
from workbook.site.pages import changes_page, notebook_page, page_of, task_page

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
COURSE = Course(ROOT)
NO_CURL = "curl was not found, and the pages' commands use it"
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason=NO_CURL)

_FENCE = re.compile(r"^(?P<indent> *)(?P<mark>`{3,}).*?^(?P=indent)(?P=mark) *$", re.MULTILINE | re.DOTALL)
_FOLDED = re.compile(r"^<details.*?^</details>$", re.MULTILINE | re.DOTALL)
_FILLED_IN = re.compile(r"^<!-- (?!part )\w[^>]*-->\n(?:(?!<!--).)*?^<!-- end -->$", re.MULTILINE | re.DOTALL)
_BOX = re.compile(r'^ *(?:!!!|\?\?\?\+?|===\+?) +\w*(?: +"(?P<title>[^"]*)")?.*$', re.MULTILINE)
_NOT_PROSE = re.compile(
    r"^ *\|.*$"  # a table's row
    r"|\{\{.*?\}\}"  # a shortcode
    r"|\{[:.#][^}]*\}"  # attributes
    r"|<[^>]+>",  # HTML, and addresses
    re.MULTILINE,
)


def prose_of(text: str) -> str:
    """Return the text without code, tables, shortcodes and marks; code within a sentence becomes one word."""
    text = _FENCE.sub("", text)
    text = re.sub(r"<summary>(.*?)</summary>", r"\n\1\n", text)
    text = _BOX.sub(lambda box: f"\n{box['title'] or ''}\n", text)
    text = re.sub(r"`[^`\n]+`", "`code`", text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = _NOT_PROSE.sub("", text)
    text = re.sub(r"^ *(#+|[-*+]|\d+\.) +(\[[ x]\] +)?", "\n", text, flags=re.MULTILINE)
    return text.replace("**", "").replace("*", "")


@dataclass(frozen=True)
class Written:
    """A page as it's written: a file of docs/, or the README of the step whose page it is."""

    path: Path
    lesson: Step | None = None

    @property
    def name(self) -> str:
        return page_of(self.lesson) if self.lesson else self.path.relative_to(DOCS).as_posix()

    @cached_property
    def _parts(self) -> tuple[str, dict[str, Any]]:
        return meta.get_data(lesson_page(COURSE, self.lesson) if self.lesson else self.path.read_text(encoding="utf-8"))

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
    def written(self) -> str:
        """Its text as a person wrote it: a lesson without what's filled in."""
        return _FILLED_IN.sub("", self.path.read_text(encoding="utf-8")) if self.lesson else self.text

    @property
    def prose(self) -> str:
        return prose_of(self.written)

    @property
    def words(self) -> int:
        """The number of its words without what's folded."""
        return len(prose_of(_FOLDED.sub("", self.written)).split())

    @cached_property
    def sentences(self) -> list[str]:
        paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n", self.prose))
        found = [one for part in paragraphs for one in re.split(r"(?<=[.!?])[\"”’)]*\s+(?=[\"“‘(`A-Z0-9])", part)]
        return [sentence for sentence in found if len(sentence.split()) > 2]


LESSONS = [Written(COURSE.folder(step) / README, step) for step in COURSE.steps if is_page(COURSE, step)]
PAGES = sorted([*(Written(path) for path in DOCS.rglob("*.md")), *LESSONS], key=lambda page: page.name)
STAGES = [page for page in LESSONS if page.lesson and page.lesson.kind == "stage"]
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
