"""Solutions that others wrote from the READMEs alone: what they began with, and their patch on top of it."""

import io
import subprocess
import tarfile
import tomllib
from pathlib import Path

from workbook.course.exercise import Exercise, apply_patch


class NoCommit(LookupError):
    """This clone doesn't have the commit that a stranger began with."""


def write_project(root: Path, exercise: Exercise, patch: Path, folder: Path) -> None:
    """Write a stranger's project: what they began with, and their patch. Raises `NoCommit`."""
    write_beginning(root, exercise, patch, folder)
    apply_patch(patch, folder)


def write_beginning(root: Path, exercise: Exercise, patch: Path, folder: Path) -> None:
    """Write what `workbook start` made at the commit that a stranger had. Raises `NoCommit`."""
    told = tomllib.loads((exercise.strangers / "strangers.toml").read_text(encoding="utf-8"))
    base = told[patch.parent.name][patch.stem].get("base", told["base"])
    for place in ("final", f"exercises/{exercise.name}/starter"):
        archived = subprocess.run(["git", "archive", base, place], cwd=root, capture_output=True, check=False)
        if archived.returncode:
            raise NoCommit(base)
        with tarfile.open(fileobj=io.BytesIO(archived.stdout)) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                if content and not member.name.startswith("final/tests"):
                    target = folder / member.name.removeprefix(place).lstrip("/")
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(content.read())
