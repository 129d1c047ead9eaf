"""The zip that a learner hands in: of the project what belongs in it, and nothing of what running left behind."""

import contextlib
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from workbook.errors import UserError

from .imports import APP, imported_folders
from .projects import LEFT_BY_RUNNING
from .reading import MOST_BYTES, MOST_FILES, BadSubmission, open_submission

SETTINGS = ".env.example"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same files give the same zip
MOST_OF_ONE = 1024 * 1024
SECRETS = (".env", ".pem", ".key")
FOLDERS_OF_RUNNING = {"venv", "node_modules", "site-packages", "__pycache__"}
BESIDE = ("requirements.txt", "README.md", SETTINGS)
# Left out without a word: it's no part of a project, or the graders have their own.
UNSAID = {
    "__pycache__",
    ".git",
    ".gitignore",
    ".venv",
    ".pytest_cache",
    ".ruff_cache",
    ".mypy_cache",
    ".vscode",
    ".idea",
}
OWN_TESTS = "tests aren't handed in, as the graders have their own"
NOT_IMPORTED = "nothing in app/ imports it"


@dataclass(frozen=True)
class PackedSubmission:
    """The zip, what is in it, and what of the project was left out: names and why."""

    file: Path
    files: list[str]
    left_out: dict[str, str]


def hand_in(project: Path, folder: Path, name: str) -> PackedSubmission:
    """Make a zip of the project in `folder`. Raises `UserError`."""
    took = {path.relative_to(project).as_posix(): path for path in _candidates(project)}
    reasons = {file: _reason(path, project) for file, path in took.items()}
    files = sorted(file for file, reason in reasons.items() if not reason)
    if "app/main.py" not in files:
        raise UserError(f"{project} doesn't have an app/main.py to hand in.", f"workbook start {name}", code=1)
    size = sum(took[file].stat().st_size for file in files)
    if len(files) > MOST_FILES or size > MOST_BYTES:
        raise UserError(
            f"{len(files):,} files of {size / 2**20:.1f} MiB are more than a project.", "tidy up app/", code=1
        )
    target = folder / f"{name}-{datetime.now().astimezone():%Y-%m-%d-%H%M%S}.zip"
    while target.exists():
        target = target.with_stem(target.stem + "+")
    part = target.with_suffix(".part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in files:
                archive.writestr(_entry(f"{project.name}/{file}"), took[file].read_bytes())
        with open_submission(part):  # what a grader refuses is better refused here
            pass
        part.replace(target)
    except OSError as error:
        raise UserError(
            f"{target} can't be made: {error.filename or target}: {error.strerror}.",
            "give yourself access, and space on the disk",
            code=1,
        ) from error
    except BadSubmission as error:
        raise UserError(str(error), f"correct it, then uv run workbook submit {name}", code=1) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    left_out = {file: reason for file, reason in reasons.items() if reason} | _beside(project, set(took))
    return PackedSubmission(target, files, dict(sorted(left_out.items())))


def _candidates(project: Path) -> Iterator[Path]:
    """Yield every file of app/, of the folders that it imports, and the files beside it that belong to a project."""
    beside = [path for path in project.glob("*.py") if path.name != "conftest.py"]
    named = (project / name for name in BESIDE)
    yield from (path for path in (*beside, *named) if path.is_file())
    for folder in (APP, *sorted(imported_folders(project))):
        for path in (project / folder).rglob("*"):
            if path.is_symlink() or (path.is_file() and "__pycache__" not in path.parts):
                yield path


def _reason(path: Path, project: Path) -> str:
    """Return why a file isn't handed in; "" if it is."""
    inside = path.relative_to(project)
    if path.is_symlink() or not path.resolve().is_relative_to(project.resolve()):
        return "it's a link"
    if path.name.lower().endswith(SECRETS):
        return "it may hold secrets"
    if any(part in FOLDERS_OF_RUNNING for part in inside.parts) or path.name.lower().endswith(LEFT_BY_RUNNING):
        return "running or installing left it there"
    if "uploads" in inside.parts and path.suffix != ".py":  # a package may be called so too
        return "running or installing left it there"
    if any(part.startswith(".") and part != SETTINGS for part in inside.parts):
        return "its name begins with a dot"
    if not inside.as_posix().isprintable():
        return "there are characters in its name that can't be shown"
    return "it's larger than 1 MiB" if path.stat().st_size > MOST_OF_ONE else ""


def _beside(project: Path, took: set[str]) -> dict[str, str]:
    """Return what is beside app/ and wasn't looked at, with the reason."""
    found = {}
    for entry in sorted(os.scandir(project), key=lambda entry: entry.name):
        name = entry.name
        if name in UNSAID or name in took or any(file.startswith(f"{name}/") for file in took):
            continue
        if name in {"tests", "conftest.py"}:
            found[name] = OWN_TESTS
        elif entry.is_dir(follow_symlinks=False) and any(Path(entry.path).rglob("*.py")):
            found[f"{name}/"] = NOT_IMPORTED
        elif name != APP:
            shown = f"{name}/" if entry.is_dir(follow_symlinks=False) else name
            found[shown] = _reason(Path(entry.path), project) or "it isn't part of the app"
    return found


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o100644 << 16
    return entry
