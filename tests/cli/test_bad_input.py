"""Bad input and difficult surroundings: one clear sentence, the next command, nothing lost, none of our tracebacks."""

import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from workbook.journal import VERSION, Journal

from ..golden import Screens, transcript, unwrapped
from ..runners import COMMAND, Workbook, replace_in
from .test_session import RIGHT, WRONG

pytestmark = pytest.mark.exhaustive(sample=10, of="file")

# --- names and places


def test_unknown_steps(shared: Workbook, screens: Screens) -> None:
    """For an unknown step, the error repeats the word, suggests the closest names and `list`, and exits 2."""
    names = ("helo", "9", "../../etc/passwd", "²", "' '")

    screens("check-unknown-step", shared.refusals(*(f"check {name}" for name in names)))


def test_an_argument_that_is_no_text(shared: Workbook) -> None:
    """Bytes that aren't text are an unknown step like any other."""
    ended = subprocess.run(
        [*map(os.fsencode, COMMAND), b"check", b"\xff\xfe"], cwd=shared.root, env=shared.env, capture_output=True
    )

    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.stderr.decode().startswith("workbook: No step is called “")


def test_misuse(shared: Workbook, screens: Screens) -> None:
    """Misuse exits 2 and says what's wrong and where to find help."""
    lines = ("chek", "check --fast", "check 01 02", "reset", "break 01 one", "break 01 0")

    screens("misuse", shared.refusals(*lines))


@pytest.mark.parametrize("words", [[], ["check"]])
def test_outside_of_a_course(shared: Workbook, tmp_path: Path, words: list[str], screens: Screens) -> None:
    """In a folder without a course, every command says where to go and exits 2."""
    ended = shared(*words, cwd=tmp_path)

    assert (ended.status, ended.out) == (2, "")
    screens("no-course", unwrapped(ended.err), folder=str(tmp_path))


def test_from_a_folder_below(workbook: Workbook) -> None:
    """From a folder below the course, a command finds the course and prints paths that work from there."""
    copy = workbook.put_into_work("01-hello")
    replace_in(copy / "main.py", RIGHT, WRONG)

    ended = workbook("check", "--all", "--launcher", "spawn", cwd=copy)

    assert (ended.status, ended.lines[0]) == (1, "Hello  your copy, .")
    assert " test_hello.py:" in ended.out
    assert "work/01-hello" not in ended.out


def test_in_a_folder_that_is_gone(shared: Workbook, tmp_path: Path, screens: Screens) -> None:
    """In a folder that has been deleted, the command says so and exits 2."""
    gone = tmp_path / "gone"
    gone.mkdir()
    program = f"import os, runpy; os.rmdir({str(gone)!r}); runpy.run_module('workbook', run_name='__main__')"

    ended = subprocess.run(
        [sys.executable, "-c", program, "list"], cwd=gone, env=shared.env, capture_output=True, text=True
    )

    assert (ended.returncode, ended.stdout) == (2, "")
    screens("no-folder", ended.stderr)


@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize("folder", ["with spaces, 'quotes' and {braces} (1) %s", "Größe – 日本語 ☃"])
def test_paths_of_every_kind(workbook: Workbook, tmp_path: Path, folder: str, screens: Screens) -> None:
    """A course works in folders with spaces, quotes and any letters, and an ASCII terminal can show them."""
    root = tmp_path / folder
    shutil.copytree(workbook.root, root)

    assert workbook("start", "01", cwd=root).status == 0
    ended = workbook("check", "--launcher", "spawn", cwd=root)
    assert (ended.status, ended.out.count(" PASS "), ended.err) == (0, 3, "")
    tried = workbook("break", "01", "1", "--predict", "2", cwd=root, env={"PYTHONIOENCODING": "ascii"})
    assert (tried.status, tried.out.isascii()) == (0, True)
    screens("break-right-prediction-ascii", tried.out)
    (root / "work/journal.sqlite").write_bytes(b"not a journal")
    damaged = workbook("list", cwd=root, env={"PYTHONIOENCODING": "ascii"})
    assert (damaged.status, damaged.err.isascii()) == (1, True)
    assert "is damaged" in " ".join(damaged.err.split())


# --- a broken workbook.toml


