"""What a project's code imports, and which Python reads it."""

import sys

import pytest

from workbook.submissions.imports import foreign_packages, imported_names, newer_syntax


def test_imports_are_found_wherever_they_are() -> None:
    """Imports in functions, of modules inside packages and by a name in quotes count; relative ones and texts don't."""
    source = b"""
import os, a.b as c
from d.e import f
from . import g
from .h import i

def later():
    import j
    importlib.import_module("k.l")
    __import__("m")
    importlib.import_module(".n", "app")
    print("import o")
"""
    assert imported_names(source) == {"os", "a", "d", "j", "k", "m"}


@pytest.mark.parametrize("source", [b"x = )", b"\xff\xfe", b"x = 1\0", b"(" * 5000])
def test_what_is_no_python_imports_nothing(source: bytes) -> None:
    """A file that can't be parsed ends nothing."""
    assert imported_names(source) == set()
    assert newer_syntax(source, (3, 11)) == ""


def test_packages_that_the_course_has_not_are_named() -> None:
    """An import that is neither Python's, the project's nor the course's is named with its files."""
    sources = {
        "app/main.py": b"import os, fastapi, redis, paging, seed, app.models",
        "paging/__init__.py": b"import redis",
        "seed.py": b"import yaml_that_is_not_there",
    }
    assert foreign_packages(sources, ["fastapi", "starlette"]) == {
        "redis": ["app/main.py", "paging/__init__.py"],
        "yaml_that_is_not_there": ["seed.py"],
    }
    assert foreign_packages(sources, []) == {}, "a course without pins says nothing"


@pytest.mark.parametrize(
    "source, told",
    [
        (b"type Name = str", "line 1: "),
        (b"def f[T](x: T) -> T: ...", "line 1: "),
        (b"x = 1\nf'{d['a']}'", "line 2: quotes, a backslash or a comment inside an f-string's braces"),
        (b"f\"{'\\n'.join(x)}\"", "line 1: quotes, a backslash or a comment inside an f-string's braces"),
        (b"f\"{d['a']} \\n {x!r:>{10}}\"", ""),
        (b'f"""{d[\'a\']}"""', ""),
        (b"match x:\n    case 1: pass", ""),
    ],
)
def test_syntax_of_newer_pythons_is_found(source: bytes, told: str) -> None:
    """What Python 3.11 doesn't read is named with its line if this Python reads it; what 3.11 reads never is."""
    if sys.version_info < (3, 12):  # then it's a syntax error here too, and the check before says so
        told = ""
    found = newer_syntax(source, (3, 11))

    assert found.startswith(told)
    assert bool(found) == bool(told)
