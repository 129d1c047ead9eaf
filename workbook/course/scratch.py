"""Scratch copies: a stage's folder copied aside, changed, checked, and thrown away."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .changes import Edit, apply_edits

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
