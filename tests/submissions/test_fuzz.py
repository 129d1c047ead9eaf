"""The way in under fuzz: whatever bytes and names come, there's a project, or a sentence that says why not."""

import contextlib
import os
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbook.errors import UserError
from workbook.grader.file_names import read_name
from workbook.grader.folder import find_submissions
from workbook.grader.identity import identify
from workbook.grader.owners import Owners
from workbook.grader.results import Learner
from workbook.grader.roster import read_roster
from workbook.submissions.reading import read_submission
from workbook.submissions.snapshot import take_snapshot
from workbook.submissions.trees import MOST_BYTES, MOST_FILES, BadSubmission

from .test_generous import GOOD, beside, tarred, unicode_path, zipped

EXERCISES = ["avatar", "cover-image", "pagination", "request-log"]
ADA = Learner("a1", "Ada Lovelace", "ada@example.com", {"canvas": "1001", "moodle": "2001"}, group="Beta")
# What the fuzzer has found so far, and what's like it.
FOUND_BYTES = [
    b"",
    b"PK\x05\x06" + bytes(18),
    b"PK\x05\x06" + b"\xff" * 18,
    b"\x1f\x8b",
    b"\x1f\x8b\x08" + bytes(60),
    b"BZh9" + bytes(60),
    bytes(257) + b"ustar" + bytes(250),
    GOOD["Big5"][1:],
    GOOD["tar"][:512] + b"\xff" * 512,
    GOOD["at the top"].replace(b"app/main.py", b"app/\0ain.py"),
    GOOD["at the top"].replace(b"app/main.py", b"app/main\xff\xfe"),
    zipped([("app/main.py", b""), ("app/main.py/", b"")]),
    zipped([("app/main.py", b""), ("con", b""), ("a/" * 120 + "b.py", b"")]),
]
FOUND_NAMES = [
    "",
    ".",
    "\x00",
    "a\ud800",
    "_1_2_",
    "_1_assignsubmission_file_",
    "-" * 3000,
    "(1).zip",
    "()",
    "1-1--0000",
]
NAMES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(FOUND_NAMES),
    st.lists(st.sampled_from(["ada", "_", "1001", "LATE_", "avatar", "-", " ", "(1)", ".zip", "_assignsubmission_file_",
                              "cover image", "é", "表", "\\", "/", "..", "app", "main.py", "2026-11-22-174501"]),
             max_size=12).map("".join),
)  # fmt: skip
THOROUGH = settings(max_examples=400, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def read_all(content: bytes) -> None:
    """Read the bytes as a submission, and see that what comes of it is bounded and leads nowhere else."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ada.zip"
        file.write_bytes(content)
        began = time.thread_time()
        taken = take_snapshot(file)
        try:
            project = read_submission(file)
        except BadSubmission as error:
            said = str(error)
        else:
            said = ""
            assert ("app", "main.py") in project.files
            assert len(project.files) <= MOST_FILES
            assert sum(map(len, project.files.values())) <= MOST_BYTES
            assert not any({"", ".", ".."} & set(parts) or "/" in "".join(parts) for parts in project.files)
            with taken.project() as place:
                assert (place / "app/main.py").is_file()
        assert said == taken.refused
        assert len(said) < 600
        assert time.thread_time() - began < 10
        assert os.listdir(folder) == ["ada.zip"]  # noqa: PTH208


@pytest.mark.parametrize("content", FOUND_BYTES)
def test_what_was_found_is_read(content: bytes) -> None:
    """What once was a crash is a sentence, or a project."""
    read_all(content)


@pytest.mark.exhaustive
def test_damaged_archives_are_read() -> None:
    """An archive with bytes changed, cut off or repeated."""

    @THOROUGH
    @given(
        name=st.sampled_from(sorted(GOOD)),
        edits=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6), st.integers(0, 6)), max_size=6),
        end=st.one_of(st.just(1.0), st.floats(0, 1)),
    )
    def damaged(name: str, edits: list[tuple[float, bytes, int]], end: float) -> None:
        content = bytearray(GOOD[name])
        for where, new, over in edits:
            place = int(where * len(content))
            content[place : place + over] = new
        read_all(bytes(content[: int(end * len(content))]))

    damaged()


@pytest.mark.exhaustive
@pytest.mark.parametrize("pack", ["zip", "tar", "extra"])
def test_archives_with_any_names_are_read(pack: str) -> None:
    """An archive of a project, and of files with any names, in any order."""

    def make(names: list[str]) -> bytes:
        if pack == "tar":
            return tarred({name[:90].replace("\0", "0") or "x": b"x" for name in names} | {"app/main.py": b""})
        cut = (name.partition("\0")[0].encode("utf-8", "replace")[:200] for name in names)  # as zipfile cuts them
        raw = dict.fromkeys(text for text in cut if text not in {b"", b"x", b"app/main.py"})
        if pack == "extra":
            return zipped((_entry(text, unicode_path(text, f"{text!r}")), b"x") for text in [b"app/main.py", *raw])
        return zipped([("app/main.py", b""), *((_entry(text), b"x") for text in raw)])

    @THOROUGH
    @given(names=st.lists(NAMES, max_size=8, unique=True))
    def named(names: list[str]) -> None:
        try:
            content = make(names)
        except (ValueError, UnicodeError, tarfile.TarError):  # no archive can hold it
            return
        read_all(content)

    named()


def _entry(name: bytes, extra: bytes = b"") -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name.decode("latin-1") or "x")
    entry.extra = extra
    return entry


@pytest.mark.exhaustive
def test_any_class_folder_is_read(tmp_path: Path) -> None:
    """A folder of anything, and a zip of the same, give submissions, and each of them a snapshot."""

    def below(name: str, content: bytes) -> Callable[[Path], object]:
        def put(path: Path) -> None:
            (path / name).parent.mkdir(parents=True)
            (path / name).write_bytes(content)

        return put

    contents: list[Callable[[Path], object]] = [
        lambda path: path.mkdir(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(GOOD["a zip in a zip"]),
        lambda path: path.write_bytes(beside("x")),
        lambda path: path.symlink_to(path.name),
        lambda path: path.symlink_to(".."),
        below("app/main.py", b""),
        below("lovelaceada_1001_5_avatar.zip", GOOD["tar"]),
        below("submission_metadata.yml", b"a: ["),
        lambda path: os.mkfifo(path),
    ]

    @THOROUGH
    @given(items=st.lists(st.tuples(NAMES, st.sampled_from(contents)), max_size=6))
    def filled(items: list[tuple[str, Callable[[Path], object]]]) -> None:
        with tempfile.TemporaryDirectory(dir=tmp_path) as name:
            folder = Path(name) / "class"
            folder.mkdir()
            for called, put in items:
                plain = called.replace("/", "_").replace("\0", "0").encode("utf-8", "replace").decode()[:60]
                path = folder / plain
                if plain not in {"", ".", ".."} and not os.path.lexists(path):
                    put(path)
            found = find_submissions([folder], EXERCISES, known=Owners([ADA]).knows)
            the_class = identify(found, [ADA], EXERCISES, all_exercises=True)
            for one in the_class.work:
                with contextlib.suppress(OSError):  # a FIFO
                    one.found.snapshot()

    filled()


@pytest.mark.exhaustive
def test_any_name_is_read() -> None:
    """A file's name of any kind says something, quickly, and something that a journal can keep."""

    @THOROUGH
    @given(name=st.one_of(NAMES, st.text(max_size=2000)))
    def read(name: str) -> None:
        began = time.thread_time()
        named = read_name(name, EXERCISES)
        assert named.learner
        named.learner.encode()
        assert 1 <= named.attempt <= 50
        assert time.thread_time() - began < 1
        Owners([ADA]).owners(named)

    read()


@pytest.mark.exhaustive
def test_any_roster_is_read_or_refused(tmp_path: Path) -> None:
    """A roster of any bytes gives learners, each with a different id, or a sentence."""
    file = tmp_path / "roster.csv"
    header = st.sampled_from(["id,name,email", "Student,ID,SIS User ID,Section", "a;b;c@d", "Teilnehmer1\tx\ty\tz\t-"])
    cells = st.lists(
        st.one_of(st.text(max_size=12), st.sampled_from(["a1", "a@b", "T 1", "", "-", '"', "100,0"])), max_size=5
    )

    @THOROUGH
    @given(
        content=st.one_of(
            st.binary(max_size=200),
            st.tuples(header, st.lists(cells, max_size=5), st.sampled_from([",", ";", "\t"])).map(
                lambda told: "\n".join([told[0], *(told[2].join(row) for row in told[1])]).encode("utf-8", "replace")
            ),
        )
    )
    def read(content: bytes) -> None:
        file.write_bytes(content)
        try:
            learners = read_roster(file)
        except UserError:
            pass
        else:
            assert len({one.id for one in learners}) == len(learners) > 0

    read()
