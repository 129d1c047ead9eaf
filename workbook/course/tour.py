"""The tour of a project: questions about where things are and why; the answer to each is one of its files."""

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from workbook.tomlfile import Strict, Text, read_toml

FILE = "tour.toml"


class Question(Strict):
    """A question, and the files that answer it: paths below the project's folder.

    The first of them has the text `look`, which is the place to be shown.
    """

    question: Text
    answer: Annotated[list[Text], Field(min_length=1)]
    why: Text
    look: Text


class _Tour(Strict):
    question: Annotated[list[Question], Field(min_length=1)]


def read_tour(project: Path) -> list[Question]:
    """Return the questions of the tour in a project's folder, in order; none without a tour. Raises `UserError`."""
    file = project / FILE
    if not file.exists():
        return []
    called = f"{project.name}/{FILE}"
    cure = f"put the line right, or restore the file: git checkout {called}"
    return read_toml(file, _Tour, table="question", called=called, cure=cure).question


def meant_files(text: str, files: Sequence[str], project: str) -> list[str]:
    """Return the files that typed text may mean: a path or the end of one, with or without its extension.

    The project's folder may come before it, a line number behind it; case doesn't matter. Several if it isn't clear.
    """
    typed = text.strip().strip("\"'`").replace("\\", "/").lower()
    path, _, line = typed.rpartition(":")
    path = "/" + (path if line.isdecimal() else typed)
    path = (path.rpartition(f"/{project.lower()}/")[2] or path).removeprefix("/./").strip("/")
    if not path:
        return []
    known = {file: file.lower() for file in files}
    bare = {file: name.removesuffix(Path(name).suffix) for file, name in known.items()}
    exactly = [file for file, name in known.items() if name == path]
    return exactly or _ending(known, path) or _ending(bare, path)


def _ending(names: dict[str, str], path: str) -> list[str]:
    return [file for file, name in names.items() if f"/{name}".endswith(f"/{path}")]


def purpose(file: Path) -> str:
    """Return what a module says it's for, the first line of its docstring; "" if it says nothing."""
    try:
        said = ast.get_docstring(ast.parse(file.read_bytes())) if file.suffix == ".py" else None
    except (OSError, SyntaxError, ValueError):
        return ""
    return said.splitlines()[0].strip() if said else ""


def line_of(file: Path, look: str) -> int | None:
    """Return the number of the line in which `look` begins; None if it doesn't occur."""
    try:
        before, found, _ = file.read_text(encoding="utf-8").partition(look)
    except (OSError, UnicodeDecodeError):
        return None
    return before.count("\n") + 1 if found else None
