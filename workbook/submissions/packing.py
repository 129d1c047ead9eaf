"""The zip that a learner hands in: of the project what belongs in it, and nothing of what running left behind."""

import contextlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from workbook.errors import UserError

from .projects import LEFT_BY_RUNNING
from .reading import MOST_BYTES, MOST_FILES, BadSubmission, open_submission

SETTINGS = ".env.example"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same files give the same zip
MOST_OF_ONE = 1024 * 1024
SECRETS = (".env", ".pem", ".key")
FOLDERS_OF_RUNNING = {"venv", "node_modules", "site-packages"}


@dataclass(frozen=True)
class PackedSubmission:
    """The zip, what is in it, and what of app/ was left out, by name."""

    file: Path
    files: list[str]
    left_out: list[str]


def hand_in(project: Path, folder: Path, name: str) -> PackedSubmission:
    """Make a zip of the project in `folder`. Raises `UserError`."""
    took = {path.relative_to(project).as_posix(): path for path in _candidates(project)}
    files = sorted(file for file, path in took.items() if _belongs(path, project))
    if "app/main.py" not in files:
        raise UserError(f"{project} holds no app/main.py to hand in.", f"workbook start {name}", code=1)
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
            f"{target} cannot be made: {error.filename or target}: {error.strerror}.",
            "give yourself access, and space on the disk",
            code=1,
        ) from error
    except BadSubmission as error:
        raise UserError(str(error), f"correct it, then uv run workbook submit {name}", code=1) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    return PackedSubmission(target, files, sorted(set(took) - set(files)))


def _candidates(project: Path) -> Iterator[Path]:
    """Yield every file of app/, and the files beside it that belong to a project."""
    beside = [path for path in project.glob("*.py") if path.name != "conftest.py"]
    named = (project / name for name in ("requirements.txt", "README.md", SETTINGS))
    yield from (path for path in (*beside, *named) if path.is_file())
    for path in (project / "app").rglob("*"):
        if path.is_symlink() or (path.is_file() and "__pycache__" not in path.parts):
            yield path


def _belongs(path: Path, project: Path) -> bool:
    inside = path.relative_to(project)
    return not (
        any((part.startswith(".") and part != SETTINGS) or part in FOLDERS_OF_RUNNING for part in inside.parts)
        or ("uploads" in inside.parts and path.suffix != ".py")  # a package may be called so too
        or path.name.lower().endswith(LEFT_BY_RUNNING + SECRETS)
        or not inside.as_posix().isprintable()
        or path.is_symlink()
        or not path.resolve().is_relative_to(project.resolve())
        or path.stat().st_size > MOST_OF_ONE
    )


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o100644 << 16
    return entry