def test_a_broken_course_file(workbook: Workbook, screens: Screens) -> None:
    """For a broken workbook.toml, the error has the line, the key and the way to restore it; exit 2."""
    file = workbook.root / "workbook.toml"
    whole = file.read_text(encoding="utf-8")
    runs = []
    for old, new in (
        ("minutes = 5", "minutes = -5"),
        ("minutes = 5", 'minutes = "five"'),
        ("minutes = 10", "minuts = 10"),
        ('kind = "stage"\ntitle = "Notes"', 'kind = "stge"\ntitle = "Notes"'),
        ("mailbox = true", "mailbox = true, mail = 1"),
        ('name = "01-hello"', 'name = "../01"'),
        ('name = "02-notes"', 'name = "01-hello"'),
        ('["01-notes", "02-memos"]', '["01-hello"]'),
        ('title = "A small course"', ""),
        ('title = "A small course"', 'title = "A small course'),
    ):
        replace_in(file, old, new)
        was, now = old.partition("\n")[0], new.partition("\n")[0]
        runs.append((f"# workbook.toml: {now or 'nothing'} instead of {was}", workbook.refusals("list")))
        file.write_text(whole, encoding="utf-8")

    screens("list-broken-course-file", transcript(runs))


def test_a_course_file_of_something_else(workbook: Workbook, screens: Screens) -> None:
    """For a workbook.toml without steps, or that isn't text, the error says so."""
    runs = []
    for content in (b"", b'title = "Empty"\nstep = []\n', b"title = '\xff'\n"):
        (workbook.root / "workbook.toml").write_bytes(content)
        runs.append((f"# workbook.toml is {content!r}", workbook.refusals("list")))

    screens("list-no-course-file", transcript(runs))


def test_a_course_file_saved_on_windows(workbook: Workbook) -> None:
    """A workbook.toml and experiments with CRLF and a byte order mark are read like any others."""
    toml, experiments = workbook.root / "workbook.toml", workbook.root / "stages/01-hello/experiments.toml"
    toml.write_bytes(b"\xef\xbb\xbf" + toml.read_bytes().replace(b"\n", b"\r\n"))
    experiments.write_bytes(experiments.read_bytes().replace(b"\n", b"\r\n"))
    main = workbook.root / "stages/01-hello/main.py"
    main.write_bytes(main.read_bytes().replace(b"\n", b"\r\n"))

    ended = workbook("break", "01", "1", "--predict", "2")

    assert (ended.status, "That's what you predicted." in ended.lines) == (0, True)


def test_a_stage_that_is_gone(workbook: Workbook, screens: Screens) -> None:
    """For a step whose folder is missing, the error says how to get it back; the other steps still work."""
    shutil.rmtree(workbook.root / "stages/02-notes")

    screens("start-stage-gone", workbook.refusals("start 02"))
    assert workbook("list").status == 0


def test_broken_experiments(workbook: Workbook, screens: Screens) -> None:
    """For a broken experiments.toml, the error has the place and the way to restore it."""
    replace_in(workbook.root / "stages/01-hello/experiments.toml", 'title = "Another sentence"', 'titel = "x"')

    screens("break-broken-experiments", workbook.refusals("break 01"))


def test_an_experiment_that_does_not_fit(workbook: Workbook, screens: Screens) -> None:
    """If an experiment's edit doesn't fit the stage, the error says so; exit 1, and nothing is recorded."""
    replace_in(workbook.root / "stages/01-hello/main.py", "Nobody is here", "Nobody is there")

    ended = workbook("break", "01", "2", "--predict", "none")

    assert ended.status == 1
    screens("break-experiment-does-not-fit", ended.out + ended.err)
    assert not workbook.notes("predicted")


def test_an_experiment_whose_tests_cannot_be_run(workbook: Workbook) -> None:
    """If the tests can't run, `break` shows what pytest says and exits 1, without a verdict or a record."""
    replace_in(workbook.root / "stages/01-hello/test_hello.py", "import pytest\n", "import nowhere\n")

    ended = workbook("break", "01", "1", "--predict", "2")

    assert (ended.status, "That's what you predicted." in ended.out) == (1, False)
    assert "workbook: The tests couldn't run:" in ended.err
    assert "ModuleNotFoundError: No module named 'nowhere'" in ended.err
    assert workbook.notes("predicted") == []


# --- the journal


def damage_header(journal: Path) -> None:
    journal.write_bytes(b"x" * 4096)


def damage_middle(journal: Path) -> None:
    data = bytearray(journal.read_bytes())
    data[4096:8192] = b"\xff" * 4096
    journal.write_bytes(data)


def damage_entry(journal: Path) -> None:
    with closing(sqlite3.connect(journal)) as db, db:
        db.execute("UPDATE entry SET data = '{'")
    db.close()


def damage_table(journal: Path) -> None:
    with closing(sqlite3.connect(journal)) as db, db:
        db.execute("DROP TABLE entry")
    db.close()


