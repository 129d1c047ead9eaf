"""Joins packages of scripts to one file for each entry: a reader loads one file instead of sixteen."""

import json
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

ENTRIES = Path(__file__).parent / "entries"
OPTIONS = ("--bundle", "--minify", "--format=esm", "--target=es2022", "--metafile=parts.json", "--outdir=joined")
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
            unpack(archive, modules / name)
        entries = [Path(shutil.copy(entry, root)).name for entry in sorted(ENTRIES.glob("*.js"))]
        command = [node, str(modules / bundler[0] / "bin" / "esbuild"), *entries, *OPTIONS]
        subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
        parts = json.loads((root / "parts.json").read_text(encoding="utf-8"))["outputs"]
        return {
            name: (root / "joined" / name).read_bytes() + _licences(modules, parts[f"joined/{name}"]["inputs"])
            for name in entries
        }


def unpack(archive: Path, folder: Path) -> None:
    """Make `folder` of an archive that `npm pack` wrote. No member gets outside, on Pythons that can see to it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as aside, tarfile.open(archive) as pack:
        # Not `extractall(filter=…)`: that came with 3.11.4, and Debian's Python is 3.11.2.
        pack.extraction_filter = getattr(tarfile, "data_filter", None)
        pack.extractall(aside)
        (Path(aside) / "package").rename(folder)


def _licences(modules: Path, inputs: Iterable[str]) -> bytes:
    """Return a comment with the licence of every package that `inputs` are files of, each text once."""
    texts = {
        file.read_text(encoding="utf-8").strip()
        for file in sorted(modules.rglob("LICENSE"))
        if any(one.startswith(f"node_modules/{file.parent.relative_to(modules).as_posix()}/") for one in inputs)
    }
    return "".join(f"/*!\n{text}\n*/\n" for text in sorted(texts)).encode()
