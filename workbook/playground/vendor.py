"""`python -m workbook.playground.vendor`: fetch what the playground is made of, and make its bundles.

Everything is fetched once by npm and pip, checked against the hashes in table.toml, and kept in .cache/playground.
"""

import argparse
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib.util import find_spec
from pathlib import Path

from workbook.errors import UserError
from workbook.folders import turn_in

from .bundles import bundle
from .scripts import joined
from .table import Package, Runtime, Table, Wheel, key, read_table

CACHE = Path(__file__).parents[2] / ".cache" / "playground"
MANIFEST = "manifest.json"
# Hosts compress text and leave a zip as it is; these zips are not compressed themselves.
BUNDLE_SUFFIX = ".zip.txt"
LIBRARY = "python" + BUNDLE_SUFFIX
COMMAND = "python -m workbook.playground.vendor"
NOISE = re.compile("WARNING|npm error A complete log")
# Without a network, npm alone would try for more than a minute.
NPM_OPTIONS = ("--loglevel=error", "--fetch-retries=2", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=2000")


class CannotFetch(UserError):
    """npm or pip couldn't fetch a file."""


class WrongHash(UserError):
    """A fetched file isn't the one that the table names."""


def built(cache: Path = CACHE) -> Path | None:
    """Return the folder of the bundles that fit the table, or None if they weren't made."""
    folder = cache / key()
    return folder if (folder / MANIFEST).is_file() else None


def build(cache: Path = CACHE) -> Path:
    """Make the bundles, if they aren't there yet. Raises `CannotFetch` and `WrongHash`."""
    if there := built(cache):
        return there
    with turn_in(cache):
        return built(cache) or _made(cache)  # another process may have made them meanwhile


def _made(cache: Path) -> Path:
    table = read_table()
    fetched = cache / "fetched"
    fetched.mkdir(parents=True, exist_ok=True)
    packages = (table.runtime, table.bundler, *table.script)
    archive, *archives = _packed(packages, fetched)
    bundler, *scripts = [(one.name, path) for one, path in zip(packages[1:], archives, strict=True)]
    brought = _wheels(table, fetched)  # all of it, before anything is made
    files = _runtime_files(table.runtime, archive)
    for name in dict.fromkeys(wheel.bundle for wheel in table.wheel):
        parts = [(path.read_bytes(), one.without, one.only) for one, path in brought if one.bundle == name]
        files[name + BUNDLE_SUFFIX] = bundle(parts)
    try:
        files |= joined(bundler, scripts)
    except subprocess.CalledProcessError as error:
        raise CannotFetch(f"{table.bundler.name} failed: {error.stderr}", COMMAND) from error
    return _put(files, cache / key())


def _put(files: dict[str, bytes], folder: Path) -> Path:
    """Write all files, the manifest last, so that a folder with a manifest is whole."""
    new = Path(tempfile.mkdtemp(dir=folder.parent, prefix="making-"))
    try:
        for name, content in files.items():
            (new / name).write_bytes(content)
        sizes = {n: {"bytes": len(c), "gzip": len(gzip.compress(c, 6, mtime=0))} for n, c in sorted(files.items())}
        (new / MANIFEST).write_text(json.dumps({"key": folder.name, "files": sizes}, indent=1), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    except OSError:
        if not (folder / MANIFEST).is_file():  # otherwise another process was faster
            raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return folder


def _packed(packages: tuple[Package, ...], fetched: Path) -> list[Path]:
    if missing := [one for one in packages if not (fetched / one.file).is_file()]:
        if not (npm := shutil.which("npm")):
            raise CannotFetch("npm isn't installed; it brings Python for the browser.", "install Node.js")
        wanted = [f"{one.name}@{one.version}" for one in missing]  # in one command: npm takes long to start
        _fetch([npm, "pack", *NPM_OPTIONS, "--pack-destination", str(fetched)], wanted)
    return [_checked(fetched / one.file, one.sha256) for one in packages]


def _runtime_files(runtime: Runtime, archive: Path) -> dict[str, bytes]:
    files = {}
    with tarfile.open(archive) as pack:
        for name in runtime.keep:
            member = pack.extractfile(f"package/{name}")
            assert member is not None, name
            files[name] = member.read()
    files[LIBRARY] = bundle([(files.pop("python_stdlib.zip"), (), ())])
    return files


def _wheels(table: Table, fetched: Path) -> list[tuple[Wheel, Path]]:
    if missing := [wheel for wheel in table.wheel if not _downloaded(wheel, fetched)]:
        wanted = [f"{wheel.name}=={wheel.version}" for wheel in missing]
        options = ["--only-binary=:all:", "--no-deps", "--implementation", "cp", "--abi", table.wheels.abi]
        options += [word for platform in table.wheels.platforms for word in ("--platform", platform)]
        command = [*_pip(), "download", "--quiet", "--disable-pip-version-check", *options]
        command += ["--python-version", table.wheels.python, "--dest", str(fetched)]
        _fetch(command, wanted)
    brought = []
    for wheel in table.wheel:
        if not (found := _downloaded(wheel, fetched)):
            raise CannotFetch(f"pip brought no wheel of {wheel.name}=={wheel.version}.", COMMAND)
        brought.append((wheel, _checked(found[0], wheel.sha256)))
    return brought


def _downloaded(wheel: Wheel, fetched: Path) -> list[Path]:
    return sorted(fetched.glob(f"{wheel.name.replace('-', '_')}-{wheel.version}-*.whl"))


def _checked(path: Path, sha256: str) -> Path:
    """Return the file, or remove it if its hash is wrong. Raises `WrongHash`, `CannotFetch`."""
    if not path.is_file():
        raise CannotFetch(f"{path.name} wasn't downloaded.", COMMAND)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        path.unlink()
        raise WrongHash(f"{path.name} isn't what table.toml names: its hash is {found}.", "compare it, then " + COMMAND)
    return path


def _pip() -> list[str]:
    if find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if uv := os.environ.get("UV") or shutil.which("uv"):  # environments that uv makes don't have pip
        return [uv, "tool", "run", "--quiet", "pip"]
    raise CannotFetch("pip isn't installed; it brings the packages.", "install pip")


def _fetch(command: list[str], wanted: list[str]) -> None:
    more = f" and {len(wanted) - 1} more" if len(wanted) > 1 else ""
    what = f"{wanted[0]}{more} can't be fetched"
    try:
        ended = subprocess.run([*command, *wanted], capture_output=True, text=True, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotFetch(f"{what}: {error}", COMMAND) from error
    if ended.returncode:
        said = [line.removeprefix("npm error ") for line in ended.stderr.splitlines() if not NOISE.match(line)]
        cause = [line for line in said if " failed" in line or line.startswith("Error: ")] or said[-2:]
        raise CannotFetch(f"{what}: {' '.join(cause)}", COMMAND)


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    folder = build()
    sizes = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    for name, size in sizes.items():
        print(f"{name:<24}{size['bytes'] / 1e6:>8.2f} MB{size['gzip'] / 1e6:>8.2f} MB with gzip")
    print(
        f"{'all':<24}{'':>11}{sum(size['gzip'] for size in sizes.values()) / 1e6:>8.2f} MB with gzip, in {folder.name}"
    )


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(str(error))
