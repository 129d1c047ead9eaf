"""Lessons: what's filled into a README is what the course says, and the page that's made of it has all of it."""

import re
import shutil
from pathlib import Path

import pytest

from workbook.course.model import Course
from workbook.site.code_blocks import braced
from workbook.site.lessons import BadLesson, fill, lesson_page, stale_parts
from workbook.site.parts import filled_front, part_of

from .conftest import SMALL
from .pages import COURSE, LESSONS, ROOT, Written

HELLO = """# Hello

<!-- facts -->
<!-- end -->

![One call](onion.svg)

```python title="main.py:hello"
```

<details>
<summary>Why?</summary>

<!-- promises core -->
<!-- end -->

</details>

<!-- play -->

See [the next](../02-notes/README.md) and [its app](../02-notes/app/main.py).

```log title="In the first terminal"
INFO
```

<!-- onward -->
<!-- end -->
"""


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Return a course whose first stage has a README with places to fill in."""
    shutil.copytree(SMALL, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "course/stages/01-hello/README.md").write_text(HELLO, encoding="utf-8")
    return Course(tmp_path / "course")


def lesson(course: Course) -> Path:
    return course.folder(course.step("01-hello")) / "README.md"


@pytest.mark.parametrize("page", LESSONS, ids=lambda page: page.name)
def test_nothing_in_a_lesson_has_drifted(page: Written) -> None:
    """The code, the lists and the drawings in a lesson are what the course has now."""
    assert page.lesson
    fill_it_in = f"python -m workbook.site.transcripts {page.path.relative_to(ROOT)} --write"
    assert stale_parts(COURSE, page.lesson) == [], fill_it_in


def test_nothing_in_the_readme_has_drifted() -> None:
    """The README's table has every step with its outcome and its minutes, as workbook.toml has them."""
    assert all(step.outcome for step in COURSE.steps)
    fill_it_in = "python -m workbook.site.transcripts README.md --write"
    assert filled_front(COURSE) == (ROOT / "README.md").read_text(encoding="utf-8"), fill_it_in


@pytest.mark.parametrize("page", LESSONS, ids=lambda page: page.name)
def test_all_python_in_a_lesson_is_filled_in(page: Written) -> None:
    """A lesson's Python comes from the stage's files, which the tests run; what's marked as a mistake compiles."""
    text = page.path.read_text(encoding="utf-8")
    written = []
    fences = re.compile(r"^ *```+ *(?:python|\{ *\.python)([^\n]*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
    for words, code in fences.findall(text):
        if words.startswith(" fails "):
            compile(code, page.name, "exec")
        elif not re.fullmatch(r' title="[\w./-]+\.py:[\w.]+"', words):
            written.append(code)
    assert written == []


def test_a_lesson_is_filled_in(course: Course) -> None:
    """The code, the lists and the drawing come from the stage's files, and filling in again changes nothing."""
    step = course.step("01-hello")
    assert len(stale_parts(course, step)) == 5

    fill(course, step)

    text = lesson(course).read_text(encoding="utf-8")
    assert stale_parts(course, step) == []
    assert f"Stage 1 of 2 · about {step.minutes} minutes" in text
    assert re.search(r'title="main.py:hello"\n@app.get\(.*\n.*def hello\(', text)
    assert re.search(r"<!-- promises core -->\n1\. \w", text)
    assert "**Next: [Notes](../02-notes/README.md).**" in text
    assert (lesson(course).parent / "onion.svg").read_text(encoding="utf-8").startswith("<svg")

    fill(course, step)
    assert lesson(course).read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("main.py", "Nobody is here", "No one is here", '```python title="main.py:hello"'),
        ("onion.svg", "<desc", "<desc lang='en'", "onion.svg"),
        ("README.md", "Stage 1 of 2", "Stage 1 of 3", "<!-- facts -->"),
    ],
)
def test_what_has_drifted_is_named(course: Course, file: str, old: str, new: str, named: str) -> None:
    """An edit of the code, of the drawing or of what's filled in is named."""
    step = course.step("01-hello")
    fill(course, step)
    place = lesson(course).parent / file
    text = place.read_text(encoding="utf-8")
    assert old in text
    place.write_text(text.replace(old, new), encoding="utf-8")

    assert stale_parts(course, step) == [named]


