"""Zips and tars, read as trees: bounded before they are looked at, whatever their directories claim."""

import bz2
import contextlib
import errno
import gzip
import io
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any

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

MOST_OF_ARCHIVE = 100 * MIB  # with what's left out of it, an environment for example
MOST_OF_DIRECTORY = 4 * MIB  # of a zip: what it says of its entries, at its end
MOST_LISTED = 40_000  # entries of that directory
MOST_OF_A_HEADER = 32 * 1024  # of a tar: what it says of one file
MOST_PARTS, LONGEST_PATH = 2 * DEEPEST, 4096  # of a name, and letters; what's beyond isn't looked at
MOST_UNPACKED = 400 * MIB  # of a tar, which is read from its beginning
MOST_AT_ONCE = 64 * 1024
PLAIN = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # others may ask for gigabytes of memory before the first byte
TOO_MANY = f"The zip holds more than {MOST_FILES:,} entries: leave the virtual environment out."
ENTRY = b"PK\1\2"  # what each entry of a zip's directory begins with
UTF8, ENCRYPTED = 0x800, 0x1
UNICODE_PATH = 0x7075  # an extra field that holds the name as UTF-8
SUFFIXES = (".zip", ".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tbz2")
# What other archives begin with. They are named, because "not a zip" wouldn't help.
OTHERS = {
    b"Rar!\x1a\x07": "a RAR archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"\xfd7zXZ\0": "packed with xz",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"%PDF-": "a PDF",
    b"<!DOCTYPE html": "a web page",
    b"<html": "a web page",
}
BEGINNING = 512


class _Bounded(io.RawIOBase):
    """A stream that refuses to be read far, or much of it at once.

    If they're set, `room` is what may still be read, and `entries` how many of a zip's directory may come at once.
    """

    room: int | None = None
    entries: int | None = None

    def __init__(self, stream: IO[bytes], *, once: int, far: int, why: str) -> None:
        self._stream, self._once, self._far, self._why = stream, once, far, why

    def read(self, size: int | None = -1) -> bytes:
        content = self._read(size)
        if self.room is not None:
            self.room -= len(content)
            if self.room < 0:
                raise BadSubmission("The archive says more about a file than there is to say: hand in a zip.")
        if self.entries is not None and content.count(ENTRY) > self.entries:
            raise BadSubmission(self._why)
        return content

    def _read(self, size: int | None) -> bytes:
        if size is None or size < 0:
            content = self._stream.read(self._once + 1)
            if len(content) > self._once:
                raise BadSubmission(self._why)
            return content
        if size > self._once or self._stream.tell() + size > self._far:
            raise BadSubmission(self._why)
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == 0 and offset > self._far:
            raise BadSubmission(self._why)
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


@contextlib.contextmanager
def open_archive(
    stream: IO[bytes], name: str, limits: tuple[int, int, int] = (MOST_OF_ARCHIVE, MOST_OF_DIRECTORY, MOST_LISTED)
) -> Iterator[Tree]:
    """Yield what's in a zip or a tar, by its content, whatever it's called. Raises `BadSubmission`, `OSError`.

    `limits`: the most bytes of the archive, and of what a zip says of its entries, and the most entries.
    """
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    beginning = stream.read(BEGINNING)
    if size > limits[0]:
        raise BadSubmission(f"{name} is larger than {limits[0] // MIB} MiB.")
    for start, what in OTHERS.items():
        if beginning.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(start.lower()):
            raise BadSubmission(f"{name} is {what}: hand in a zip.")
    with _told(name, stream):
        if unpacked := _tar_in(stream, beginning):
            yield _tree_of_tar(unpacked)
        else:
            bounded = _Bounded(stream, once=limits[1], far=2**62, why=TOO_MANY)
            bounded.entries = limits[2]
            with zipfile.ZipFile(bounded) as archive:
                bounded.entries = None  # from here on it's contents that are read
                yield _tree_of_zip(archive)


@contextlib.contextmanager
def _told(name: str, stream: IO[bytes]) -> Iterator[None]:
    """Raise a sentence instead of what a damaged archive raises."""
    try:
        yield
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _not_whole(name, stream, error) from error
    except (struct.error, IndexError, UnicodeError, ValueError, OverflowError) as error:
        raise _not_whole(name, stream, error) from error
    except OSError as error:
        if error.errno not in {None, errno.EINVAL}:  # what's packed is wrong, and not the disk: a seek before its start
            raise
        raise _not_whole(name, stream, error) from error


def _not_whole(name: str, stream: IO[bytes], error: Exception) -> BadSubmission:
    if stream.seek(0, io.SEEK_END) == 0:
        return Empty(f"{name} isn't a whole, plain zip: it's empty.")
    with contextlib.suppress(Exception):
        if not zipfile.is_zipfile(stream):
            return BadSubmission(f"{name} isn't a whole, plain zip.")
    said = " ".join((str(error) or "it ends too early").split())[:200].rstrip(".")
    return BadSubmission(f"{name} isn't a whole, plain zip: {said}.")


def _tree_of_zip(archive: zipfile.ZipFile) -> Tree:
    entries, left_out = [], []
    names = [_name_of(info) for info in archive.infolist()]
    has_slash = any("/" in name for name in names)
    for info, name in zip(archive.infolist(), names, strict=True):
        parts = split_name(name, has_slash=has_slash)
        is_folder = name.endswith("/") or (name.endswith("\\") and not has_slash)
        if name.startswith(("/", "\\")) or ".." in parts or name[1:3] in {":/", ":\\"}:
            raise BadSubmission(f"The zip holds {name[:60]!r}, which leads out of it.")
        if is_folder:
            continue
        if not parts or len(parts) > MOST_PARTS or len(name) > LONGEST_PATH:
            left_out.append(name[:60])
            continue
        entries.append(FoundFile(parts, info.file_size, _reader_of(archive, info), _odd(info)))
    return Tree(entries, left_out)


