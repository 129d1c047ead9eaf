"""What somebody hands in: a folder or a zip of a project, looked at before anything of it runs."""

import contextlib
import stat
import sys
import sysconfig
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path, PurePosixPath

MOST_FILES = 2_000
MOST_BYTES = 20 * 1024 * 1024
MOST_OF_DIRECTORY = 1024 * 1024  # of a zip: what it says of its entries, at its end
MOST_LETTERS = 200
PLAIN = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # others may ask for gigabytes of memory before the first byte
TOO_MANY = f"The zip holds more than {MOST_FILES:,} entries: leave the virtual environment out."
DEPTH = 2  # a zip of a zip's folder has two folders above app/


class BadSubmission(Exception):
    """It cannot be tested; the message says what is wrong with it and what to do, to whoever hands it in."""


class Empty(BadSubmission):
    """There's nothing in it."""


@contextlib.contextmanager
def open_submission(path: Path) -> Iterator[Path]:
    """Yield the folder that holds app/main.py; what a zip unpacks to is removed at the end. Raises `BadSubmission`."""
    if path.is_dir():
        yield project_in(path.resolve())
    elif path.is_file():
        with tempfile.TemporaryDirectory(prefix="workbook-submission-", ignore_cleanup_errors=True) as folder:
            place = Path(folder).resolve()
            unpack(path, place)
            yield project_in(place)
    else:
        raise BadSubmission(f"{path} is {'neither a folder nor a file' if path.exists() else 'not there'}.")


def unpack(file: Path, folder: Path) -> None:
    """Unpack the zip into the folder, which is empty. Raises `BadSubmission`; what it has refused is not written."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise BadSubmission(f"{file.name} is larger than {MOST_BYTES // 2**20} MiB.")
        if _size_of_directory(file) > MOST_OF_DIRECTORY:  # zipfile reads it whole
            raise BadSubmission(TOO_MANY)
        with zipfile.ZipFile(file) as archive:
            _look_at(archive.infolist())
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
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
        why = f": {_said(error)}" if zipfile.is_zipfile(file) else ""  # else it would say the same again
        raise BadSubmission(f"{file.name} is not a whole, plain zip{why}.") from error
    except (OSError, ValueError) as error:
        raise BadSubmission(f"{file.name} cannot be unpacked: {_said(error)}.") from error


def _size_of_directory(file: Path) -> int:
    with file.open("rb") as open_submission:
        open_submission.seek(max(0, file.stat().st_size - 0x10000 - 22))  # a comment may follow its end
        _, end, fields = open_submission.read().rpartition(b"PK\x05\x06")
    return int.from_bytes(fields[8:12], "little") if end else 0


def _said(error: Exception) -> str:
    return ((isinstance(error, OSError) and error.strerror) or str(error) or "it ends too early").rstrip(".")


def _look_at(entries: list[zipfile.ZipInfo]) -> None:
    """Refuse what no learner's zip holds, before anything is written. Raises `BadSubmission`."""
    if len(entries) > MOST_FILES:
        raise BadSubmission(TOO_MANY)
    if (size := sum(entry.file_size for entry in entries)) > MOST_BYTES:
        raise BadSubmission(f"The zip unpacks to {size / 2**20:,.0f} MiB, more than {MOST_BYTES // 2**20}.")
    folders: set[str] = set()
    seen: dict[str, str] = {}
    for entry in entries:
        name = entry.filename
        path = PurePosixPath(name)
        # zipfile cuts a name off at NUL: what was in the file is in orig_filename
        if not 0 < len(name) <= MOST_LETTERS or not name.isprintable() or "\0" in entry.orig_filename:
            raise BadSubmission(f"The zip holds a name that no project needs: {name[:60]!r}.")
        if path.is_absolute() or ".." in path.parts:
            raise BadSubmission(f"The zip holds {name!r}, which leads out of it.")
        if "\\" in name or ":" in name:
            raise BadSubmission(f"The zip holds {name!r}: folders are divided by /, and names hold neither \\ nor :.")
        if (kind := stat.S_IFMT(entry.external_attr >> 16)) not in (0, stat.S_IFREG, stat.S_IFDIR):
            what = "a link" if kind == stat.S_IFLNK else "neither a file nor a folder"
            raise BadSubmission(f"{name!r} in the zip is {what}: put the file itself into it.")
        if entry.flag_bits & 1:
            raise BadSubmission(f"{name!r} in the zip is encrypted.")
        if entry.compress_type not in PLAIN:
            raise BadSubmission(f"{name!r} in the zip is packed in a rare way: make a plain zip.")
        folders |= {str(parent).casefold() for parent in path.parents}
        if entry.is_dir():
            folders.add(str(path).casefold())
            continue
        if (other := seen.get(str(path).casefold())) is not None:
            how = "differ in case alone" if str(PurePosixPath(other)) != str(path) else "are one file"
            raise BadSubmission(f"{other!r} and {name!r} in the zip {how}.")
        seen[str(path).casefold()] = name
    if doubled := folders & set(seen):
        raise BadSubmission(f"{min(doubled)!r} in the zip is a file and a folder.")


def project_in(folder: Path) -> Path:
    """Return the one folder, at most two levels below `folder`, that holds app/main.py. Raises `BadSubmission`."""
    for course in (folder, *sorted(folder.glob("*/"))):  # a learner's whole clone: theirs is the copy in work/
        if (course / "workbook.toml").is_file() and (course / "work/final/app/main.py").is_file():
            folder = course / "work"
            break
    for depth in range(DEPTH + 1):
        found = sorted(main.parent.parent for main in folder.glob("*/" * depth + "app/main.py") if main.is_file())
        found = [place for place in found if not _is_not_theirs(place.relative_to(folder))]
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


def _is_not_theirs(place: Path) -> bool:
    return any(part.startswith((".", "__")) for part in place.parts)  # __MACOSX, .venv


def _refuse_shadows(project: Path) -> None:
    """Raise `BadSubmission` if a module or package beside app/ hides an installed one of the same name."""
    # Not sys.path: the folder that the command is called in is not installed.
    installed = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    for path in sorted(project.iterdir()):
        name = path.stem if path.suffix == ".py" else path.name if (path / "__init__.py").is_file() else ""
        if not name.isidentifier() or name in {"app", "tests", "conftest"}:
            continue
        found = PathFinder.find_spec(name, installed)
        if name == "workbook" or name in sys.stdlib_module_names or (found and found.origin):
            raise BadSubmission(f"{path.name} hides the package {name} of the same name: rename it.")