@pytest.mark.parametrize("damage", [damage_header, damage_middle, damage_entry, damage_table])
def test_a_damaged_journal(workbook: Workbook, damage: Callable[[Path], None], screens: Screens) -> None:
    """For a damaged journal, the error has the command that moves it away; after that you can go on."""
    workbook.put_into_work("01-hello")
    (workbook.work / "01-hello/main.py").write_text("mine", encoding="utf-8")
    journal = workbook.work / "journal.sqlite"
    damage(journal)
    content = journal.read_bytes()

    ended = workbook("list")

    assert (ended.status, ended.out) == (1, "")
    said = re.sub(r"(?<=is damaged: ).*(?=\. Your code)", "{reason}", unwrapped(ended.err))  # in SQLite's words
    screens("journal-damaged", said)
    command = ended.err.partition("begin a new one:")[2].strip()
    subprocess.run(" ".join(command.split()), shell=True, check=True)
    assert journal.with_name("journal.sqlite.damaged").read_bytes() == content
    assert workbook().lines[3] == "Welcome back to 01-hello."
    assert (workbook.work / "01-hello/main.py").read_text(encoding="utf-8") == "mine"


def test_doctor_sees_a_damaged_journal(workbook: Workbook) -> None:
    """`doctor` works even with a damaged journal: it names the journal and exits 1."""
    workbook.work.mkdir()
    (workbook.work / "journal.sqlite").write_bytes(b"not a journal")

    ended = workbook("doctor")

    assert (ended.status, ended.err, ended.lines[-1]) == (1, "", "Mend first: Progress.")


def test_a_journal_of_a_newer_edition(workbook: Workbook, screens: Screens) -> None:
    """A journal of a newer edition isn't changed, and the error says to update."""
    workbook.put_into_work("01-hello")
    journal = workbook.work / "journal.sqlite"
    with closing(sqlite3.connect(journal)) as db, db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    content = journal.read_bytes()

    ended = workbook("start", "02")

    assert (ended.status, journal.read_bytes()) == (2, content)
    screens("journal-newer", unwrapped(ended.err), formats=f"format {VERSION + 1}; this one reads {VERSION}")


def test_a_journal_with_steps_that_are_gone(workbook: Workbook) -> None:
    """Entries about things that the course doesn't have any more are kept and do no harm."""
    workbook.note("started", "00-gone")
    workbook.note("predicted", "01-hello", experiment="An old one", right=True)
    workbook.note("hint", "01-hello", task="1-farewell", level="third")
    workbook.note("something new", "01-hello")

    ended = workbook("list")

    assert (ended.status, ended.lines[2]) == (0, " HERE 01-hello    5 min  A greeting, and who may have it")
    assert len(Journal(workbook.work / "journal.sqlite").entries()) == 4


# --- no access, no space, no tools, no streams

# Root is let through everywhere, so the command gives that privilege up; for others this does nothing.
DROP = "import ctypes, os, sys; ctypes.CDLL(None).prctl(24, 1, 0, 0, 0); os.execv(sys.argv[1], sys.argv[1:])"
UNPRIVILEGED = [sys.executable, "-c", DROP]


@pytest.fixture
def read_only() -> Iterator[Callable[[Path], None]]:
    """Make a folder read-only until the test ends."""
    folders: list[Path] = []

    def make(folder: Path) -> None:
        folders.append(folder)
        folder.chmod(0o555)

    yield make
    for folder in folders:
        folder.chmod(0o755)


def test_a_course_that_cannot_be_written(
    workbook: Workbook, read_only: Callable[[Path], None], screens: Screens
) -> None:
    """Without write access, `workbook` and `start` name the folder; `list` and `check` still work."""
    read_only(workbook.root)
    runs = []

    for words in ([], ["start", "01"], ["run", "02"]):
        ended = workbook(*words, before=UNPRIVILEGED)
        assert (ended.status, ended.out) == (1, "")
        runs.append((" ".join(["$ workbook", *words]), ended.err))
    screens("no-write-access", unwrapped(transcript(runs)))
    assert workbook("list", before=UNPRIVILEGED).status == 0
    assert workbook("check", "01", "--launcher", "spawn", before=UNPRIVILEGED).status == 0
    doctor = workbook("doctor", before=UNPRIVILEGED)
    assert (doctor.status, doctor.lines[-1]) == (1, "Mend first: work/.")


