"""`workbook submit`: the zip contains what belongs in it, and a grader accepts it."""

import os
import zipfile
from pathlib import Path

import pytest

from ..golden import Screens, transcript, unwrapped
from ..runners import Workbook
from .test_exercise_commands import solve

pytestmark = pytest.mark.exhaustive(sample=4, of="file")


@pytest.fixture
def project(workbook: Workbook) -> Path:
    """Return the learner's project after `start` of the exercise."""
    return workbook.put_into_work("count")


LEFT_OUT = {
    "app/.env": b"SECRET=1",
    "app/prod.env": b"SECRET=1",
    "app/server.key": b"SECRET",
    "app/blog.db": b"SQLite",
    "app/blog.db-wal": b"SQLite",
    "app/Blog.SQLITE3": b"SQLite",
    "app/uploads/picture.png": b"png",
    "app/requests.log": b"log",
    "app/.venv/lib/x.py": b"",
    "app/venv/lib/x.py": b"",
    "app/.git/config": b"",
    "app/.mypy_cache/x.json": b"",
    "app/big.py": b"#" * (1024 * 1024 + 1),
    "app/old.zip": b"zip",
    "app/odd\x1b.py": b"",
}
BESIDE = {
    ".env": b"SECRET=1",
    "blog.db": b"SQLite",
    "uploads/picture.png": b"png",
    ".git/config": b"",
    "conftest.py": b"",
}


