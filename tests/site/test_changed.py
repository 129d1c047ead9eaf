"""What changed between two apps: file by file if they share files, otherwise by the names of their parts."""

import re
from pathlib import Path

import pytest

from workbook.course.model import Course, Step
from workbook.site.changed import changes, pairs
from workbook.site.compare_parts import compare_by_name
from workbook.site.module_index import imported, parts_of
from workbook.site.pages import changes_page

from .pages import COURSE

BLOG = '''"""A blog. It has posts."""
import smtplib
from fastapi import APIRouter, FastAPI

app = FastAPI()
router = APIRouter(prefix="/posts")
ADDRESSES: dict[str, str] = {"ada": "ada@example.com", "grace": "grace@example.com", "mary": "mary@example.com"}
LIMIT = 10


class Post(BaseModel):
    title: str
    likes: int | None = None

    def like(self) -> None: ...


def mail(to: str, *lines: str, urgent: bool = False) -> None:
    send(ADDRESSES[to])


@router.get("/{post_id}")
async def read_post(post_id: int) -> Post:
    """One post: a | b.

    And more of it.
    """
    mail("ada")


@app.middleware("http")
async def timed(request, call_next): ...
'''


def told(files: dict[str, str]) -> dict[str, tuple[str, str]]:
    return {part.name: (part.label, part.told) for part in parts_of(files)}


def test_a_part_is_told_in_a_line() -> None:
    """A part's line is its docstring, its route with the router's prefix, its fields, its value or its users."""
    assert told({"main.py": BLOG, "page/index.html": "<p>\n</p>"}) == {
        "app": ("app", "`FastAPI()`"),
        "router": ("router", "`APIRouter(prefix='/posts')`"),
        "ADDRESSES": ("ADDRESSES", "Used by `mail`."),
        "LIMIT": ("LIMIT", "`10`"),
        "Post": ("class Post(BaseModel)", "Holds `title`, `likes`, `like()`."),
        "mail": ("mail(to, *lines, urgent)", "Used by `read_post`."),
        "read_post": ("read_post(post_id)", "Answers `GET /posts/{post_id}`. One post: a \\| b."),
        "timed": ("timed(request, call_next)", "Under `@app.middleware('http')`."),
        "page/index.html": ("page/index.html", "2 lines"),
    }


def test_what_is_imported_is_told_by_package() -> None:
    """An app's imports are listed by package, or by module for Python's own."""
    text = "import os.path\nfrom fastapi.responses import Response\nfrom collections.abc import Iterator\n"
    text += "from . import crud\nfrom .models import Post\n"
    assert imported({"main.py": text, "page.html": "<p>"}) == {
        "os.path": set(),
        "fastapi": {"Response"},
        "collections.abc": {"Iterator"},
    }


def test_parts_are_compared_by_name() -> None:
    """A part that only moved is the same, one with other lines is a diff, and the rest is new or gone."""
    old = {"main.py": "import os\n\nKEPT = 1\n\n\ndef edited():\n    return 1\n\n\ndef left(): ...\n"}
    new = {
        "app/a.py": '"""First."""\nimport os\nimport re\n\nKEPT = 1\n\nrouter = 1\n',
        "app/b.py": '"""Second: with a colon."""\n\n\ndef edited():\n    return 2\n\n\nrouter = 2\n',
    }

    summary, *sections = compare_by_name(old, new)

    assert summary.endswith("2 new, 1 changed, 1 the same and 1 left behind.")
    heads = {section.partition("\n")[0]: section for section in sections}
    assert list(heads) == [
        "## New",
        "## Imported for the first time",
        "## In both",
        "## Left behind",
        "## The whole of it",
    ]
    assert heads["## New"].splitlines()[4:] == [
        "| **`app/a.py`**{ .file } | First. |",
        "| `router` | `1` |",
        "| **`app/b.py`**{ .file } | Second: with a colon. |",
        "| `router` | `2` |",
    ]
    assert heads["## Imported for the first time"].splitlines()[2:] == ["- `re`"]
    assert "The same in both: `KEPT` (now in `app/a.py`)." in heads["## In both"]
    assert 'title="edited, main.py → app/b.py" }\n def edited():\n-    return 1\n+    return 2\n' in heads["## In both"]
    assert heads["## Left behind"].endswith("\n\n`left`.")


def test_apps_that_share_no_name_are_compared_too() -> None:
    """If the two apps don't share a name, the page says so."""
    _, *sections = compare_by_name({"main.py": "a = 1\n"}, {"main.py": "b = 1\n"})
    assert "## In both\n\nNothing has the same name in both." in sections


@pytest.mark.parametrize("before, after", pairs(COURSE), ids=lambda step: step.name)
def test_every_row_says_something(before: Step, after: Step) -> None:
    """A page of changes names every function and class of the new app, and no table row is cut off."""
    page = changes(COURSE, before, after, changes_page(after)).partition("## The whole of it")[0]

    folder = COURSE.folder(after)
    for file in [folder / "main.py"] if (folder / "main.py").is_file() else (folder / "app").rglob("*.py"):
        names = re.findall(r"^(?:async def|def|class) (\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
        assert after.kind == "project" or [name for name in names if not re.search(rf"\b{name}\b", page)] == []
    rows = re.findall(r"^\| (.+) \|$", page, re.MULTILINE)
    assert len(rows) > 10
    assert [row for row in rows if re.search(r"[:,;|] *$", row)] == []


def test_a_project_is_compared_file_by_file(tmp_path: Path) -> None:
    """For files in both, the page shows their diff, and a file's row is the whole first paragraph."""
    for place, text in (
        ("stages/01-a/app", '"""Posts. Drafts\nstay here: always."""\n'),
        ("final/app", '"""Posts."""\n'),
    ):
        (tmp_path / place).mkdir(parents=True)
        same = "".join(f"VALUE_{n} = {n}\n" for n in range(9))
        (tmp_path / place / "main.py").write_text(text + same, encoding="utf-8")
    (tmp_path / "final" / "app" / "more.py").write_text('"""Files: more\nof them."""\n\nA = 1\n', encoding="utf-8")
    rows = '[[step]]\nname = "{}"\nkind = "{}"\ntitle = "{}"\nconcept = "C"\nminutes = 5\n'
    manifest = 'title = "T"\n' + rows.format("01-a", "stage", "A") + rows.format("final", "project", "All")
    (tmp_path / "workbook.toml").write_text(manifest, encoding="utf-8")
    course = Course(tmp_path)
    ((before, after),) = pairs(course)

    page = changes(course, before, after, "changes/final.md")

    assert "1 file changed and 1 file new." in page
    assert "| [`app/more.py`](#app-more-py){ .file }<br>new, 4 lines | Files: more of them. |" in page
    assert "| [`app/main.py`](#app-main-py){ .file }<br>changed, +1 -2 | Posts. |" in page
    assert '-stay here: always."""' in page
