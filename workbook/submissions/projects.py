"""Which of the files that were handed in are the project, and which of these the app needs."""

import sys
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import PathFinder

from .trees import (
    DEEPEST,
    MIB,
    MOST_BYTES,
    MOST_FILES,
    BadSubmission,
    Empty,
    FoundFile,
    Parts,
    Patience,
    Tree,
    is_left_out,
)

DEPTH = 2  # a zip of a zip's folder has two folders above app/
MAIN: Parts = ("app", "main.py")
COURSE, OF_A_COURSE = "workbook.toml", ("work", "final")  # a learner's whole clone: theirs is the copy in work/
NOT_A_PROJECT = {"stages", "exercises", "backups"}  # of a course, in which there are apps too
STAGE_DIGITS = 2  # a stage is called 05-routers
MOST_LETTERS = 200
MOST_OF_A_NAME = 255  # bytes, which is what file systems take
LEFT_BY_RUNNING = (".db", ".db-wal", ".db-shm", ".db-journal", ".sqlite", ".sqlite3", ".log", ".pyc", ".zip")
UPLOADS = "uploads"
NOT_IN_A_NAME = set(':\\"<>|?*')
LISTED = 3
NOTHING = "There's nothing in it: hand in the folder of your project, the one with app/ in it."
NO_APP = "There's no app/main.py in it: hand in the folder of your project, the one with app/ in it."
INSIDE_OF_APP = "There's a main.py but no app/main.py: hand in the folder that app/ is in, not what's inside app/."


@dataclass(frozen=True)
class ProjectFiles:
    """The files that the app may need, and the names of those that were handed in and left out."""

    files: dict[Parts, bytes]
    left_out: tuple[str, ...] = ()


def find_project(tree: Tree) -> Parts:
    """Return the folder, at most two levels deep, that holds app/main.py. Raises `BadSubmission`."""
    if not tree.entries:
        raise Empty(NOTHING)
    names = {entry.parts for entry in tree.entries}
    apps = {parts[:-2] for parts in names if parts[-2:] == MAIN and not any(map(_is_hidden, parts[:-2]))}
    courses = sorted((parts[:-1] for parts in names if parts[-1] == COURSE and len(parts) <= DEPTH + 1), key=_by_depth)
    for course in courses:
        if (*course, *OF_A_COURSE) in apps:
            return (*course, *OF_A_COURSE)
    for depth in range(DEPTH + 1):
        found = sorted(place for place in apps if len(place) == depth and not NOT_A_PROJECT & set(place))
        found = [place for place in found if not _is_stage(place)] or found[: len(found) == 1]
        if len(found) > 1:
            raise BadSubmission(f"There are several projects in it: {_listed(map('/'.join, found))}. Hand in one.")
        if found:
            return found[0]
    if any(parts[-1] == "main.py" and len(parts) <= DEPTH for parts in names):
        raise BadSubmission(INSIDE_OF_APP)
    raise BadSubmission(NO_APP)


def _by_depth(place: Parts) -> tuple[int, Parts]:
    return len(place), place


def _is_hidden(part: str) -> bool:
    return part.startswith((".", "__"))  # __MACOSX, .venv


def _is_stage(place: Parts) -> bool:
    return bool(place) and place[-1][:STAGE_DIGITS].isdecimal() and place[-1][STAGE_DIGITS : STAGE_DIGITS + 1] == "-"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)[:LISTED])


def read_project(tree: Tree) -> ProjectFiles:
    """Read the files of the one project in the tree. Raises `BadSubmission`, `OSError`, `Changing`."""
    place = find_project(tree)
    left_out = {name: None for name in tree.left_out if _is_worth_a_word(name)}
    needed, others = [], []
    for entry, why in _sorted_out(tree.below(place), left_out):
        if why:
            left_out[why] = None
        elif _may_be_needed(entry.parts):
            needed.append(entry)
        else:
            others.append(entry)
    _refuse_too_much(tree, needed)
    refuse_shadows(entry.parts for entry in needed)
    files: dict[Parts, bytes] = {}
    left, patience = MOST_BYTES, Patience()
    for entry in needed:
        patience.check()
        files[entry.parts] = content = entry.read(left + 1)
        left -= len(content)
        if left < 0:
            raise BadSubmission(
                f"{tree.called} {'holds' if tree.kind == 'folder' else 'unpacks to'} more than {MOST_BYTES // MIB} MiB."
            )
    for entry in others:
        patience.check()
        has_room = len(files) < MOST_FILES and entry.size <= left
        content = entry.read(left + 1) if has_room else b""
        if not has_room or len(content) > left:
            left_out[entry.name] = None
            continue
        files[entry.parts] = content
        left -= len(content)
    return ProjectFiles(files, tuple(left_out))


