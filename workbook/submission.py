"""What somebody hands in: a folder or a zip of a project, looked at before anything of it runs."""

import contextlib
import stat
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

MOST_FILES = 2_000
MOST_BYTES = 20 * 1024 * 1024
MOST_LETTERS = 200
DEPTH = 2  # a zip of a zip's folder has two folders above app/


class BadSubmission(Exception):
    """It cannot be tested; the message says what is wrong with it and what to do, to whoever hands it in."""


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Path]:
    """The folder that holds app/main.py in a folder or zip; a zip's is removed at the end. Raises `BadSubmission`."""
    if path.is_dir():
        yield project_in(path.resolve())
    elif path.is_file():
        with tempfile.TemporaryDirectory(prefix="workbook-submission-", ignore_cleanup_errors=True) as folder:
            place = Path(folder).resolve()
            unpack(path, place)
            yield project_in(place)
    else:
        raise BadSubmission(f"{path} is not there.")


def unpack(file: Path, folder: Path) -> None:
    """Unpack the zip into the folder, which is empty. Raises `BadSubmission`; what it has refused is not written."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _look_at(entries)
            left = MOST_BYTES
            for entry in entries:
                with archive.open(entry) as packed:
                    content = packed.read(left + 1)  # what the directory says of sizes may be a lie
                left -= len(content)
                if left < 0:
                    raise BadSubmission(f"The zip unpacks to more than {MOST_BYTES // 2**20} MiB.")
                target = folder / entry.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadSubmission(f"{file.name} is not a whole, plain zip: {error}.") from error
    except (OSError, ValueError) as error:
        raise BadSubmission(f"{file.name} cannot be unpacked: {error}.") from error


def _look_at(entries: list[zipfile.ZipInfo]) -> None:
    """Refuse what no learner's zip holds, before anything is written. Raises `BadSubmission`."""
    if len(entries) > MOST_FILES:
        raise BadSubmission(
            f"The zip holds {len(entries):,} files, more than {MOST_FILES:,}: leave the virtual environment out."
        )
    if (size := sum(entry.file_size for entry in entries)) > MOST_BYTES:
        raise BadSubmission(f"The zip unpacks to {size / 2**20:,.0f} MiB, more than {MOST_BYTES // 2**20}.")
    folders: set[str] = set()
    seen: dict[str, str] = {}
    for entry in entries:
        name = entry.filename
        path = PurePosixPath(name)
        # zipfile cuts a name off at NUL: what was in the file is in orig_filename
        if len(name) > MOST_LETTERS or not name.isprintable() or "\0" in entry.orig_filename:
            raise BadSubmission(f"The zip holds a name that no project needs: {name[:60]!r}.")
        if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
            raise BadSubmission(f"The zip holds {name!r}, which leads out of it.")
        if (kind := stat.S_IFMT(entry.external_attr >> 16)) not in (0, stat.S_IFREG):
            what = "a link" if kind == stat.S_IFLNK else "neither a file nor a folder"
            raise BadSubmission(f"{name!r} in the zip is {what}: put the file itself into it.")
        if entry.flag_bits & 1:
            raise BadSubmission(f"{name!r} in the zip is encrypted.")
        if (other := seen.get(name.casefold())) is not None:
            how = "are one name" if other == name else "differ in case alone"
            raise BadSubmission(f"{other!r} and {name!r} in the zip {how}.")
        seen[name.casefold()] = name
        folders |= {str(parent).casefold() for parent in path.parents}
    if doubled := folders & set(seen):
        raise BadSubmission(f"{doubled.pop()!r} in the zip is a file and a folder.")


def project_in(folder: Path) -> Path:
    """The one folder at most two levels below `folder` that holds app/main.py. Raises `BadSubmission`."""
    for depth in range(DEPTH + 1):
        found = sorted(main.parent.parent for main in folder.glob("*/" * depth + "app/main.py") if main.is_file())
        found = [place for place in found if not place.name.startswith((".", "__"))]  # __MACOSX, .venv
        if len(found) > 1:
            names = ", ".join(place.relative_to(folder).as_posix() for place in found[:3])
            raise BadSubmission(f"There are several projects in it: {names}. Hand in one.")
        if found:
            _refuse_shadows(found[0])
            return found[0]
    if list(folder.glob("main.py")) or list(folder.glob("*/main.py")):
        raise BadSubmission(
            "There is a main.py but no app/main.py: hand in the folder that holds app/, not its inside."
        )
    raise BadSubmission("There is no app/main.py in it: hand in the folder of your project, the one that holds app/.")


def _refuse_shadows(project: Path) -> None:
    """A module beside app/ that is called like an installed package takes that package's place."""
    for path in project.iterdir():
        name = path.stem if path.suffix == ".py" else path.name if (path / "__init__.py").is_file() else ""
        if not name.isidentifier() or name in {"app", "tests", "conftest"}:
            continue
        spec = None if name in sys.modules else find_spec(name)
        origin = (sys.modules[name].__spec__ if name in sys.modules else spec) or spec
        if origin and origin.origin and not Path(str(origin.origin)).is_relative_to(project):
            raise BadSubmission(f"{path.name} hides the package {name} of the same name: rename it.")
