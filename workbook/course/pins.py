"""The versions that everything is tested with: pyproject's `constraint-dependencies`, and what differs from them."""

import importlib.metadata
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version


def read_pyproject(root: Path) -> dict[str, Any]:
    """Return the parsed pyproject.toml of the course at `root`."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def pinned_lines(root: Path) -> list[str]:
    """Return the pins as they are written: `name==version`, some with a marker."""
    lines: list[str] = read_pyproject(root).get("tool", {}).get("uv", {}).get("constraint-dependencies", [])
    return lines


def read_pins(root: Path) -> dict[str, Version]:
    """Return the pinned version of each package that this Python and platform may install, by canonical name."""
    return dict(_pins(pinned_lines(root)))


def read_requirements(file: Path) -> dict[str, Version]:
    """Return the versions that a requirements file pins for this Python and platform, by canonical name."""
    text = file.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = (re.sub(r"\s(#|--hash=).*", "", line).strip() for line in text.splitlines())
    return dict(_pins(line for line in lines if line and not line.startswith("#")))


def _pins(lines: Iterable[str]) -> Iterator[tuple[str, Version]]:
    for line in lines:
        wanted = Requirement(line)
        if wanted.marker is None or wanted.marker.evaluate():
            (exact,) = wanted.specifier
            yield canonicalize_name(wanted.name), Version(exact.version)


def requirements(root: Path, *groups: str) -> list[Requirement]:
    """Return what pyproject.toml asks for: the default dependencies and those of the named groups."""
    data = read_pyproject(root)
    lines = list(data["project"]["dependencies"])
    for group in groups:
        lines += _group(data["dependency-groups"], group)
    return [Requirement(line) for line in lines]


def _group(groups: dict[str, list[Any]], name: str) -> Iterator[str]:
    for entry in groups[name]:
        if isinstance(entry, dict):
            yield from _group(groups, entry["include-group"])
        else:
            yield entry


def installed_closure(wanted: Iterable[Requirement]) -> dict[str, Version]:
    """Return the installed packages that `wanted` lead to, with their versions; what isn't installed is left out."""
    found: dict[str, Version] = {}
    seen: set[tuple[str, str]] = set()
    open_ends = [(one, "") for one in wanted]
    while open_ends:
        one, extra = open_ends.pop()
        if one.marker is not None and not one.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(one.name)
        for asked in {"", *one.extras}:
            if (name, asked) in seen:
                continue
            seen.add((name, asked))
            try:
                package = importlib.metadata.distribution(name)
            except importlib.metadata.PackageNotFoundError:
                continue
            found[name] = Version(package.version)
            open_ends += [(Requirement(line), asked) for line in package.requires or ()]
    return found


def drifted(root: Path) -> list[str]:
    """Say of each installed package of the course which version it has and which is pinned, where they differ."""
    pins = read_pins(root)
    if not pins:  # another course may do without
        return []
    installed = installed_closure(requirements(root, *read_pyproject(root)["dependency-groups"]))
    return [
        f"{name} {version} is installed, {pins.get(name, 'no version')} is pinned"
        for name, version in sorted(installed.items())
        if pins.get(name) != version
    ]
