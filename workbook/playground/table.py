"""The table of what the playground is made of, loaded from table.toml."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from workbook.course.tomlfile import Strict, read_toml

FILE = Path(__file__).parent / "table.toml"
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Bundle = Literal["fastapi", "database", "passwords", "tests"]


class Package(Strict):
    """A package from npm."""

    name: str
    version: str
    sha256: Hash

    @property
    def file(self) -> str:
        """The name of the file that `npm pack` writes."""
        return f"{self.name.lstrip('@').replace('/', '-')}-{self.version}.tgz"


class Runtime(Package):
    """The npm package that's Python for the browser, and the files of it that are used."""

    keep: tuple[str, ...]


class Wheels(Strict):
    """The Python for which pip looks for wheels."""

    platforms: tuple[str, ...]
    python: str
    abi: str


class Wheel(Strict):
    """A package from pip, and the bundle that it goes into.

    `without` are the beginnings of the names that no stage needs; `only`, if it isn't empty, those of the needed ones.
    """

    name: str
    version: str
    bundle: Bundle
    sha256: Hash
    without: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


class Table(Strict):
    """The whole table."""

    runtime: Runtime
    bundler: Package
    script: tuple[Package, ...]
    wheels: Wheels
    wheel: tuple[Wheel, ...]

    def version_of(self, name: str) -> str:
        return next(wheel.version for wheel in self.wheel if wheel.name == name)


def read_table(file: Path = FILE) -> Table:
    """Return the table of wheels. Raises `UserError` that names the line."""
    return read_toml(file, Table, table="wheel", called=file.name, cure="put the line right")


@cache
def key() -> str:
    """Return a digest of what the bundles are made from: the table, and the code that makes them."""
    made_by = [FILE, *(FILE.parent / name for name in ("bundles.py", "minify.py", "scripts.py"))]
    made_by += sorted((FILE.parent / "entries").iterdir())
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in made_by)).hexdigest()[:16]