def _is_worth_a_word(name: str) -> bool:
    """Return whether to mention what was left out: not what every Mac, editor and run leaves behind."""
    last = name.rstrip("/").rpartition("/")[2]
    return not (_is_hidden(last) or last in {"Icon\r", "Thumbs.db", "desktop.ini"})


def _may_be_needed(parts: Parts) -> bool:
    """Return whether an app may need the file: all code, and what's in app/ unless running it has left that there."""
    if parts[-1].endswith(".py"):
        return True
    return parts[0] == MAIN[0] and UPLOADS not in parts and not parts[-1].lower().endswith(LEFT_BY_RUNNING)


def _sorted_out(tree: Tree, passed_over: dict[str, None]) -> Iterator[tuple[FoundFile, str]]:
    """Yield each file with its name if it's left out, otherwise with "". Raises `BadSubmission` for code."""
    environments = {entry.parts[:-1] for entry in tree.entries if entry.parts[-1] == "pyvenv.cfg"} - {()}
    folders: set[Parts] = set()
    seen: dict[Parts, FoundFile] = {}
    kept: list[FoundFile] = []
    for entry in tree.entries:
        place = next((n for n, part in enumerate(entry.parts[:-1]) if is_left_out(part)), None)
        above = (length for length in range(1, len(entry.parts)) if entry.parts[:length] in environments)
        place = next((length - 1 for length in above), place)
        if place is not None:
            folder = "/".join(entry.parts[: place + 1]) + "/"
            if _is_worth_a_word(folder):
                passed_over[folder] = None
            continue
        if entry.parts[-1].endswith(".pyc"):
            continue
        folded = tuple(part.casefold() for part in entry.parts)
        if why := _what_is_wrong(entry, tree, seen.get(folded)):
            if _is_code(entry) or (entry.odd and entry.parts[0] == MAIN[0]):
                raise BadSubmission(why)
            if _is_worth_a_word(entry.name):
                yield entry, entry.name[:MOST_LETTERS]
            continue
        seen[folded] = entry
        folders |= {folded[:length] for length in range(1, len(folded))}
        kept.append(entry)
    for entry in kept:
        folded = tuple(part.casefold() for part in entry.parts)
        if folded in folders:
            if _is_code(entry):
                raise BadSubmission(f"{entry.name!r} in the {tree.kind} is a file and a folder.")
            yield entry, entry.name
        else:
            yield entry, ""


def _is_code(entry: FoundFile) -> bool:
    """Return whether it's a module. One with such a letter in its name is none: no import can name it."""
    is_mistyped = entry.name.isprintable() and NOT_IN_A_NAME & set(entry.name)
    return entry.parts[-1].endswith(".py") and not is_mistyped


def _what_is_wrong(entry: FoundFile, tree: Tree, twin: FoundFile | None) -> str:
    """Return why a file can't be taken, as a sentence; "" if it can."""
    name = entry.name
    if entry.odd:
        return f"{name!r} in the {tree.kind} {entry.odd}."
    is_odd = not name.isprintable() or len(name) > MOST_LETTERS or NOT_IN_A_NAME & set(name)
    if is_odd or len(entry.parts) > DEEPEST or any(len(part.encode()) > MOST_OF_A_NAME for part in entry.parts):
        return f"{tree.called} has a name in it that no project needs: {name[:60]!r}."
    if twin and (entry.parts[0] != MAIN[0] or _is_code(entry) or twin.parts == entry.parts):
        if twin.parts == entry.parts:
            return f"{name!r} is in the {tree.kind} twice."
        return f"{twin.name!r} and {name!r} in the {tree.kind} differ in case alone."
    return ""


def _refuse_too_much(tree: Tree, needed: Sequence[FoundFile]) -> None:
    folders = {entry.parts[:length] for entry in needed for length in range(1, len(entry.parts))}
    if len(needed) + len(folders) > MOST_FILES:
        raise BadSubmission(tree.too_many)
    if (size := sum(entry.size for entry in needed)) > MOST_BYTES:
        if tree.kind != "folder":
            raise BadSubmission(f"{tree.called} unpacks to {size / MIB:,.0f} MiB, more than {MOST_BYTES // MIB}.")
        raise BadSubmission(f"{tree.called} holds more than {MOST_BYTES // MIB} MiB.")


def refuse_shadows(names: Iterable[Parts]) -> None:
    """Raise `BadSubmission` if a module or package beside app/ hides an installed one of the same name."""
    # Not sys.path: the folder that the command is called in is not installed.
    installed = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    found = {parts[0] for parts in names if len(parts) == 1 or (len(parts) == 2 and parts[1] == "__init__.py")}
    for file in sorted(found):
        name = file.removesuffix(".py")
        if not name.isidentifier() or name in {"app", "tests", "conftest"}:
            continue
        spec = PathFinder.find_spec(name, installed)
        if name == "workbook" or name in sys.stdlib_module_names or (spec and spec.origin):
            raise BadSubmission(f"{file} hides the package {name} of the same name: rename it.")