def _reader_of(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        found = io.BytesIO()
        with archive.open(info) as packed:  # what the directory says of sizes may be a lie
            while found.tell() < most and (piece := packed.read(min(MIB, most - found.tell()))):
                found.write(piece)
        return found.getvalue()

    return read


def _odd(info: zipfile.ZipInfo) -> str:
    """Return why an entry can't be read as a file; "" if it can."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "is a link: put the file itself into it"
    if kind not in (0, stat.S_IFREG):
        return "is neither a file nor a folder: put the file itself into it"
    if info.flag_bits & ENCRYPTED:
        return "is encrypted"
    return "" if info.compress_type in PLAIN else "is packed in a rare way: make a plain zip"


def _name_of(info: zipfile.ZipInfo) -> str:
    """Return an entry's whole name, as text in whatever way the packer wrote it."""
    name = info.orig_filename  # `filename` is cut off at NUL
    if info.flag_bits & UTF8:
        return name
    try:
        raw = name.encode("cp437")
    except UnicodeEncodeError:  # a newer Python has read the extra field already
        return name
    if told := _unicode_path(info.extra, raw):
        return told
    try:
        return raw.decode("utf-8")  # macOS doesn't say that it is
    except UnicodeDecodeError:
        return name


def _unicode_path(extra: bytes, raw: bytes) -> str:
    place = 0
    while place + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, place)
        content, place = extra[place + 4 : place + 4 + size], place + 4 + size
        if kind == UNICODE_PATH and content[:1] == b"\1" and content[1:5] == struct.pack("<I", zlib.crc32(raw)):
            return content[5:].decode("utf-8", "replace")
    return ""


def split_name(name: str, *, has_slash: bool) -> Parts:
    """Return a name's folders and its file; `has_slash` if `/` divides names in this zip.

    Windows has written `\\` between folders for years. In the code pages of East Asia, that byte is also the second
    half of some letters. So behind a letter that isn't ASCII it only divides if `/` doesn't divide in this zip.
    """
    divided = []
    for place, character in enumerate(name):
        is_half = has_slash and place > 0 and not name[place - 1].isascii()
        divided.append("/" if character == "\\" and not is_half else character)
    return tuple(part for part in "".join(divided).split("/") if part not in {"", "."})


def _tar_in(stream: IO[bytes], beginning: bytes) -> Callable[[], _Bounded] | None:
    """Return what opens the tar in the stream, unpacked and bounded; None if it isn't one."""

    def unpacked() -> _Bounded:
        stream.seek(0)
        if beginning.startswith(b"\x1f\x8b"):
            plain: Any = gzip.GzipFile(fileobj=stream)
        elif beginning.startswith(b"BZh"):
            plain = bz2.BZ2File(stream)
        else:
            plain = stream
        why = f"The archive unpacks to more than {MOST_UNPACKED // MIB} MiB."
        return _Bounded(plain, once=MOST_AT_ONCE, far=MOST_UNPACKED, why=why)

    return unpacked if beginning.startswith((b"\x1f\x8b", b"BZh")) or beginning[257:262] == b"ustar" else None


def _tree_of_tar(unpacked: Callable[[], _Bounded]) -> Tree:
    """Return what's in the tar. Its files are kept as they come, since to go back would mean to unpack it again."""
    entries, left_out, left, bounded = [], dict[str, None](), MOST_BYTES + 1, unpacked()
    bounded.room = MOST_OF_A_HEADER
    with tarfile.open(fileobj=bounded, mode="r:") as archive:
        for member in _members(archive, bounded):
            parts = tuple(part for part in member.name.split("/") if part not in {"", "."})
            if member.name.startswith("/") or ".." in parts:
                raise BadSubmission(f"The archive holds {member.name[:60]!r}, which leads out of it.")
            if member.isdir() or not parts:
                continue
            if any(is_left_out(part) for part in parts[:-1]) or len(parts) > DEEPEST:
                left_out["/".join(parts[:2]) + "/"] = None
                continue
            odd = "" if member.isreg() else "is a link" if member.issym() or member.islnk() else "isn't a file"
            content = _content(archive, member, left) if not odd else b""
            left -= len(content)
            entries.append(FoundFile(parts, max(member.size, 0), _holding(content), odd))
    return Tree(entries, list(left_out), "archive")


def _members(archive: tarfile.TarFile, bounded: _Bounded) -> Iterator[tarfile.TarInfo]:
    """Yield each member, of which the archive may say only so much: of a sparse one it could say gigabytes."""
    patience = Patience()
    for _ in range(MOST_FILES * 10):
        patience.check()
        bounded.room = MOST_OF_A_HEADER
        member = archive.next()
        bounded.room = None
        if member is None:
            return
        yield member
        archive.members.clear()  # type: ignore[attr-defined]  # otherwise the tar keeps what it said of each
    raise BadSubmission(TOO_MANY.replace("zip", "archive"))


def _holding(content: bytes) -> Callable[[int], bytes]:
    return lambda most: content[:most]


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, most: int) -> bytes:
    """Return up to `most` bytes of a member, read in pieces."""
    if member.size > most:
        return b""  # what it's too large for is found out from its size
    packed, found = archive.extractfile(member), io.BytesIO()
    while packed and (piece := packed.read(MOST_AT_ONCE // 2)):
        found.write(piece)
    return found.getvalue()