def write_all(project: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_bytes(content)


def handed_in(workbook: Workbook) -> list[Path]:
    return sorted((workbook.work / "submissions").iterdir())


def test_submit_packs_what_belongs_in_it(workbook: Workbook, project: Path, screens: Screens) -> None:
    """The zip contains app/ and its related files; what else is in app/ is listed."""
    write_all(project, LEFT_OUT | BESIDE | {"seed.py": b"", "requirements.txt": b"", "app/uploads/crud.py": b""})
    write_all(project, {"app/__pycache__/main.cpython-311.pyc": b""})
    (project / "app/link.py").symlink_to("/etc/passwd")
    (project / "app/folder").symlink_to("/etc")
    (project / "app/nowhere.py").symlink_to("nowhere")
    os.mkfifo(project / "app/pipe.py")

    ended = workbook("submit", "count")

    assert (ended.status, ended.err) == (0, "")
    (file,) = handed_in(workbook)
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    wanted = ["__init__", "books", "config", "counting", "database", "main", "uploads/crud"]
    assert names == [
        f"final/{name}" for name in (".env.example", "README.md", *(f"app/{w}.py" for w in wanted), "requirements.txt")
    ] + ["final/seed.py"]
    assert [line.strip() for line in ended.lines[:11]] == [name.removeprefix("final/") for name in names]
    screens(
        "submit",
        ended.out,
        file=file.name,
        size=f"{file.stat().st_size / 1024:.0f} KiB",
    )


def test_a_handed_in_zip_is_what_is_tested(workbook: Workbook, project: Path) -> None:
    """`check --submission` accepts what `submit` makes; the same files give the same bytes, and no zip is lost."""
    solve(workbook)
    workbook.note("solved", "count", task="count")

    for _ in range(3):
        assert "The public tests are green on this zip." in workbook("submit", "count").out
        os.utime(project / "app/main.py", (0, 0))
    files = handed_in(workbook)

    assert len(files) == 3
    assert len({file.read_bytes() for file in files}) == 1
    assert workbook("check", "count", "--submission", str(files[0])).status == 0
    assert {entry.data["file"] for entry in workbook.notes("submitted")} == {file.name for file in files}


def test_what_the_app_imports_is_handed_in(workbook: Workbook, project: Path) -> None:
    """Packages beside app/ come along if it imports them, through one another and by a name in quotes too."""
    write_all(
        project,
        {
            "paging/__init__.py": b"import shelves.wood\n",
            "paging/table.html": b"<p>",
            "shelves/wood.py": b"",
            "named/__init__.py": b"",
            "drafts/old.py": b"",
            "notes.txt": b"",
        },
    )
    solve(workbook)
    main = project / "app/main.py"
    main.write_text(f"import importlib\n\nimport paging\n\nimportlib.import_module('named')\n{main.read_text()}")

    ended = workbook("submit", "count")

    (file,) = handed_in(workbook)
    with zipfile.ZipFile(file) as archive:
        beside = [name for name in archive.namelist() if not name.startswith("final/app/")]
    assert beside[2:] == [f"final/{n}" for n in ("named/__init__.py", "paging/__init__.py", "paging/table.html")] + [
        "final/shelves/wood.py"
    ]
    assert "Left out, because nothing in app/ imports it: drafts/" in ended.out
    assert "Left out, because tests aren't handed in, as the graders have their own: tests" in ended.out
    assert "Left out, because it isn't part of the app: notes.txt" in ended.out
    assert "The public tests are green on this zip." in ended.out


def test_a_broken_project_is_shown_as_broken(workbook: Workbook, project: Path) -> None:
    """A project that doesn't start is zipped, and `submit` says that its tests aren't green, and where it breaks."""
    with (project / "app/main.py").open("a", encoding="utf-8") as file:
        file.write("x = )\n")

    ended = workbook("submit", "count")

    assert ended.status == 0
    assert "0 of 70 points" in ended.out
    assert "SyntaxError: unmatched ')'" in ended.out
    assert "the zip is made anyway. Next: uv run workbook check count" in " ".join(ended.out.split())


def test_the_session_notices_later_changes(workbook: Workbook, project: Path) -> None:
    """What comes after the zip says whether that still holds the files as they are, and never that it was handed in."""
    solve(workbook)
    workbook("submit", "count")
    (file,) = handed_in(workbook)
    before = workbook("check", "count").out
    assert f"hand in work/submissions/{file.name}; your files are in it as they are now." in " ".join(before.split())

    (project / "app/books.py").write_text((project / "app/books.py").read_text() + "\n# more\n", encoding="utf-8")

    after = " ".join(workbook("check", "count").out.split())
    assert (
        f"your files have changed since {file.name} was made; make another zip: uv run workbook submit count" in after
    )
    assert "handed in" not in before + after


def test_submit_refuses_what_a_grader_refuses(workbook: Workbook, project: Path, screens: Screens) -> None:
    """`submit` refuses a project that a grader would refuse: exit 1, and no zip is left."""
    runs = []
    for what, files in (
        ("app/Books.py beside app/books.py", {"app/Books.py": b""}),
        ("a module with a package's name", {"fastapi.py": b""}),
        ("a name of 213 letters", {f"app/{'x' * 210}.py": b""}),
        ("2,000 more files", {f"app/m{n}.py": b"" for n in range(2000)}),
        ("21 files of 1 MiB", {f"app/m{n}.py": bytes(1024 * 1024) for n in range(21)}),
    ):
        write_all(project, files)
        runs.append((f"# {what}", workbook.refusals("submit count", status=1)))
        for name in files:
            (project / name).unlink()

    screens("submit-refused", transcript(runs))
    assert not list((workbook.work).glob("submissions/*"))


def test_submit_where_nothing_can_be_written(workbook: Workbook, project: Path, screens: Screens) -> None:
    """If a file is in the place of the folder for zips, `submit` says so and exits 1."""
    (workbook.work / "submissions").write_text("a file", encoding="utf-8")

    screens("submit-cannot-be-written", unwrapped(workbook.refusals("submit count", status=1)))


def test_submit_packs_the_exercise_that_you_are_in(workbook: Workbook, project: Path) -> None:
    """Without a name, `submit` makes the zip of the exercise that you're in; s in the session does that too."""
    del project
    assert workbook("submit").lines[-2].startswith("Zip made: work/submissions/count-")
    screen = workbook.screen()
    screen.wait_for("s submit", "q quit", "of 70 points")

    screen.press("s")
    screen.wait_for("Zip made: work/submissions/count-", "Enter brings you back …")
    screen.press("\r")
    screen.wait_for("Back from the zip.", "s submit")
    screen.press("q")

    assert screen.wait_for_end() == 0
    assert len(workbook.notes("submitted")) == 2


def test_only_exercises_are_handed_in(shared: Workbook, screens: Screens) -> None:
    """`submit` of a stage is misuse: exit 2, and the list is next."""
    screens("submit-stage", shared.refusals("submit 01"))


@pytest.mark.parametrize("columns", [80, 40])
def test_submit_on_a_terminal(workbook: Workbook, project: Path, columns: int) -> None:
    """On a terminal, the list of `submit` fits and has colours."""
    screen = workbook.screen("submit", "count", columns=columns)

    assert screen.wait_for_end() == 0
    assert "\x1b[" in screen.written
    assert [line for line in screen.lines_written if len(line) > columns and "/" not in line] == []
