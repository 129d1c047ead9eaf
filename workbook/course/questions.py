"""Questions with one right answer: a project's tour, and those that put several stages together."""

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from .step_files import is_there
from .tomlfile import Strict, Text, read_toml

TOUR = "tour.toml"  # in a project's folder
ACROSS = "stages/review.toml"


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
    file = project / TOUR
    if not is_there(file):
        return []
    called = f"{project.name}/{TOUR}"
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


class AcrossQuestion(Strict):
    """A question about the stages in `about`, its choices, and which of them is the answer."""

    title: Text
    about: Annotated[list[Text], Field(min_length=2)]
    question: Text
    choices: Annotated[list[Text], Field(min_length=2)]
    answer: Text
    why: Text

    @model_validator(mode="after")
    def _has_its_answer(self) -> Self:
        if self.answer not in self.choices:
            raise ValueError("the answer isn't one of the choices")
        return self


class _Across(Strict):
    question: Annotated[list[AcrossQuestion], Field(min_length=1)]


def read_across(root: Path) -> list[AcrossQuestion]:
    """Return the questions across the stages of the course in `root`; none without such a file.

    Raises `UserError`.
    """
    file = root / ACROSS
    if not is_there(file):
        return []
    cure = f"put the line right, or restore the file: git checkout {ACROSS}"
    return read_toml(file, _Across, table="question", called=ACROSS, cure=cure).question
