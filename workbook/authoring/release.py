"""The learner edition: what `git archive` writes, searched for everything that mustn't be in it."""

import gzip
import html
import io
import posixpath
import re
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from workbook.course.step_files import HELD_BACK, PACK, pack_held_back
from workbook.errors import UserError

# In every hidden file. Put together here, so that this file does not hold it.
CANARY = "-".join(("hidden", "from", "learners", "3b9f51c2"))
HIDDEN = ("exercises/*/hidden", "tests/authoring", "tests/small_course/exercises/*/hidden")
IS_HIDDEN = re.compile(r"(^|/)(exercises/[^/]+/hidden|tests/authoring)/")
NOT_FOR_LEARNERS = re.compile(r"<!-- not for learners -->.*?<!-- end -->\n+", re.DOTALL)
LINK = re.compile(r"\[([^\]\[]+)\]\(([^)\s#]+)(?:#[^)\s]*)?\)")
TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
NESTED = 3  # a zip in a zip in a zip; no one packs deeper
TELLING = 25  # a line of a solution that is shorter could be anywhere
MOST_SHARED = 4  # so many lines of one solution may be in a hint; more would give it away


@dataclass(frozen=True)
class Edition:
    """How many files it has, and which changes it leaves out because they aren't committed."""

    count: int
    uncommitted: list[str]


def hidden_files(root: Path) -> list[Path]:
    """Return every file that learners mustn't see."""
    return sorted(
        path
        for pattern in HIDDEN
        for folder in root.glob(pattern)
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )


def write_edition(root: Path, target: Path, *, solutions: bool = False) -> Edition:
    """Write the learner edition of what is committed into `target`, an empty or a new folder.

    With `solutions` the exercises' solutions and alternatives come along, for afterwards; hidden tests never do.
    Raises `UserError`, also where something hidden is in it; nothing is written then.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UserError(f"{target} isn't empty.", "name a new folder")
    if not hidden_files(root):
        raise UserError("This is a learner edition already: nothing in it is hidden.", "release from the full course")
    archived = _git(root, "archive", "--format=tar", "HEAD")
    changed = _git(root, "status", "--porcelain", "--untracked-files=all", ".").decode(errors="replace").splitlines()
    with tarfile.open(fileobj=io.BytesIO(archived)) as archive:
        members = [member for member in archive.getmembers() if member.isfile()]
        left_out = _with_folders(_committed(root)) - _with_folders({member.name for member in members})
        texts = [(member.name, _for_learners(member.name, _read(archive, member), left_out)) for member in members]
        executable = {member.name: bool(member.mode & 0o100) for member in members}
        if found := list(leaks(root, texts)):
            raise UserError("The edition would leak:\n" + "\n".join(found), "see .gitattributes", code=1)
        target.mkdir(parents=True, exist_ok=True)
    held_back = _held_back(root, dict(texts))
    kept = [(name, content) for name, content in texts if name not in held_back]
    if held_back:
        kept.append((PACK, pack_held_back(held_back)))
    for name, content in kept:
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        place.chmod(0o755 if executable.get(name) else 0o644)
    count = len(kept)
    count += _add_solutions(root, target) if solutions else 0
    return Edition(count, [line[3:] for line in changed])


def _committed(root: Path, *folders: str) -> set[str]:
    listed = _git(root, "ls-tree", "-r", "-z", "--name-only", "HEAD", *folders).decode(errors="replace")
    return set(listed.split("\0")) - {""}


def _with_folders(names: set[str]) -> set[str]:
    return names | {folder.as_posix() for name in names for folder in PurePosixPath(name).parents}


def _for_learners(name: str, content: bytes, left_out: set[str]) -> bytes:
    """Return the file's content for learners: a text in Markdown drops what it marks, and its links to what's gone."""
    if not name.endswith(".md"):
        return content

    def without_link(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), link[2]))
        return link[1] if target in left_out else link[0]

    return LINK.sub(without_link, NOT_FOR_LEARNERS.sub("", content.decode("utf-8", "surrogateescape"))).encode(
        "utf-8", "surrogateescape"
    )


def _git(root: Path, *words: str) -> bytes:
    try:
        ended = subprocess.run(["git", *words], cwd=root, capture_output=True)
    except FileNotFoundError as error:
        raise UserError("Git isn't installed, but the edition is made from what's committed.", "install Git") from error
    if ended.returncode:
        said = ended.stderr.decode(errors="replace").strip().splitlines()
        raise UserError(f"git {words[0]} failed: {said[-1] if said else ended.returncode}", "commit first", code=1)
    return ended.stdout


def _add_solutions(root: Path, target: Path) -> int:
    """Write the committed solutions of exercises and tasks into solutions/, and return how many files these are."""
    count = 0
    for name in sorted(_committed(root, "exercises", "stages")):
        if place := _place_of_solution(name):
            (target / place).parent.mkdir(parents=True, exist_ok=True)
            (target / place).write_bytes(_git(root, "show", f"HEAD:./{name}"))
            count += 1
    return count


def _held_back(root: Path, texts: dict[str, bytes]) -> dict[str, str]:
    """Return the committed texts that the edition packs: from `texts`, or from Git if the archive leaves them out."""
    names = [name for name in sorted(_committed(root)) if any(map(PurePosixPath(name).match, HELD_BACK))]
    return {name: (texts.get(name) or _git(root, "show", f"HEAD:./{name}")).decode() for name in names}


def _place_of_solution(name: str) -> str:
    """Return where the edition keeps the committed solution of this name; nothing if it isn't one."""
    match name.split("/"):
        case ["exercises", exercise, "hidden", *inside] if name.endswith(".patch"):
            return "/".join(("solutions", exercise, *inside))
        case ["stages", stage, "tasks", task, "solution.toml"]:
            return f"solutions/{stage}/{task}.toml"
    return ""


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return file.read() if file else b""