def test_progress_that_cannot_be_written(
    workbook: Workbook, read_only: Callable[[Path], None], screens: Screens
) -> None:
    """If progress can't be recorded, the command still does its work, and then says so."""
    workbook.put_into_work("01-hello")
    read_only(workbook.work)

    tried = workbook("break", "01", "1", "--predict", "2", before=UNPRIVILEGED)
    reset = workbook("reset", "01", before=UNPRIVILEGED)

    assert tried.status == 0
    assert f"Your progress can't be saved: {workbook.work}/journal.sqlite can't be written:" in " ".join(
        tried.out.split()
    )
    assert (reset.status, (workbook.work / "01-hello/main.py").exists()) == (1, True)
    screens("reset-cannot-be-moved", unwrapped(reset.err))


def test_a_file_where_a_folder_should_be(workbook: Workbook, screens: Screens) -> None:
    """If there's a file named work, or with a step's name in it, the error says so and the file stays."""
    workbook.work.write_text("mine", encoding="utf-8")
    in_the_way = workbook.refusals("", "start 01", status=1)
    assert workbook.work.read_text(encoding="utf-8") == "mine"

    workbook.work.unlink()
    workbook.work.mkdir()
    (workbook.work / "01-hello").write_text("mine", encoding="utf-8")
    screens("start-file-in-the-way", unwrapped(in_the_way + "\n" + workbook.refusals("start 01", status=1)))
    assert (workbook.work / "01-hello").read_text(encoding="utf-8") == "mine"


def test_no_space_left(workbook: Workbook, screens: Screens) -> None:
    """If the disk is full, `start` says so and leaves no half file; when there's space it makes the rest."""
    full = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh"]

    ended = workbook("start", "01", before=full)

    assert (ended.status, ended.out) == (1, "")
    screens("start-no-space", unwrapped(ended.err))
    assert workbook("start", "01").status == 0
    for file in (workbook.work / "01-hello").rglob("*.py"):
        shipped = workbook.root / "stages/01-hello" / file.relative_to(workbook.work / "01-hello")
        assert file.read_bytes() == shipped.read_bytes()


def test_no_other_program_is_needed(shared: Workbook) -> None:
    """With an empty PATH, so without Git too, you can list and check a step."""
    ended = shared("check", "01", "--launcher", "spawn", env={"PATH": str(shared.temporary)})

    assert (ended.status, ended.err) == (0, "")


@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize("closed", ["<&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams(workbook: Workbook, closed: str) -> None:
    """With closed standard streams a command does its work, and none of its files is mistaken for a stream."""
    without = ["sh", "-c", f'exec "$@" {closed}', "sh"]

    assert workbook("start", "01", before=without).status == 0
    assert workbook("check", "--shipped", "--launcher", "spawn", before=without).status == 0
    ended = workbook("hint", before=without)

    assert (ended.status, ended.err) == (0, "")
    assert [entry.kind for entry in Journal(workbook.work / "journal.sqlite").entries()] == ["started", "hint"]


@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize("words", [["list"], ["--help"], ["check", "01", "--launcher", "spawn"]])
def test_a_closed_pipe(shared: Workbook, words: list[str]) -> None:
    """If its reader is gone, as behind `| head -1`, the command ends without a message."""
    reader, writer = os.pipe()
    os.close(reader)

    ended = shared(*words, stdout=writer)

    os.close(writer)
    assert ended.err == ""


def test_watch_into_a_closed_pipe(workbook: Workbook) -> None:
    """`watch` ends when its reader is gone."""
    workbook.put_into_work("01-hello")
    running = workbook.start("watch")
    running.wait_for(" s\n")

    running.stop_reading()

    main = workbook.work / "01-hello/main.py"
    for _ in range(3):  # what's written after the first of them isn't read
        with contextlib.suppress(AssertionError):
            main.write_text(main.read_text(encoding="utf-8") + "\n", encoding="utf-8")
            workbook.wait_until_gone(10)
    workbook.wait_until_gone()
    assert "Traceback" not in running.text


def test_what_nobody_foresaw(workbook: Workbook, screens: Screens) -> None:
    """An unexpected error is one sentence and how to report it; WORKBOOK_TRACEBACK=1 shows the traceback."""
    (workbook.root / "stages/01-hello/test_hello.py").write_text("def :", encoding="utf-8")

    ended = workbook("break", "01", "1")
    shown = workbook("break", "01", "1", env={"WORKBOOK_TRACEBACK": "1"})

    assert (ended.status, ended.out) == (1, "")
    screens("unforeseen-error", ended.err)
    assert (shown.status, "Traceback (most recent call last)" in shown.err) == (1, True)
