"""Joins packages of scripts to one file for each entry: a reader loads one file instead of sixteen."""

import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

ENTRIES = Path(__file__).parent / "entries"
OPTIONS = ("--bundle", "--minify", "--format=esm", "--target=es2022", "--metafile=parts.json", "--outfile=joined.js")
Named = tuple[str, Path]  # a package's name, and the archive that `npm pack` wrote


def joined(bundler: Named, packages: Iterable[Named]) -> dict[str, bytes]:
    """Return a file for each entry, with all that it imports and their licences.

    Raises `CalledProcessError` if the bundler fails.
    """
    node = shutil.which("node") or "node"  # it came with npm
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        modules = root / "node_modules"
        for name, archive in (bundler, *packages):
            _unpack(archive, modules / name)
        found = {}
        for entry in sorted(ENTRIES.glob("*.js")):
            shutil.copy(entry, root)
            command = [node, str(modules / bundler[0] / "bin" / "esbuild"), entry.name, *OPTIONS]
            subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
            parts = (root / "parts.json").read_text(encoding="utf-8")
            found[entry.name] = (root / "joined.js").read_bytes() + _licences(modules, parts)
    return found


def _unpack(archive: Path, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as aside, tarfile.open(archive) as pack:
        pack.extractall(aside, filter="data")
        (Path(aside) / "package").rename(folder)


def _licences(modules: Path, parts: str) -> bytes:
    """Return a comment with the licence of every package that went into a file, each text once."""
    texts = {
        file.read_text(encoding="utf-8").strip()
        for file in sorted(modules.rglob("LICENSE"))
        if f"node_modules/{file.parent.relative_to(modules).as_posix()}/" in parts
    }
    return "".join(f"/*!\n{text}\n*/\n" for text in sorted(texts)).encode()
