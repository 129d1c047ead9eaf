"""Zeros that a person must see: an app that doesn't start says why, and a newer Python's source isn't a 0."""

import sys
from collections.abc import Callable

import pytest

from workbook.grader import newer_python
from workbook.grader.grade_one import NeedsPython, SubmissionGrader
from workbook.grader.newer_python import error_needs, syntax_needs
from workbook.grader.results import Result

from .classes import RIGHT
from .test_grade_one import course, grade, grader

pytestmark = pytest.mark.exhaustive(sample=10, of="file")

__all__ = ["SubmissionGrader", "course", "grade", "grader"]
HERE = sys.version_info[:2]


def needs(source: str) -> str | None:
    """Return the version that the source needs, or None."""
    found = syntax_needs(source.encode())
    return found.python if found else None


@pytest.mark.parametrize(
    "python, source",
    [
        ((3, 12), 'def label(row):\n    return f"{row["title"]} by {row["author"]}"\n'),
        ((3, 12), 'text = f"{"\\n".join(lines)} {{no}} {x!r:>{w["x"]}} {d["k"]=}"\n'),
        ((3, 12), 'text = f"{\n    lines  # what it\'s made of\n}"\n'),
        ((3, 12), 'text = rf"\\d{a["b"]}" "c" f\'{(lambda a: a)(d["x"])} {a != b["c"]}\'\n'),
        ((3, 12), 'text = f"\\N{BULLET} {a["b"]}"\n'),
        ((3, 12), "def first[T](rows: list[T]) -> T | None:\n    return rows[0] if rows else None\n"),
        ((3, 12), "class Page[T](BaseModel):\n    data: list[T]\n"),
        ((3, 12), "type Pair[T] = tuple[T, T]\ntype Name = str\n"),
        ((3, 13), "class Page[T = int]:\n    pass\n"),
        ((3, 14), "try:\n    pass\nexcept ValueError, TypeError:\n    pass\n"),
        ((3, 14), 'page = t"<p>{name}</p>"\n'),
    ],
)
def test_newer_syntax_is_recognised(python: tuple[int, int], source: str) -> None:
    """For a source that only a newer Python can read, that version is named."""
    assert needs(source) == (".".join(map(str, python)) if python > HERE else None)


@pytest.mark.parametrize(
    "source",
    [
        "def f(:\n",
        "app = FastAPI(\n",
        'text = f"{a["b}"\n',
        'text = f"{"',
        "x\0y",
        '"""def first[T](rows)"""\nprint "hello"\n',
        "# def first[T]()\ndef f(:\n",
        "x = " + "(" * 5000,
        "x = " + 'f"{' * 500,
        "#" * 300_000 + "\ndef f[T](: pass",
        "x = 1\n",
    ],
)
def test_what_is_wrong_everywhere_is_wrong(source: str) -> None:
    """A typo is reported as one, whatever it looks like, and even if the source is huge or deep."""
    assert needs(source) is None


@pytest.mark.parametrize(
    "text, python",
    [
        ("ImportError: cannot import name 'override' from 'typing' (…/typing.py)", "3.12"),
        ("AttributeError: module 'itertools' has no attribute 'batched'", "3.12"),
        ("ModuleNotFoundError: No module named 'compression.zstd'", "3.14"),
        ("ModuleNotFoundError: No module named 'compressions'", None),
        ("ImportError: cannot import name 'overide' from 'typing'", None),
    ],
)
def test_newer_names_are_recognised(text: str, python: str | None) -> None:
    """A name that only a newer library has isn't reported as misspelt."""
    found = error_needs(text, (3, 11))

    assert (found and found.python) == python
    assert error_needs(text, (3, 14)) is None


@pytest.mark.parametrize(
    "code, cause, why",
    [
        ("\nimport sqlmodel\n", "needs a package", "It needs the package sqlmodel."),
        ("\nfrom redis.asyncio import Redis\n", "needs a package", "It needs the package redis."),
        ("\napp = FastAPI(\n", "not started", "The app has a syntax error: SyntaxError: '(' was never closed"),
        ("\nsettings.nothing\n", "not started", "The app couldn't be imported: NameError: name 'settings'"),
        ("\nraise SystemExit(3)\n", "not started", "The app ended the program while it was imported: "),
        ("\ndel app\n", "not started", "app/main.py defines no `app`."),
    ],
)
def test_an_app_that_does_not_start_says_why(grade: Callable[..., Result], code: str, cause: str, why: str) -> None:
    """The result of an app that doesn't start has the kind of reason and a sentence; others have none."""
    result = grade(code)

    assert result.cause == cause
    assert why in result.why
    assert "\n" not in result.why
    assert grade(RIGHT).cause == ""


def test_a_newer_python_is_no_zero(grade: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    """If this grader's Python can't import an app, it isn't graded, and the sentence says which Python could."""
    monkeypatch.setitem(newer_python.NAMES, ("uuid", "uuid99"), (3, 99))

    with pytest.raises(NeedsPython, match=r"it needs Python 3\.99 \(uses uuid\.uuid99\), and this grader has Python 3"):
        grade("\nfrom uuid import uuid99\n")
