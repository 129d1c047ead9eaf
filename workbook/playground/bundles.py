"""Bundles: zips for the browser, made from Python's library and wheels; the same files give the same bytes."""

import io
import zipfile
from collections.abc import Iterable, Iterator

from .minify import shorten

_THEN = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
_NOT_NEEDED = (".pyi", ".pyx", ".pxd", ".c", ".h", ".typed", "RECORD", "WHEEL", "INSTALLER")


Part = tuple[bytes, tuple[str, ...], tuple[str, ...]]


def bundle(parts: Iterable[Part]) -> bytes:
    """Return one zip of all parts: each is a zip, and the beginnings of names: those to leave out, those to keep.

    Nothing in it is compressed, because a host compresses the whole better than a zip compresses file by file.
    """
    packed = io.BytesIO()
    written: set[str] = set()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as pack:
        for part in parts:
            for name, data in _files(*part):
                if name not in written:
                    written.add(name)
                    pack.writestr(zipfile.ZipInfo(name, _THEN), data)
    return packed.getvalue()


def _files(content: bytes, without: tuple[str, ...], only: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as pack:
        for name in sorted(pack.namelist()):
            if name.endswith(("/", *_NOT_NEEDED)) or name.startswith(without or ("\0",)):
                continue
            if only and not name.startswith(only):
                continue
            data = pack.read(name)
            yield name, shorten(data) if name.endswith(".py") else data
