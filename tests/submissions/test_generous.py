"""What's handed in is read generously: whatever the app doesn't need costs nothing, and is mentioned."""

import io
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from workbook.submissions import projects, trees
from workbook.submissions.reading import BadSubmission, Empty, read_submission
from workbook.submissions.snapshot import take_snapshot

pytestmark = pytest.mark.exhaustive(sample=24, of="file")

Content = dict[str, bytes]
APP: Content = {
    "app/__init__.py": b"",
    "app/main.py": b"app = 1\n",
    "app/templates/page.html": b"<p>",
    "requirements.txt": b"",
}
STAGE = {f"05-routers/{name}": content for name, content in APP.items()}


def under(prefix: str, files: Content = APP) -> Content:
    return {prefix + name: content for name, content in files.items()}


class Raw(zipfile.ZipInfo):
    """An entry whose name is bytes of a code page, without the flag for UTF-8."""

    raw = b""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - zipfile's own
        return self.raw, self.flag_bits & ~0x800


def raw(name: bytes, extra: bytes = b"") -> Raw:
    entry = Raw("x")
    entry.raw, entry.filename, entry.extra = name, name.decode("latin-1"), extra
    return entry


def zipped(entries: Iterable[tuple[str | zipfile.ZipInfo, bytes]]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return packed.getvalue()


def tarred(files: Content, mode: str = "w:gz", *more: tarfile.TarInfo) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for entry in more:
            archive.addfile(entry)
    return packed.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return entry


def tar_link(name: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return entry


def beside(*names: str | zipfile.ZipInfo) -> bytes:
    """A zip of the project, and of these beside app/."""
    more = [(f"final/{name}" if isinstance(name, str) else name, b"x") for name in names]
    return zipped([*under("final/").items(), *more])


def unicode_path(name: bytes, text: str) -> bytes:
    content = b"\1" + struct.pack("<I", zlib.crc32(name)) + text.encode()
    return struct.pack("<HH", 0x7075, len(content)) + content


COURSE = {"workbook.toml": b"", **under("final/"), **under("stages/05-routers/")}
GOOD: dict[str, bytes] = {
    "at the top": zipped(APP.items()),
    "in a folder": zipped(under("blog/").items()),
    "with ./ before each": zipped(under("./blog/").items()),
    "folders listed": zipped([("blog/", b""), ("blog/app/", b""), *under("blog/").items()]),
    "backslashes": zipped((raw(name.replace("/", "\\").encode()), content) for name, content in under("b/").items()),
    "backslashes and a folder": zipped(
        [(raw(b"b\\"), b""), *((raw(name.replace("/", "\\").encode()), b) for name, b in under("b/").items())]
    ),
    "backslashes behind an accent": zipped(
        (raw(name.replace("/", "\\").encode("cp850")), content) for name, content in under("Universit\u00e0/").items()
    ),
    "Shift-JIS": zipped((raw(name.encode("cp932")), content) for name, content in under("表ソ/").items()),
    "Big5": zipped((raw(name.encode("big5")), content) for name, content in under("功課/許/").items()),
    "a page of Shift-JIS": zipped([*under("b/").items(), (raw("b/表.md".encode("cp932")), b"")]),
    "UTF-8 without the flag": zipped((raw(name.encode()), content) for name, content in under("Zoë 👩‍💻/").items()),
    "Windows-1251": zipped((raw(name.encode("cp1251")), content) for name, content in under("проект/").items()),
    "a name as an extra field": zipped(
        (raw(b"?" + name.encode(), unicode_path(b"?" + name.encode(), f"é/{name}")), content)
        for name, content in APP.items()
    ),
    "a program before it": b"#!/bin/sh\nexit\n" * 50 + zipped(APP.items()),
    "a whole course": zipped(under("c-main/", COURSE | under("work/final/")).items()),
    "a course without its top": zipped((COURSE | under("work/final/")).items()),
    "a course with a stage begun": zipped(under("c/", COURSE | under("work/final/") | under("work/", STAGE)).items()),
    "only work/": zipped((under("work/final/") | under("work/", STAGE)).items()),
    "work/ and a backup": zipped(
        (under("work/final/") | under("work/backups/final-2026/") | under("work/", STAGE)).items()
    ),
    "a course, two levels down": zipped(under("a/b/", COURSE | under("work/final/")).items()),
    "a project and a stage": zipped((under("final/") | STAGE).items()),
    "a zip in a zip": zipped([("avatar-2026.zip", zipped(under("final/").items()))]),
    "a zip in a folder in a zip": zipped([("mine/A.ZIP", zipped(APP.items())), ("__MACOSX/mine/._A.ZIP", b"x")]),
    "a tar in a zip": zipped([("a.tar.gz", tarred(under("final/")))]),
    "tar.gz": tarred(under("final/")),
    "tar.gz with ./": tarred(under("./")),
    "tar": tarred(under("final/"), "w"),
    "tar.bz2": tarred(under("final/"), "w:bz2"),
    "tar with links": tarred(under("final/"), "w:gz", tar_link("final/notes"), tar_link("final/.venv/bin/python")),
}
NAMES = [
    "Screenshot 2026-11-22 at 5.45.01\u202fPM.png",
    "Snímek obrazovky 2026-11-22 v\u00a013.05.05.png",
    "notes 👩\u200d💻.md",
    "notes 11:30.md",
    "é" * 150,
    "why?.txt",
    "an article that I saved as a web page, " * 6 + ".html",
    "/".join(["deep"] * 40) + "/x.txt",
    "Icon\r",
    ".DS_Store",
    ".git/config",
    ".git/objects/" + "x" * 300,
    "venv/lib/x.py",
    ".venv/lib/python3.12/site-packages/json.py",
    "node_modules/a:b/c.js",
    "app/<b>copy?.py",  # no import can name it
    "__pycache__/x.pyc",
    "uploads/photo.jpg",
    "blog.db",
]


@pytest.mark.parametrize("name", GOOD)
def test_archives_are_read(name: str, tmp_path: Path) -> None:
    """However it was packed, the project in it is the same, and so is its digest."""
    file = tmp_path / "a.zip"
    file.write_bytes(GOOD[name])
    plain = tmp_path / "plain.zip"
    plain.write_bytes(zipped(APP.items()))

    found = read_submission(file)

    assert {"/".join(parts): content for parts, content in found.files.items() if parts[-1] != "ò\\.md"} == APP
    assert take_snapshot(file).digest == take_snapshot(plain).digest or "page" in name


@pytest.mark.parametrize("name", NAMES)
def test_names_cost_nothing(name: str, tmp_path: Path) -> None:
    """A file beside app/ that the app doesn't need is left out, or taken, whatever it's called."""
    file = tmp_path / "a.zip"
    file.write_bytes(beside(name))

    files = read_submission(file).files

    assert {"/".join(parts) for parts in files} - {name} == set(APP)


def test_what_is_left_out_is_mentioned(tmp_path: Path) -> None:
    """What's left out is named, but for what every Mac, editor and run leaves behind."""
    file = tmp_path / "a.zip"
    file.write_bytes(beside(*NAMES, "readme.md", "README.md", link("final/notes")))

    found = read_submission(file)

    assert {name[:20] for name in found.left_out} == {
        "Screenshot 2026-11-22 at 5.45.01\u202fPM.png"[:20],
        "Snímek obrazovky 2026-11-22"[:20],
        "notes 👩\u200d💻.md",
        "notes 11:30.md",
        "é" * 20,
        "why?.txt",
        "app/<b>copy?.py",
        "an article that I saved"[:20],
        "final/deep/deep/deep/deep"[:20],
        "README.md",
        "venv/",
        "node_modules/",
        "notes",
    }


def test_folders_are_read_as_zips_are(tmp_path: Path) -> None:
    """A folder with the same things in it gives the same project, and the same digest."""
    folder, file = tmp_path / "ada", tmp_path / "a.zip"
    for name, content in under("final/").items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    file.write_bytes(beside())
    plain = take_snapshot(file).digest
    for name in NAMES:
        if len(name.encode()) < 200:
            (folder / "final" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "final" / name).write_bytes(b"x")
    for name in ("uploads/photo.jpg", "blog.db", ".DS_Store"):
        (folder / "final" / name).unlink()
    (folder / "final/env/bin").mkdir(parents=True)
    (folder / "final/env/pyvenv.cfg").write_text("")
    (folder / "final/env/bin/json.py").write_text("")
    (folder / "loop").symlink_to(".")
    os.mkfifo(folder / "final/pipe")

    taken = take_snapshot(folder)

    assert taken.digest == plain
    assert "final/env/" in taken.left_out


def test_a_deep_folder_is_read(tmp_path: Path) -> None:
    """A folder a thousand levels deep beside the app is left out, and no recursion ends the reading."""
    for name, content in APP.items():
        (tmp_path / "ada" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "ada" / name).write_bytes(content)
    here = os.open(tmp_path / "ada", os.O_RDONLY)
    for _ in range(1000):
        os.mkdir("d", dir_fd=here)
        here, above = os.open("d", os.O_RDONLY, dir_fd=here), here
        os.close(above)
    os.close(here)

    found = read_submission(tmp_path / "ada")

    assert {"/".join(parts) for parts in found.files} == set(APP)
    for _ in range(1000):  # the usual ways to remove a folder are recursive
        (tmp_path / "ada" / "d").rename(tmp_path / "e")
        if (tmp_path / "e" / "d").exists():
            (tmp_path / "e" / "d").rename(tmp_path / "ada" / "d")
        (tmp_path / "e").rmdir()
        if not (tmp_path / "ada" / "d").exists():
            break


def test_what_is_too_much_beside_the_app_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what the app doesn't need, as much is taken as there's room for; too much code is refused."""
    monkeypatch.setattr(projects, "MOST_BYTES", 100)
    file = tmp_path / "a.zip"
    file.write_bytes(zipped([*APP.items(), ("app/uploads/a.jpg", bytes(200)), ("b.mp4", bytes(200)), ("c", bytes(9))]))

    found = read_submission(file)

    assert {"/".join(parts) for parts in found.files} == {*APP, "c"}
    assert found.left_out == ("app/uploads/a.jpg", "b.mp4")
    file.write_bytes(zipped([*APP.items(), ("app/static/a.jpg", bytes(200))]))
    with pytest.raises(BadSubmission, match="unpacks to"):
        read_submission(file)


@pytest.mark.parametrize(
    "content, kind, said",
    [
        (b"", Empty, "it's empty"),
        (zipped([]), Empty, "There's nothing in it"),
        (zipped([("a/", b"")]), Empty, "There's nothing in it"),
        (b"Rar!\x1a\x07\x01\x00rest", BadSubmission, "is a RAR archive: hand in a zip"),
        (b"7z\xbc\xaf\x27\x1crest", BadSubmission, "is a 7z archive"),
        (b"\xfd7zXZ\0rest", BadSubmission, "is packed with xz"),
        (b"%PDF-1.7", BadSubmission, "is a PDF"),
        (b"\n<!doctype html><title>Log in", BadSubmission, "is a web page"),
        (b"\xef\xbb\xbf<HTML>", BadSubmission, "is a web page"),
        (
            zipped([("app.7z", b"7z\xbc\xaf\x27\x1c")]),
            BadSubmission,
            "There's app.7z in it, which can't be read: hand in",
        ),
        (zipped([("a/app.tar.xz", b"")]), BadSubmission, "There's a/app.tar.xz in it"),
        (
            zipped([("a.zip", zipped(APP.items())), ("b.zip", b"")]),
            BadSubmission,
            "several archives in it: a.zip, b.zip",
        ),
        (zipped([("a.zip", zipped([("b.zip", zipped(APP.items()))]))]), BadSubmission, "There's no app/main.py"),
        (tarred(under("../")), BadSubmission, "'../app/__init__.py', which leads out"),
        (tarred(under("/")), BadSubmission, "which leads out"),
        (tarred(APP, "w:gz", tar_link("app/secret.py")), BadSubmission, "'app/secret.py' in the archive is a link"),
        (tarred(APP)[:60], BadSubmission, "isn't a whole, plain zip"),
        (
            zipped([*APP.items(), (link("app/odd.py"), b"/etc/passwd")]),
            BadSubmission,
            "'app/odd.py' in the zip is a link",
        ),
        (zipped((under("stages/") | under("exercises/")).items()), BadSubmission, "There's no app/main.py"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, content: bytes, kind: type, said: str) -> None:
    """An empty one, another format and a trap each have their own sentence."""
    file = tmp_path / "ada.zip"
    file.write_bytes(content)

    with pytest.raises(BadSubmission, match=said) as refused:
        read_submission(file)

    assert type(refused.value) is kind
    assert take_snapshot(file).refused == str(refused.value)


def ends_in_gigabytes() -> bytes:
    """A tar.gz of 2 MB whose one member has 2 GiB, before the project."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = tarfile.TarInfo("big.bin")
    head.size = 2**31
    begin = packer.compress(head.tobuf(tarfile.GNU_FORMAT)) + packer.flush(zlib.Z_FULL_FLUSH)
    # Each mebibyte is packed without a look at the last one, so one is like the other.
    mebibyte = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return begin + mebibyte * 2**11 + packer.flush()


def pax_of_gigabytes() -> bytes:
    """A tar whose header asks for 2 GiB of text about the next member."""
    head = tarfile.TarInfo("pax")
    head.type, head.size = tarfile.XHDTYPE, 2**31
    return head.tobuf(tarfile.GNU_FORMAT) + bytes(10240)


def directory_elsewhere() -> bytes:
    """A zip whose end says that its directory is small, behind the signature of an end in its last field."""
    data = bytearray(zipped([(f"app/{n}" + "x" * 90, b"") for n in range(60_000)]))
    return bytes(data)


@pytest.mark.parametrize("make", [ends_in_gigabytes, pax_of_gigabytes, directory_elsewhere])
def test_traps_cost_little(make: Callable[[], bytes], tmp_path: Path) -> None:
    """What asks for gigabytes, or holds a directory of millions, is refused in little processor time."""
    import time
    import tracemalloc

    file = tmp_path / "ada.zip"
    file.write_bytes(make())
    began = time.thread_time()
    tracemalloc.start()

    with pytest.raises(BadSubmission):
        read_submission(file)

    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100 * 2**20
    assert time.thread_time() - began < 10


def test_a_link_is_its_learners_own_trouble(tmp_path: Path) -> None:
    """No link on the way is followed, and none is read as what it leads to."""
    (tmp_path / "zoe").mkdir()
    (tmp_path / "zoe/a.zip").write_bytes(zipped(APP.items()))
    (tmp_path / "eve").symlink_to("zoe")
    (tmp_path / "a.zip").symlink_to("zoe/a.zip")
    (tmp_path / "loop").symlink_to("loop")

    for below in (("a.zip",), ("loop",), ("eve",)):
        assert take_snapshot(tmp_path, below).refused == "It's a link: hand in the file itself."
    with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
        take_snapshot(tmp_path, ("eve", "a.zip"))


def test_a_folder_swapped_for_a_link_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder whose parent becomes a link between its listing and its reading gives nothing from elsewhere."""
    for place in ("ada", "elsewhere"):
        for name in APP:
            (tmp_path / place / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / place / name).write_bytes(place.encode())
    listed = trees.tree_of_folder

    def swapped(top: int) -> trees.Tree:
        found = listed(top)
        if (tmp_path / "ada/app").exists() and not (tmp_path / "ada/app").is_symlink():
            (tmp_path / "ada/app").rename(tmp_path / "ada/old")
            (tmp_path / "ada/app").symlink_to(tmp_path / "elsewhere/app")
        return found

    monkeypatch.setattr("workbook.submissions.reading.tree_of_folder", swapped)

    assert "no app/main.py" in take_snapshot(tmp_path / "ada").refused
