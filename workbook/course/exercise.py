"""An exercise's folder: what the learner gets, and what proves that its tests judge correctly."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from .changes import BadChange, Edit, apply_edits, left_out
from .step_files import find_tests
from .tomlfile import Strict, read_toml


@dataclass(frozen=True)
class Exercise:
    """`folder` has README.md, hints.md, grading.toml, starter/ and test_*.py; for authors also hidden/."""

    folder: Path
    project: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def is_for_authors(self) -> bool:
        """Whether the part that learners mustn't see is there."""
        return (self.folder / "hidden").is_dir()

    @property
    def public_tests(self) -> list[Path]:
        return find_tests(self.folder)

    @property
    def hidden_tests(self) -> list[Path]:
        return find_tests(self.folder / "hidden")

    @property
    def solution(self) -> Path:
        return self.folder / "hidden" / "solution.patch"

    @property
    def alternatives(self) -> list[Path]:
        return sorted((self.folder / "hidden" / "alternatives").glob("*.patch"))

    @property
    def strangers(self) -> Path:
        """Return the folder of the solutions that others wrote from the README alone, right ones and wrong ones."""
        return self.folder / "hidden" / "strangers"

    def mutants(self) -> list["Mutant"]:
        """Return the exercise's mutants. Raises `UserError`."""
        file = self.folder / "hidden" / "mutants.toml"
        return read_toml(file, _Mutants, table="mutant", called=f"{self.name}/mutants.toml", cure="correct it").mutant

    def starter_files(self) -> list[str]:
        """Return the files of the starter, by their paths in the project."""
        starter = self.folder / "starter"
        files = (path.relative_to(starter) for path in starter.rglob("*") if path.is_file())
        return sorted(file.as_posix() for file in files if "__pycache__" not in file.parts)


class Mutant(Strict):
    """Edits on the solution that turn the promises in `caught_by` red, and perhaps others."""

    name: str
    caught_by: Annotated[frozenset[str], Field(min_length=1)]
    edit: Annotated[tuple[Edit, ...], Field(min_length=1)]


class _Mutants(Strict):
    mutant: list[Mutant]


@contextmanager
def project_copy(
    exercises: Sequence[Exercise], patches: Sequence[Path] = (), edits: tuple[Edit, ...] = ()
) -> Iterator[Path]:
    """Yield a copy of the project with the exercises' starters, then the patches, then the edits; remove it at the end.

    Raises `BadChange`.
    """
    project = exercises[0].project
    with tempfile.TemporaryDirectory(prefix="workbook-scratch-", ignore_cleanup_errors=True) as parent:
        copy = Path(parent).resolve() / project.name
        shutil.copytree(project, copy, ignore=left_out)
        for exercise in exercises:
            shutil.copytree(exercise.folder / "starter", copy, ignore=left_out, dirs_exist_ok=True)
        for patch in patches:
            apply_patch(patch, copy)
        apply_edits(edits, copy)
        yield copy


def apply_patch(patch: Path, directory: Path) -> None:
    """Apply a unified diff to the folder, whole or not at all. Raises `BadChange`."""
    applied = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", str(patch.resolve())],
        cwd=directory,
        # Not as a part of a repository that happens to lie around the folder.
        env=os.environ | {"GIT_CEILING_DIRECTORIES": str(directory.parent)},
        capture_output=True,
        text=True,
    )
    if applied.returncode:
        raise BadChange(f"{patch.name} doesn't apply: {applied.stderr.strip()}")
