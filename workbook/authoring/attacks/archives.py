"""Archives and folders that aren't projects, but traps for the program that opens them."""

import io
import os
import re
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path

from .attack import MAIN, Project, attack

NOT_WHOLE = "n't a whole, plain zip"


def with_entry(project: Project, entry: zipfile.ZipInfo | str, content: bytes = b"") -> Path:
    """Return the project's zip with one more entry, which doesn't belong in it."""
    file = project.zipped()
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(entry, content)
    return file


def of_kind(name: str, kind: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, (kind | 0o777) << 16
    return entry


@attack("no credit", "leads out of it")
def upwards(project: Project) -> Path:
    """Unpack a file beside the folder that the zip is unpacked into."""
    return with_entry(project, "app/../../../../../../../../" + str(project.bait.trap)[1:] + "/upwards")


@attack("no credit", "leads out of it")
def absolute(project: Project) -> Path:
    """Unpack a file to a path of the machine."""
    return with_entry(project, f"{project.bait.trap}/absolute")


@attack("no credit", "is a link")
def link(project: Project) -> Path:
    """Put a link to a file of the machine into the zip."""
    return with_entry(project, of_kind("app/secret.txt", stat.S_IFLNK), str(project.bait.file).encode())


@attack("no credit", "neither a file nor a folder")
def device(project: Project) -> Path:
    """Put a device and a FIFO into the zip."""
    with_entry(project, of_kind("app/fifo", stat.S_IFIFO))
    return with_entry(project, of_kind("app/null", stat.S_IFCHR))


@attack("no credit", "unpacks to")
def bomb(project: Project) -> Path:
    """Unpack to 1 GiB."""
    file = project.zipped()
    archive = zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED, compresslevel=1)
    with archive, archive.open("app/large.py", "w", force_zip64=True) as entry:
        for _ in range(256):
            entry.write(bytes(4 * 2**20))
    return file


@attack("no credit", NOT_WHOLE)
def lying_bomb(project: Project) -> Path:
    """Unpack to 64 MiB, and claim 100 bytes."""
    content = bytes(64 * 2**20)
    file = with_entry(project, "app/large.py", b"")
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app/larger.py", content)
    size = len(content).to_bytes(4, "little")
    file.write_bytes(file.read_bytes().replace(size, (100).to_bytes(4, "little")))
    return file


@attack("no credit", "unpacks to|n't a whole")
def overlapping(project: Project) -> Path:
    """Let 1,000 entries share one content, as zip bombs do that aren't recursive."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(bytes(2**20)) + packer.flush()
    main = (project.folder / MAIN).read_bytes()
    local = zipfile.ZipInfo("a")
    local.compress_type, local.CRC = zipfile.ZIP_DEFLATED, zlib.crc32(bytes(2**20))
    local.compress_size, local.file_size = len(packed), 2**20
    file = project.folder.with_suffix(".zip")
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(MAIN, main)
        start = archive.fp.tell()  # type: ignore[union-attr]
        archive.fp.write(local.FileHeader() + packed)  # type: ignore[union-attr]
        for number in range(1000):
            entry = zipfile.ZipInfo(f"app/{number}.py")
            entry.compress_type, entry.CRC, entry.header_offset = zipfile.ZIP_DEFLATED, local.CRC, start
            entry.compress_size, entry.file_size = len(packed), 2**10
            archive.filelist.append(entry)
        archive.start_dir = archive.fp.tell()  # type: ignore[union-attr]
        archive._didModify = True  # type: ignore[attr-defined]
    return file


@attack("no credit", "more than 2,000 entries")
def many_entries(project: Project) -> Path:
    """Put 20,000 empty files into the zip."""
    file = project.zipped()
    with zipfile.ZipFile(file, "a") as archive:
        for number in range(20_000):
            archive.writestr(f"app/data/{number}", b"")
    return file


@attack("no credit", "differ in case alone|are one file")
def twice(project: Project) -> Path:
    """Put two files into the zip whose names differ only in case, so that another reader sees the other one."""
    return with_entry(project, "app/MAIN.py", b"raise SystemExit\n")


@attack("no credit", "name in it that no project needs")
def odd_name(project: Project) -> Path:
    """Put a name with escape sequences and HTML into the zip."""
    return with_entry(project, "app/\x1b]0;full marks\x07<script>alert(1)</script>.py")


@attack("no credit", "encrypted")
def encrypted(project: Project) -> Path:
    """Mark the zip as encrypted, so that someone would have to type its password."""
    file = project.zipped()
    data = bytearray(file.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for found in re.finditer(re.escape(mark), data):
            data[found.start() + place] |= 1
    file.write_bytes(data)
    return file


@attack("no credit", "no app/main.py")
def main_by_a_link(project: Project) -> None:
    """Hand in a folder whose app/main.py is a link to a file of the machine."""
    (project.folder / MAIN).unlink()
    (project.folder / MAIN).symlink_to(project.bait.file)


@attack("no credit", "no app/main.py")
def app_of_a_neighbour(project: Project) -> None:
    """Hand in a folder whose app is a link to another learner's, which solves the exercise."""
    theirs = project.folder.with_name(f"{project.folder.name}-theirs")
    (project.folder / "app").rename(theirs)
    (project.folder / "app").symlink_to(theirs)


