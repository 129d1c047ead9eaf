"""Pin every package of the course, for all groups and platforms, from one resolution: `python -m ….repin -h`."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from workbook.course.pins import pinned_lines, read_pyproject
from workbook.errors import UserError

COMMAND = "uv run --all-groups python -m workbook.authoring.repin"
PINS = re.compile(r"^constraint-dependencies = \[\n.*?^\]\n", re.MULTILINE | re.DOTALL)
BUILD_PINS = re.compile(r"^build-constraint-dependencies = \[\n.*?^\]\n", re.MULTILINE | re.DOTALL)
SETTLED = 7  # days: by then a release has reached every mirror, or was withdrawn
EXPORT = ["export", "--quiet", "--frozen", "--no-header", "--no-annotate", "--no-emit-project"]
LINE = r"^{name}(\[[\w,-]+\])?==[^\s;]+"


def repin(root: Path, upgrade: Sequence[str] | None, before: str) -> list[str]:
    """Resolve pyproject.toml and write the pins into every file that has some; return the pins that changed.

    Pins that still fit are kept. `upgrade` names the packages that may move to a newer version, one released until
    the day `before` (YYYY-MM-DD); an empty list lets all of them.
    Raises `UserError` where uv is missing or finds no resolution; nothing is written then.
    """
    pyproject = (root / "pyproject.toml").read_text(encoding="utf-8")
    free = {canonicalize_name(name) for name in upgrade or ()}
    old = pinned_lines(root)
    kept = [line for line in old if upgrade is None or (free and canonicalize_name(Requirement(line).name) not in free)]
    with tempfile.TemporaryDirectory(prefix="workbook-pins-") as folder:
        copy = Path(folder)
        for name in (read_pyproject(root)["project"]["readme"], "LICENSE"):
            shutil.copy(root / name, copy)
        (copy / "pyproject.toml").write_text(_with_pins(pyproject, kept), encoding="utf-8")
        _uv(copy, "lock", "--quiet", "--exclude-newer", before)
        pins = _uv(copy, *EXPORT, "--all-groups", "--all-extras", "--no-hashes").splitlines()
        default = _uv(copy, *EXPORT, "--no-default-groups")
        (copy / "build.in").write_text("\n".join(read_pyproject(root)["build-system"]["requires"]), encoding="utf-8")
        build = _uv(
            copy,
            "pip",
            "compile",
            "build.in",
            "--universal",
            "--no-header",
            "--no-annotate",
            "--quiet",
            "--exclude-newer",
            before,
        )
    text = BUILD_PINS.sub(lambda _: _listed("build-constraint-dependencies", build.splitlines()), pyproject)
    (root / "pyproject.toml").write_text(_with_pins(text, pins), encoding="utf-8")
    (root / "requirements.txt").write_text(default, encoding="utf-8")
    _write_versions(root / "final" / "requirements.txt", pins, LINE, r"{name}\1=={version}")
    _write_versions(
        root / "workbook" / "playground" / "table.toml",
        pins,
        r'^name = "{name}"\nversion = "[^"]+"',
        'name = "{name}"\nversion = "{version}"',
    )
    return sorted(set(pins) ^ set(old))


def _with_pins(pyproject: str, pins: Sequence[str]) -> str:
    text, count = PINS.subn(lambda _: _listed("constraint-dependencies", pins), pyproject)
    if count != 1:
        raise UserError(
            "pyproject.toml doesn't have a list called constraint-dependencies below [tool.uv].", "add an empty one"
        )
    return text


def _listed(name: str, lines: Sequence[str]) -> str:
    return f"{name} = [\n" + "".join(f'  "{line}",\n' for line in lines) + "]\n"


def _write_versions(file: Path, pins: Sequence[str], pattern: str, replacement: str) -> None:
    """Write each package's pinned version into `file`, wherever the file names the package."""
    text = file.read_text(encoding="utf-8")
    for line in pins:
        pin = Requirement(line)
        (exact,) = pin.specifier
        named = re.compile(pattern.format(name=re.escape(pin.name)), re.MULTILINE)
        text = named.sub(replacement.format(name=pin.name, version=exact.version), text)
    file.write_text(text, encoding="utf-8")


def _uv(folder: Path, *words: str) -> str:
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        raise UserError("uv isn't installed.", "pip install uv")
    ended = subprocess.run([uv, *words], cwd=folder, capture_output=True, encoding="utf-8")
    if ended.returncode:
        raise UserError(
            f"uv {words[0]} failed:\n{ended.stderr.strip()}", "change pyproject.toml, or what may move", code=1
        )
    return ended.stdout


def main() -> None:
    """Read the arguments, write the pins, print what changed."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="Pin every package of the course from one resolution.")
    parser.add_argument(
        "--upgrade", nargs="*", metavar="NAME", help="let these packages move to newer versions (default: all of them)"
    )
    settled = (date.today() - timedelta(days=SETTLED)).isoformat()
    parser.add_argument(
        "--before", default=settled, metavar="DATE", help=f"newest day of a release (default: {settled})"
    )
    arguments = parser.parse_args()
    root = Path(__file__).parents[2]
    try:
        changed = repin(root, arguments.upgrade, arguments.before)
    except UserError as error:
        sys.exit(f"{error.message}\nNext: {error.then}")
    print("\n".join(changed) or "Every pin fits; nothing changed.")
    if changed:
        print("Next: uv run --all-groups python -m workbook.playground.vendor, which names a hash that changed")


if __name__ == "__main__":
    main()