def test_a_part_is_told_once(course: Course) -> None:
    """A part is filled in where another README names it, and an edit of the source is named there."""
    step, other = course.step("01-hello"), course.step("02-notes")
    lesson(course).write_text("# Hello\n\n<!-- same 02-notes words -->\n<!-- end -->\n", encoding="utf-8")
    source = course.folder(other) / "README.md"
    source.write_text("# Notes\n\n<!-- part words -->\n- Say it once.\n<!-- end -->\n", encoding="utf-8")

    fill(course, step)
    fill(course, other)

    assert lesson(course).read_text(encoding="utf-8").endswith("words -->\n- Say it once.\n<!-- end -->\n")
    assert lesson_page(course, step).endswith("# Hello\n\n- Say it once.\n")
    assert part_of(course.root, "stages/02-notes/README.md", "words") == "- Say it once."

    source.write_text(source.read_text(encoding="utf-8").replace("once", "twice"), encoding="utf-8")
    assert stale_parts(course, other) == []
    assert stale_parts(course, step) == ["<!-- same 02-notes words -->"]


def test_the_page_is_made_of_the_lesson(course: Course) -> None:
    """The page has the lesson's text: its folds, its drawing inline, its links, and what only a site can do."""
    step = course.step("01-hello")
    fill(course, step)

    page = lesson_page(course, step)

    assert page.startswith("---\nstep: 01-hello\n---\n\n# Hello\n")
    assert '<details class="question" markdown="1">\n<summary markdown="span">Why?</summary>' in page
    assert "```diagram\nonion\n```" in page
    assert '``` { .python title="stages/01-hello/main.py" }\n@app.get' in page
    assert '``` { .console .log title="In the first terminal" }' in page
    assert "[the next](02-notes.md) and its app (`stages/02-notes/app/main.py`)" in page
    assert "{{ play }}" in page
    assert "{{ onward }}" in page
    assert "<!--" not in page
    assert "Stage 1 of 2" not in page, "the page has its head instead"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('```python title="main.py:nothing"\n```', "main.py has no nothing"),
        ('```python title="absent.py:all"\n```', "absent.py"),
        ("<!-- promises all -->\n<!-- end -->", "'all'"),
        ("<!-- nothing -->\n<!-- end -->", "'nothing'"),
        ("<!-- wrong -->\n<!-- end -->", "wrong.md"),
        ("<!-- nothing -->", "experiments, play"),
        ("<!-- same 02-notes nothing -->\n<!-- end -->", "stages/02-notes/README.md has no part nothing"),
    ],
)
def test_a_name_of_nothing_is_an_error(course: Course, text: str, wrong: str) -> None:
    """If a lesson names something that isn't there, the error says where and what."""
    lesson(course).write_text(f"# Hello\n\n{text}\n", encoding="utf-8")
    step = course.step("01-hello")

    with pytest.raises(BadLesson, match=re.escape(wrong)) as told:
        fill(course, step) if text.count("\n") else lesson_page(course, step)
    assert str(told.value).startswith("stages/01-hello/README.md: ")


@pytest.mark.parametrize(
    ("bare", "with_braces"),
    [
        ("```console", "```console"),
        ("```console no-run", "``` { .console .no-run }"),
        ('```log fails title="Lost: a b"', '``` { .console .log .fails title="Lost: a b" }'),
        ("```mail", "``` { .console .mail }"),
        ('``` { .text title="x" }', '``` { .text title="x" }'),
        ("```", "```"),
    ],
)
def test_words_of_a_fence_become_classes(bare: str, with_braces: str) -> None:
    """A word behind a fence's kind becomes a class on the site, and a log or a mail is a console's."""
    assert braced(bare) == with_braces
