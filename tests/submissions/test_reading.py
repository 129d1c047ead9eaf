"""What learners hand in: every folder and zip is tested, or refused with one sentence, and nothing else is touched."""

import os
import re
import shlex
import stat
import tempfile
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from workbook.submissions.reading import BadSubmission, open_submission

from ..conftest import COURSE
from ..runners import Ended, Workbook, files_below, run_pytest

SOLVED = """

@app.get("/count")
def count(letter: str = "") -> dict[str, int]:
    return {"count": sum(title.startswith(letter) for title in books.titles())}
"""
FIRST = "app/main.py"
MARK = "mark of the submission"  # what a file of it prints that must not be run


def project() -> dict[str, bytes]:
    """Return the files of a small project that solves the exercise."""
    files = {f"app/{name}": content for name, content in files_below(COURSE / "final/app").items()}
    files = {name: content for name, content in files.items() if name.endswith(".py")}
    return files | {FIRST: files[FIRST] + SOLVED.encode()}


def put(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def zipped(file: Path, entries: Iterable[tuple[str | zipfile.ZipInfo, bytes]]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return file


def with_project(*more: tuple[str | zipfile.ZipInfo, bytes]) -> Callable[[Path], Path]:
    """Return a zip of the project and one thing that doesn't belong in it."""
    return lambda file: zipped(file, [*project().items(), *more])


def of_kind(kind: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("app/odd")
    entry.external_attr = (kind | 0o777) << 16
    return entry


def packed_by(kind: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("app/odd.py")
    entry.compress_type = kind
    return entry


def encrypted(file: Path) -> Path:
    data = bytearray(with_project()(file).read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    file.write_bytes(data)
    return file


def broken_off(file: Path) -> Path:
    whole = with_project()(file).read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    return file


def damaged(file: Path) -> Path:
    data = bytearray(with_project()(file).read_bytes())
    data[60:90] = bytes(30)
    file.write_bytes(data)
    return file


def bomb(file: Path, *, told: int | None = None) -> Path:
    """A file of 2 GiB of zeros in a zip of 2 MB, made without packing them; its directory announces this size."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    content = block * 2048 + packer.flush()
    zipped(file, [(FIRST, b"x")])
    data = file.read_bytes()
    old = zlib.compressobj(-1, zlib.DEFLATED, -15)
    short = old.compress(b"x") + old.flush()
    sizes = len(short).to_bytes(4, "little") + (1).to_bytes(4, "little")
    new = len(content).to_bytes(4, "little") + (told or 2**31).to_bytes(4, "little")
    data = data.replace(short, content, 1).replace(sizes, new)
    place = data.rindex(b"PK\x05\x06") + 16
    start = data.rindex(b"PK\x01\x02").to_bytes(4, "little")
    file.write_bytes(data[:place] + start + data[place + 4 :])
    return file


def of_entries(file: Path, count: int = 100_000) -> Path:
    """Return a zip whose directory has one entry many times."""
    data = zipped(file, [(FIRST, b"x")]).read_bytes()
    begin, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    directory = data[begin:end] * count
    tail = bytearray(data[end:])
    tail[8:12] = min(count, 0xFFFF).to_bytes(2, "little") * 2
    tail[12:16] = len(directory).to_bytes(4, "little")
    file.write_bytes(data[:begin] + directory + tail)
    return file


def written(content: bytes) -> Callable[[Path], Path]:
    return lambda file: (file.write_bytes(content), file)[1]


def sparse(file: Path) -> Path:
    file.touch()
    os.truncate(file, 101 * 2**20)
    return file


def below(*folders: str) -> Callable[[Path], Path]:
    """Return a zip with the project in these folders."""
    return lambda file: zipped(file, [(f"{top}{n}", c) for top in folders for n, c in project().items()])


PLAIN = "isn't a whole, plain zip"
NO_APP = "There's no app/main.py in it: hand in the folder of your project"
BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "absolute": (with_project(("/tmp/outside.py", b"")), "The zip holds '/tmp/outside.py', which leads out of it."),
    "upwards": (with_project(("../outside.py", b"")), "The zip holds '../outside.py', which leads out of it."),
    "upwards inside": (with_project(("app/../../outside.py", b"")), "which leads out of it."),
    "upwards folder": (with_project(("../outside/", b"")), "which leads out of it."),
    "drive": (with_project(("C:/x.py", b"")), "The zip holds 'C:/x.py', which leads out of it."),
    "drive with backslashes": (with_project(("C:\\x.py", b"")), "which leads out of it."),
    "upwards with backslashes": (with_project(("app\\..\\..\\x.py", b"")), "which leads out of it."),
    "link": (with_project((of_kind(stat.S_IFLNK), b"/etc/passwd")), "'app/odd' in the zip is a link"),
    "device": (with_project((of_kind(stat.S_IFCHR), b"")), "'app/odd' in the zip is neither a file nor a folder"),
    "pipe": (with_project((of_kind(stat.S_IFIFO), b"")), "'app/odd' in the zip is neither a file nor a folder"),
    "odd name": (with_project(("app/\x1b[2J.py", b"")), r"a name in it that no project needs: 'app/\x1b[2J.py'."),
    "long name": (
        with_project((f"app/{'x' * 300}.py", b"")),
        "The zip has a name in it that no project needs: 'app/xxx",
    ),
    "case": (with_project(("app/Books.py", b"")), "'app/books.py' and 'app/Books.py' in the zip differ in case alone."),
    "twice": (with_project(("./app/books.py", b"")), "'app/books.py' is in the zip twice."),
    "file and folder": (with_project(("app/main.py/x.py", b"")), "'app/main.py' in the zip is a file and a folder."),
    "encrypted": (encrypted, "in the zip is encrypted."),
    "packed oddly": (with_project((packed_by(zipfile.ZIP_LZMA), b"x")), "'app/odd.py' in the zip is packed in a rare"),
    "broken off": (broken_off, PLAIN),
    "damaged": (damaged, PLAIN),
    "no zip": (written(b"print('hello')\n"), PLAIN),
    "empty": (written(b""), PLAIN),
    "no files": (lambda file: zipped(file, []), "There's nothing in it: hand in the folder of your project"),
    "many files": (of_entries, "The zip holds more than 2,000 entries: leave the virtual environment out."),
    "some files too many": (
        with_project(*((f"app/{n}.py", b"") for n in range(2000))),
        "The zip holds more than 2,000 entries",
    ),
    "bomb": (bomb, "The zip unpacks to 2,048 MiB, more than 20."),
    "lying bomb": (lambda file: bomb(file, told=1000), PLAIN),
    "large": (sparse, "is larger than 100 MiB."),
    "three folders": (below("a/b/c/"), NO_APP),
    "inside of app": (
        lambda file: zipped(file, [(n.removeprefix("app/"), c) for n, c in project().items()]),
        "There's a main.py but no app/main.py: hand in the folder that app/ is in, not what's inside app/.",
    ),
    "two projects": (below("mine/", "yours/"), "There are several projects in it: mine, yours. Hand in one."),
    "no project": (lambda file: zipped(file, [("notes.txt", b"x")]), NO_APP),
    "own fastapi.py": (with_project(("fastapi.py", b"")), "fastapi.py hides the package fastapi of the same name"),
    "own fastapi/": (with_project(("fastapi/__init__.py", b"")), "fastapi hides the package fastapi of the same name"),
    "own json.py": (with_project(("json.py", b"")), "json.py hides the package json of the same name: rename it."),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_zips_are_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A zip that can't be tested is refused with the reason, quickly, in little memory, leaving nothing."""
    make, message = BAD[name]
    temporary = tmp_path / "deep" / "temporary"
    temporary.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    file = make(tmp_path / "handed-in.zip")
    before = sorted(tmp_path.rglob("*"))
    tracemalloc.start()
    began = time.perf_counter()

    with pytest.raises(BadSubmission) as refused, open_submission(file):
        pass

    seconds, (_, most) = time.perf_counter() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert message in str(refused.value)
    assert re.search(r"[^.]\.$", str(refused.value)), "it is not one sentence"
    assert sorted(tmp_path.rglob("*")) == before
    assert not Path("/tmp/outside.py").exists()
    assert most < 100 * 2**20
    assert seconds < 20


@pytest.mark.parametrize("name", ["upwards", "link", "bomb", "inside of app", "own fastapi.py", "empty"])
def test_check_tells_a_bad_submission(shared: Workbook, tmp_path: Path, name: str) -> None:
    """For a bad submission, `check --submission` says why and how to make a good zip; exit 1."""
    make, message = BAD[name]

    ended = shared("check", "count", "--submission", str(make(tmp_path / "handed-in.zip")))

    assert (ended.status, ended.out) == (1, "")
    said = " ".join(ended.err.split())
    assert said.startswith("workbook: ")
    assert message in said
    assert said.endswith("Next: uv run workbook submit count makes a good one")
    assert list(shared.temporary.iterdir()) == []


def pytest_in(workbook: Workbook, *words: str) -> Ended:
    """Run only pytest in the small course, as an instructor does."""
    return run_pytest(*words, cwd=workbook.root, env=workbook.env)


@pytest.mark.parametrize("name", ["absolute", "bomb", "two projects", "own fastapi/", "broken off"])
def test_pytest_tells_a_bad_submission(shared: Workbook, tmp_path: Path, name: str) -> None:
    """For a bad submission, `pytest exercises/NAME --submission` says the same in one line and exits 4."""
    make, message = BAD[name]
    file = str(make(tmp_path / "handed-in.zip"))

    ended = pytest_in(shared, "exercises/count", "--submission", file, "--unsafe")

    assert (ended.status, ended.out) == (4, "")
    assert ended.err.startswith("ERROR: ")
    assert message in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert list(shared.temporary.iterdir()) == []


@pytest.mark.parametrize(
    "words, message",
    [
        (["exercises/count", "--submission", "nowhere.zip", "--unsafe"], "nowhere.zip doesn't exist."),
        (["exercises/count", "--submission", os.devnull, "--unsafe"], "is neither a folder nor a file."),
        (
            ["exercises/count", "--submission", "final", "--launcher", "fork"],
            "--launcher doesn't use a sandbox: leave it out, or add --unsafe if you trust the submission.",
        ),
        (["--submission", "final", "--unsafe"], "--submission needs the exercise to test: pytest exercises/NAME"),
        (["exercises/count"], "exercises/count tests what was handed in: add --submission PATH. Your own project"),
        (["exercises/count/test_count.py"], "uv run workbook check count"),
    ],
)
def test_misuse_of_pytest(shared: Workbook, words: list[str], message: str) -> None:
    """Without a submission, an exercise or --unsafe, pytest says in one line what's missing, and runs nothing."""
    ended = pytest_in(shared, *words)

    assert (ended.status, ended.out) == (4, "")
    assert message in ended.err
    assert len(ended.err.strip().splitlines()) == 1


def test_exercises_are_not_run_without_a_submission(shared: Workbook) -> None:
    """pytest on a whole course leaves out exercises, because there's no submission to test."""
    ended = pytest_in(shared, "--collect-only", "exercises", "stages/01-hello")

    assert ended.status == 0
    assert "test_greets_by_name" in ended.out
    assert "test_counts_books" not in ended.out


@pytest.mark.parametrize("top", ["", "blog/", "download/blog/", ".hidden/"])
def test_good_zips_are_tested(shared: Workbook, tmp_path: Path, top: str) -> None:
    """A project at the top of the zip, or one or two folders down, is tested, whatever macOS adds beside it."""
    entries = [(f"{top}{name}", content) for name, content in project().items()]
    macos = [(f"__MACOSX/{top}app/._main.py", b"\0"), ("__MACOSX/x/app/main.py", b"\0")] if top != ".hidden/" else []
    file = zipped(tmp_path / "handed in.zip", [*entries, *macos])

    ended = shared("check", "count", "--submission", str(file))

    if top == ".hidden/":
        assert (ended.status, NO_APP in " ".join(ended.err.split())) == (1, True)
        return
    assert (ended.status, ended.err) == (0, "")
    assert "".join(ended.out.partition("\n\n")[0].split()) == f"Counthandedin,{file}".replace(" ", "")
    assert "70 of 70 points; 30 more are graded by hidden tests." in ended.lines
    assert not shared.notes("solved"), "somebody else's work is not the learner's progress"
    assert list(shared.temporary.iterdir()) == []


@pytest.mark.parametrize("name", ["blog", ".hidden", "__blog"])
def test_a_folder_is_tested(shared: Workbook, tmp_path: Path, name: str) -> None:
    """A folder is tested where it is, whatever its name is, and nothing is written into it."""
    folder = put(tmp_path / name, project())

    ended = shared("check", "count", "--submission", str(folder))

    assert (ended.status, " ".join(ended.lines[:2]).strip()) == (0, f"Count  handed in, {folder}")
    assert files_below(folder) == project()


HOSTILE = {
    "conftest.py": f"raise SystemExit('{MARK}')\n".encode(),
    "app/conftest.py": f"raise SystemExit('{MARK}')\n".encode(),
    "sitecustomize.py": f"raise SystemExit('{MARK}')\n".encode(),
    "pytest.ini": b"[pytest]\naddopts = -k nothing\n",
    "pyproject.toml": b"[tool.pytest.ini_options]\naddopts = '-k nothing'\n",
    "test_mine.py": f"raise SystemExit('{MARK}')\n".encode(),
}


def test_settings_of_a_submission_are_not_followed(shared: Workbook, tmp_path: Path) -> None:
    """A submission's conftest.py, pytest.ini, sitecustomize.py and tests don't run and change no verdict."""
    folder = put(tmp_path / "blog", project() | HOSTILE)
    hidden = (shared.root / "exercises/count/hidden").is_dir()

    checked = shared("check", "count", "--submission", str(folder), cwd=shared.root)
    tested = pytest_in(shared, "exercises/count", "--submission", str(folder), "--unsafe")
    mixed_up = pytest_in(shared, "--submission", str(folder), "--unsafe", "exercises/count")

    assert (checked.status, checked.err) == (0, "")
    assert tested.status == 0
    assert f"{2 if hidden else 1} passed" in tested.out
    assert MARK not in checked.out + tested.out + tested.err + mixed_up.out + mixed_up.err
    assert (mixed_up.status, mixed_up.out) == (4, "")
    assert f"The settings are those of {folder / 'pytest.ini'}, not the course's: name the exercise" in mixed_up.err


@pytest.mark.parametrize(
    "words, environment",
    [
        (["--submission", "PATH", "--unsafe", "exercises/count"], ""),
        (["--unsafe", "--submission", "PATH", "exercises/count/test_count.py"], ""),
        (["--submission", "PATH", "exercises/count", "--unsafe", "--co"], ""),
        (["exercises/count", "--unsafe"], "--submission PATH"),
        (["exercises/count", "--unsafe"], "--submission=PATH"),
        (["--submission=PATH", "--unsafe", "exercises/count"], ""),
        (["--unsafe", "exercises/count", "--submission", "PATH"], "-q"),
    ],
)
def test_no_order_of_words_obeys_a_submission(
    shared: Workbook, tmp_path: Path, words: list[str], environment: str
) -> None:
    """In any order, and from the environment, no conftest.py of a submission is imported, and no file is written."""
    mine = put(tmp_path / "mine", {"kept.txt": b"kept"}) / "kept.txt"
    ini = f"[pytest]\naddopts = --debug={mine}\ntestpaths = {tmp_path / 'blog'}\n"
    folder = put(tmp_path / "blog", project() | HOSTILE | {"pytest.ini": ini.encode()})
    placed = [word.replace("PATH", str(folder)) for word in words]

    env = shared.env | {"PYTEST_ADDOPTS": environment.replace("PATH", shlex.quote(str(folder)))}
    ended = run_pytest(*placed, cwd=shared.root, env=env)

    assert MARK not in ended.out + ended.err
    assert mine.read_bytes() == b"kept"
    assert ended.status in {0, 4}, ended.out + ended.err
    if ended.status == 4:
        assert "not the course's: name the exercise before --submission, or write --submission=PATH" in ended.err


@pytest.mark.parametrize(
    "main, message",
    [
        (b"app = FastAPI(\n", "The app has a syntax error:"),
        (b"import nowhere\n", "The app imports 'nowhere', which isn't installed"),
        (b"blog = 1\n", "app/main.py defines no `app`."),
        (b"\0", "The app has a syntax error:"),
        (b"import sys\nsys.exit(0)\n", "The app ended the program while it was imported"),
    ],
)
def test_apps_that_do_not_start(shared: Workbook, tmp_path: Path, main: bytes, message: str) -> None:
    """An app that can't start is one card with its line; no points, exit 1, and none of our tracebacks."""
    file = zipped(tmp_path / "handed-in.zip", (project() | {FIRST: main}).items())

    ended = shared("check", "count", "--submission", str(file))

    assert (ended.status, ended.err) == (1, "")
    assert message in " ".join(ended.out.split())
    assert "0 of 70 points; 30 more are graded by hidden tests." in ended.lines
    assert "workbook/" not in ended.out.partition("Not served")[2].partition("Hint")[0]


def test_a_card_of_a_submission_can_be_repeated(shared: Workbook, tmp_path: Path) -> None:
    """A submission's card says how to serve the submission, because it isn't a step of the course."""
    files = project()
    unsolved = files[FIRST].replace(b"sum(", b"-sum(")

    ended = shared("check", "count", "--all", "--submission", str(put(tmp_path / "blog", files | {FIRST: unsolved})))

    assert ended.status == 1
    assert " Repeat it  in its folder: uv run fastapi run app/main.py" in ended.lines
    assert "            curl -i http://127.0.0.1:8000/count" in ended.lines
    assert "To do" not in ended.out


def test_only_exercises_take_submissions(shared: Workbook) -> None:
    """`check --submission` of a stage, or together with --shipped, is refused; exit 2."""
    stage = shared("check", "01", "--submission", "final")
    both = shared("check", "count", "--submission", "final", "--shipped")

    assert (stage.status, both.status) == (2, 2)
    assert "01-hello isn't an exercise, so you don't hand it in." in stage.err
    assert "Use --submission or --shipped, not both." in both.err