def leaks(root: Path, files: list[tuple[str, bytes]]) -> Iterator[str]:
    """Yield what no one must see in `files`, names with contents: a hidden file, its canary, or a solution's lines."""
    told = {line for name, content in files if name.startswith("final/") for line in _lines(content)}
    # Strangers wrote theirs from the README and the hints, so what these have in common gives nothing away.
    patches = [path for path in hidden_files(root) if path.suffix == ".patch" and "strangers" not in path.parts]
    solutions = {path: solution_lines(path) - told for path in patches}
    for name, content in files:
        for inside, text in _unpacked(name, content):
            if IS_HIDDEN.search(inside):
                yield f"{inside} is hidden"
            if CANARY.encode() in text:
                yield f"{inside} holds the canary of a hidden file"
            lines = set(_lines(text))
            for path, telling in solutions.items():
                if len(shared := telling & lines) > MOST_SHARED:
                    yield f"{inside} holds {len(shared)} lines of {path.relative_to(root).as_posix()}"


def solution_lines(patch: Path) -> set[str]:
    """Return the lines that a patch adds and that are long enough to give it away."""
    lines = patch.read_text(encoding="utf-8").splitlines()
    added = (line[1:].strip() for line in lines if line.startswith("+") and not line.startswith("+++"))
    return {line for line in added if len(line) >= TELLING}


def _lines(content: bytes) -> set[str]:
    # A notebook holds source as JSON strings, a page as HTML with every word in a tag: both are undone roughly.
    text = content.decode("utf-8", "replace")
    lines = {line.strip() for line in text.splitlines()}
    for bare in (text, TAG.sub("", text)):
        for line in html.unescape(bare.replace("\\n", "\n").replace('\\"', '"')).splitlines():
            lines |= {line.strip(), line.strip().removeprefix('"').rstrip('",').strip()}
    return lines


def _unpacked(name: str, content: bytes, depth: int = NESTED) -> Iterator[tuple[str, bytes]]:
    """Yield the file, and what's in it if it's packed. Raises `UserError` if that can't be searched."""
    yield name, content
    try:
        if depth and zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for inside in archive.namelist():
                    yield from _unpacked(f"{name}!/{inside}", archive.read(inside), depth - 1)
        elif depth and content.startswith(b"\x1f\x8b"):
            yield from _unpacked(f"{name}!/", gzip.decompress(content), depth - 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, zlib.error) as error:
        raise UserError(f"{name} can't be searched for leaks: {error}.", "commit it otherwise", code=1) from error