@attack("honest")
def links_in_a_folder(project: Project) -> None:
    """Read a file of the machine through a link that was handed in, and through one to a folder."""
    (project.folder / "app/secret.txt").symlink_to(project.bait.file)
    (project.folder / "app/machine").symlink_to("/")
    (project.folder / "app/itself").symlink_to(".")
    project.hostile("telling", "telling")
    project.end("""
from pathlib import Path
from . import known, telling

here = Path(__file__).parent
found = [here / "secret.txt", here / "machine" / known.FILE[1:], here / "itself/secret.txt"]
telling.add_to(app, [str(path) for path in found if path.exists()])
""")


@attack("honest")
def what_is_no_file(project: Project) -> None:
    """Hand in a folder with two FIFOs, at which a reader would wait."""
    os.mkfifo(project.folder / "app/fifo.py")
    os.mkfifo(project.folder / "README.txt")


@attack("no credit", "more than 20 MiB")
def sparse_file(project: Project) -> None:
    """Hand in a folder with a file of 1 TiB, which takes no space on a disk until someone copies it."""
    os.truncate(project.write("app/sparse.bin", b"x"), 2**40)


@attack("no credit", "more than 2,000 files")
def many_files(project: Project) -> None:
    """Hand in a folder of 5,000 files."""
    for number in range(5_000):
        project.write(f"app/data/{number % 50}/{number}.txt", b"")


@attack("no credit", "name in it that no project needs")
def names_that_are_no_text(project: Project) -> None:
    """Hand in a folder with a name that isn't UTF-8, and one with a new line in it."""
    (project.folder / "app" / os.fsdecode(b"\xff\xfe.py")).write_text("raise SystemExit\n", encoding="utf-8")
    (project.folder / "app" / "a\nb.py").write_text("raise SystemExit\n", encoding="utf-8")


@attack("honest")
def deep_folder(project: Project) -> None:
    """Hand in a folder a hundred levels deep, in case the grader walks it by recursion."""
    project.write("/".join(["d"] * 100) + "/x.txt", b"")


@attack("honest")
def itself(project: Project) -> None:
    """Hand in a link that leads to itself, and one that leads to the folder above."""
    (project.folder / "loop").symlink_to("loop")
    (project.folder / "above").symlink_to("..")


@attack("honest")
def many_folders(project: Project) -> Path:
    """Let 1,900 entries take 190,000 folders to unpack."""
    file = project.zipped()
    with zipfile.ZipFile(file, "a") as archive:
        for number in range(1_900):
            archive.writestr(f"{number}/" + "/".join("d" * 95) + "/x", b"")
    return file


@attack("no credit", "more than 2,000 entries")
def many_folders_of_the_app(project: Project) -> Path:
    """Let 1,900 entries of app/ take as many folders each as a name may hold."""
    file = project.zipped()
    with zipfile.ZipFile(file, "a") as archive:
        for number in range(1_900):
            archive.writestr(f"app/{number}/" + "/".join("d" * 15) + "/x", b"")
    return file


@attack("no credit", "more than 2,000 entries|n't a whole|nothing in it")
def hidden_directory(project: Project) -> Path:
    """Let the zip's end announce a small directory, by a field that looks like an end itself; it's a large one."""
    file = project.zipped()
    with zipfile.ZipFile(file, "a") as archive:
        for number in range(60_000):
            archive.writestr(f"app/data/{'x' * 60}{number}", b"")
        archive.comment = b"PK\x05\x06" + bytes(18)
    return file


@attack("no credit", "no app/main.py")
def zip_in_a_zip_in_a_zip(project: Project) -> Path:
    """Put the zip into a zip again and again, which hurts a reader that unpacks to the end."""
    file = project.zipped()
    for number in range(3):
        content = file.read_bytes()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(f"{number}.zip", content)
    return file


@attack("no credit", "unpacks to|n't a whole")
def tar_bomb(project: Project) -> Path:
    """Unpack to 1 GiB, as a tar."""
    file = project.folder.with_suffix(".tar.gz")
    with tarfile.open(file, "w:gz", compresslevel=1) as archive:
        archive.add(project.folder / MAIN, MAIN)
        large = tarfile.TarInfo("app/large.py")
        large.size = 2**30
        archive.addfile(large, _Zeros(large.size))
    return file


class _Zeros(io.RawIOBase):
    """As many zeros as are asked for."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        given = min(size, self.left)
        self.left -= given
        return bytes(given)
