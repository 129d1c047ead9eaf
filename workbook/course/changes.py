"""Changes: small edits of an app directory with the outcome that they must have, and the copies that they're tried on.

An experiment turns exactly the named promises red; a solution turns a task's promises green. Both are lists of edits,
and each edit's text must occur exactly once, so that a change can never half apply or hit the wrong place.
"""

import contextlib
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .step_files import is_there, read_held_back


class BadChange(Exception):
    """A change that doesn't fit its files; the message names the file and the edit."""


@dataclass(frozen=True)
class Edit:
    """Replace `find`, which occurs exactly once in `file`, by `replace`."""

    file: str
    find: str
    replace: str


@dataclass(frozen=True)
class Experiment:
    """An edit that breaks the promises in `red`, or none.

    A hidden one shows no edit: the learner chooses among `choices`, and `answer` is the right one. A prediction doesn't
    offer the promises in `unclear`, because their sentences don't decide whether this edit breaks them.
    """

    title: str
    question: str
    red: frozenset[str]
    why: str
    edits: tuple[Edit, ...]
    hidden: bool = False
    choices: tuple[str, ...] = ()
    answer: str = ""
    unclear: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Task:
    """One task of a stage: its folder holds README.md, test_*.py, hints.md and solution.toml."""

    folder: Path
    title: str = field(compare=False)

    @property
    def number(self) -> int:
        return int(self.folder.name.partition("-")[0])

    @property
    def tests(self) -> list[Path]:
        return sorted(self.folder.glob("test_*.py"))

    def solution(self) -> tuple[Edit, ...]:
        """Return the reference solution's edits of the stage. Raises `BadChange`."""
        file = self.folder / "solution.toml"
        if not is_there(file):
            raise BadChange(f"{file.name} is missing")
        return _edits(_load(file).get("edit", []), file)


def read_experiments(stage: Path) -> list[Experiment]:
    """Return the experiments of a stage's folder, in order. Raises `BadChange`."""
    file = stage / "experiments.toml"
    if not is_there(file):
        return []
    experiments = []
    for number, entry in enumerate(_load(file).get("experiment", []), 1):
        where = f"{file.name}, experiment {number}"
        unknown = set(entry) - {"title", "question", "red", "why", "edit", "hidden", "choices", "answer", "unclear"}
        missing = {"title", "question", "red", "why", "edit"} - set(entry)
        if unknown or missing:
            raise BadChange(f"{where}: unknown {sorted(unknown)}, missing {sorted(missing)}")
        if not all(isinstance(entry[name], str) for name in ("title", "question", "why")):
            raise BadChange(f"{where}: title, question and why must be texts")
        for key in ("red", "unclear"):
            names = entry.get(key, [])
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise BadChange(f"{where}: {key} must be a list of names")
        hidden = entry.get("hidden", False)
        if hidden and entry.get("answer") not in entry.get("choices", []):
            raise BadChange(f"{where}: a hidden experiment needs choices, and an answer among them")
        experiments.append(
            Experiment(
                title=entry["title"],
                question=entry["question"].strip(),
                red=frozenset(entry["red"]),
                why=entry["why"].strip(),
                edits=_edits(entry["edit"], file),
                hidden=hidden,
                choices=tuple(entry.get("choices", [])),
                answer=entry.get("answer", ""),
                unclear=frozenset(entry.get("unclear", [])),
            )
        )
    return experiments


def read_tasks(stage: Path) -> list[Task]:
    """Return the tasks of a stage's folder, in order; a title is the first line of the task's README."""
    tasks = []
    for folder in sorted((stage / "tasks").glob("[0-9]*-*")):
        readme = folder / "README.md"
        if readme.exists():
            first, *_ = readme.read_text(encoding="utf-8").splitlines() or [folder.name]
            tasks.append(Task(folder, first.lstrip("# ").strip()))
    return tasks


def by_file(edits: tuple[Edit, ...], directory: Path) -> dict[str, list[Edit]]:
    """Return the edits of each file, in the order of the lines of `directory` that they touch."""
    found: dict[str, list[Edit]] = {}
    for edit in edits:
        found.setdefault(edit.file, []).append(edit)
    for file, group in found.items():
        with contextlib.suppress(OSError, UnicodeDecodeError):
            text = (directory / file).read_text(encoding="utf-8")
            group.sort(key=lambda edit: text.find(edit.find) % (len(text) + 1))  # what an edit makes comes last
    return found


def apply_edits(edits: tuple[Edit, ...], directory: Path) -> None:
    """Apply all edits to the files below `directory`, or none. Raises `BadChange`.

    Line endings do not matter: a file saved with CRLF is matched like one with LF, and keeps its CRLF.
    """
    new: dict[Path, tuple[str, str]] = {}
    for number, edit in enumerate(edits, 1):
        path = directory / edit.file
        if not path.resolve().is_relative_to(directory.resolve()):
            raise BadChange(f"edit {number} is for {edit.file}, which isn't in the folder")
        if path in new:
            text, newline = new[path]
        elif path.exists():
            raw = path.read_bytes().decode("utf-8")
            text, newline = raw.replace("\r\n", "\n"), "\r\n" if "\r\n" in raw else "\n"
        elif not edit.find:
            text, newline = "", "\n"
        else:
            raise BadChange(f"{edit.file} doesn't exist, so edit {number} can't be applied")
        count = text.count(edit.find) if edit.find else int(not text)
        if count != 1:
            raise BadChange(f"edit {number} expects its text once in {edit.file}, but it's there {count} times")
        new[path] = text.replace(edit.find, edit.replace, 1) if edit.find else edit.replace, newline
    for path, (text, newline) in new.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.replace("\n", newline).encode("utf-8"))


def _load(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_held_back(file))
    except UnicodeDecodeError as error:
        raise BadChange(f"{file.name} isn't UTF-8 (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise BadChange(f"{file.name}: {error}") from error


def _edits(entries: list[Any], file: Path) -> tuple[Edit, ...]:
    keys = {"file", "find", "replace"}
    for entry in entries:
        if not isinstance(entry, dict) or set(entry) != keys or not all(isinstance(v, str) for v in entry.values()):
            raise BadChange(f"{file.name}: an edit has exactly the keys file, find and replace, all texts")
    return tuple(Edit(**entry) for entry in entries)


# Never part of a copy: what running leaves behind, and what is hidden …
_LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*", "*.db*", "*.sqlite*", "uploads", "*.log")
# … but for the hidden files that belong to a project.
_KEPT = {".env.example", ".gitignore"}


def left_out(folder: str, names: list[str]) -> set[str]:
    """Return those of the names in a folder that no copy has."""
    return _LEFT_OUT(folder, names) - _KEPT


@contextlib.contextmanager
def scratch_copy(folder: Path, edits: tuple[Edit, ...] = ()) -> Iterator[Path]:
    """Yield a copy of `folder`, of the same name, with the edits applied; remove it at the end. Raises `BadChange`."""
    with tempfile.TemporaryDirectory(prefix="workbook-scratch-", ignore_cleanup_errors=True) as parent:
        copy = Path(parent).resolve() / folder.name
        shutil.copytree(folder, copy, ignore=left_out)
        apply_edits(edits, copy)
        yield copy
