"""The learner edition: what `git archive` gives, searched for everything that must not be in it."""

import io
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from .errors import UserError

# In every hidden file. Put together here, so that this file does not hold it.
CANARY = "-".join(("hidden", "from", "learners", "3b9f51c2"))
HIDDEN = ("exercises/*/hidden", "tests/authors")
TELLING = 25  # a line of a solution that is shorter could stand anywhere
MOST_SHARED = 4  # so many lines of one solution may stand in a hint; more are the solution


def hidden_files(root: Path) -> list[Path]:
    """Every file that learners must not see."""
    return sorted(
        path
        for pattern in HIDDEN
        for folder in root.glob(pattern)
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )


def release(root: Path, target: Path, *, solutions: bool = False) -> int:
    """Write the learner edition of what is committed into `target`, an empty or a new folder.

    With `solutions` the exercises' solutions and alternatives come along, for afterwards; hidden tests never do.
    Returns the number of its files. Raises `UserError`, also where something hidden is in it; `target` is then empty.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UserError(f"{target} is not empty.", "name a new folder")
    if not hidden_files(root):
        raise UserError("This is a learner edition already: nothing in it is hidden.", "release from the full course")
    archived = subprocess.run(["git", "archive", "--format=tar", "HEAD"], cwd=root, capture_output=True)
    if archived.returncode:
        raise UserError(
            f"git archive failed: {archived.stderr.decode(errors='replace').strip()}.", "commit first", code=1
        )
    with tarfile.open(fileobj=io.BytesIO(archived.stdout)) as archive:
        texts = [(member.name, _read(archive, member)) for member in archive.getmembers() if member.isfile()]
        if found := list(leaks(root, texts)):
            raise UserError("The edition would leak:\n" + "\n".join(found), "see .gitattributes", code=1)
        target.mkdir(parents=True, exist_ok=True)
        archive.extractall(target, filter="data")
    return len(texts) + (_add_solutions(root, target) if solutions else 0)


def _add_solutions(root: Path, target: Path) -> int:
    patches = [path for path in hidden_files(root) if path.suffix == ".patch"]
    for path in patches:
        inside = path.relative_to(root / "exercises")
        place = target / "solutions" / inside.parts[0] / Path(*inside.parts[2:])
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())
    return len(patches)


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return file.read() if file else b""


def leaks(root: Path, files: list[tuple[str, bytes]]) -> Iterator[str]:
    """What in `files`, names with contents, must not be seen: a hidden file, its canary, or a solution's lines."""
    told = {line for name, content in files if name.startswith("final/") for line in _lines(content)}
    solutions = {path: solution_lines(path) - told for path in hidden_files(root) if path.suffix == ".patch"}
    for name, content in files:
        for inside, text in _unpacked(name, content):
            if any(
                Path(inside).match(f"{pattern}/*") or f"/{pattern.rpartition('/')[2]}/" in inside for pattern in HIDDEN
            ):
                yield f"{inside} is hidden"
            if CANARY.encode() in text:
                yield f"{inside} holds the canary of a hidden file"
            lines = set(_lines(text))
            for path, telling in solutions.items():
                if len(shared := telling & lines) > MOST_SHARED:
                    yield f"{inside} holds {len(shared)} lines of {path.relative_to(root).as_posix()}"


def solution_lines(patch: Path) -> set[str]:
    """The lines that a patch adds and that tell something."""
    lines = patch.read_text(encoding="utf-8").splitlines()
    added = (line[1:].strip() for line in lines if line.startswith("+") and not line.startswith("+++"))
    return {line for line in added if len(line) >= TELLING}


def _lines(content: bytes) -> set[str]:
    # A notebook holds source as JSON strings, a page as HTML: what escaping changes is undone roughly.
    text = content.decode("utf-8", "replace").replace("\\n", "\n").replace('\\"', '"')
    for escaped, plain in (("&lt;", "<"), ("&gt;", ">"), ("&#39;", "'"), ("&quot;", '"'), ("&amp;", "&")):
        text = text.replace(escaped, plain)
    return {line.strip().strip('",') if line.strip().startswith('"') else line.strip() for line in text.splitlines()}


def _unpacked(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """The file, and what is in it if it is a zip."""
    yield name, content
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for inside in archive.namelist():
                yield f"{name}!/{inside}", archive.read(inside)
