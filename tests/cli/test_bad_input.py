"""Bad input and hostile surroundings: one clear sentence, the next command, nothing lost, no traceback of ours."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workbook.journal import VERSION, Journal

from ..runners import COMMAND, Ended, Workbook, replace_in


def said(ended: Ended) -> str:
    """What was written to standard error, on one line."""
    assert "Traceback" not in ended.out + ended.err, ended.err
    return " ".join(ended.err.split())


# --- names and places


@pytest.mark.parametrize(
    "name, message",
    [
        ("helo", "There is no step called “helo”. Nearest: 01-hello."),
        ("9", "There is no step called “9”."),
        ("../../etc/passwd", "There is no step called “../../etc/passwd”."),
        ("²", "There is no step called “²”."),
        (" ", "There is no step called “ ”."),
    ],
)
def test_unknown_steps(shared: Workbook, name: str, message: str) -> None:
    """An unknown step is named back with its nearest neighbours; exit 2, and the list is next."""
    ended = shared("check", name)

    assert (ended.status, ended.out, ended.err) == (2, "", f"workbook: {message}\nNext: uv run workbook list\n")


def test_an_argument_that_is_no_text(shared: Workbook) -> None:
    """Bytes that are no text are an unknown step like any other."""
    ended = subprocess.run(
        [*map(os.fsencode, COMMAND), b"check", b"\xff\xfe"], cwd=shared.root, env=shared.env, capture_output=True
    )

    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.stderr.decode().startswith("workbook: There is no step called “")


@pytest.mark.parametrize(
    "words, message",
    [
        (["chek"], "No such command 'chek'. Did you mean 'check'?"),
        (["check", "--fast"], "No such option: --fast"),
        (["check", "01", "02"], "Got unexpected extra argument"),
        (["reset"], "Missing argument 'STEP'"),
        (["break", "01", "one"], "Invalid value for '[N]'"),
        (["break", "01", "0"], "Invalid value for '[N]'"),
    ],
)
def test_misuse(shared: Workbook, words: list[str], message: str) -> None:
    """Misuse exits 2 and says what is wrong and where help is."""
    ended = shared(*words)

    assert (ended.status, ended.out) == (2, "")
    assert message in said(ended)
    assert "-h' for help." in ended.err


@pytest.mark.parametrize("words", [[], ["check"]])
def test_outside_of_a_course(shared: Workbook, tmp_path: Path, words: list[str]) -> None:
    """In a folder without a course every command says where to go, and exits 2."""
    ended = shared(*words, cwd=tmp_path)

    assert (ended.status, ended.out, said(ended)) == (
        2,
        "",
        f"workbook: There is no course in {tmp_path} or above it. Next: cd into the folder that holds workbook.toml",
    )


def test_from_a_folder_below(workbook: Workbook) -> None:
    """A command given below the course finds it, and shows paths that work from there."""
    copy = workbook.put_into_work("01-hello")

    ended = workbook("check", "--launcher", "spawn", cwd=copy)

    assert (ended.status, ended.lines[0]) == (1, "Hello  your copy, .")
    assert ", test_hello.py" not in ended.out
    assert "tasks/1-farewell/test_farewell.py:4" in ended.out


def test_in_a_folder_that_is_gone(shared: Workbook, tmp_path: Path) -> None:
    """In a folder that was deleted the command says so and exits 2."""
    gone = tmp_path / "gone"
    gone.mkdir()
    program = f"import os, runpy; os.rmdir({str(gone)!r}); runpy.run_module('workbook', run_name='__main__')"

    ended = subprocess.run(
        [sys.executable, "-c", program, "list"], cwd=gone, env=shared.env, capture_output=True, text=True
    )

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == ("workbook: The folder that you are in is gone.\nNext: cd to the folder of the course\n")


@pytest.mark.parametrize("folder", ["with spaces, 'quotes' and {braces} (1) %s", "Größe – 日本語 ☃"])
def test_paths_of_every_kind(workbook: Workbook, tmp_path: Path, folder: str) -> None:
    """A course works in a folder with spaces, quotes, and letters of any alphabet; an ASCII terminal shows it."""
    root = tmp_path / folder
    shutil.copytree(workbook.root, root)

    assert workbook("start", "01", cwd=root).status == 0
    ended = workbook("check", "--launcher", "spawn", cwd=root)
    assert (ended.status, ended.out.count(" PASS "), ended.err) == (1, 3, "")
    tried = workbook("break", "01", "1", "--predict", "2", cwd=root, env={"PYTHONIOENCODING": "ascii"})
    assert (tried.status, "That is what you predicted." in tried.out, tried.out.isascii()) == (0, True, True)
    (root / "work/journal.sqlite").write_bytes(b"not a journal")
    damaged = workbook("list", cwd=root, env={"PYTHONIOENCODING": "ascii"})
    assert (damaged.status, damaged.err.isascii()) == (1, True)
    assert "is damaged" in said(damaged)


# --- a broken workbook.toml


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("minutes = 5", "minutes = -5", "line 9, key minutes: Input should be greater than 0."),
        ("minutes = 5", 'minutes = "five"', "line 9, key minutes: Input should be a valid integer,"),
        ("minutes = 10", "minuts = 10", "line 12, key minutes: Field required."),
        ('kind = "stage"\ntitle = "Notes"', 'kind = "stge"\ntitle = "Notes"', "line 15, key kind: Input should be"),
        ("mailbox = true", "mailbox = true, mail = 1", "line 19, key run.mail: Extra inputs are not permitted."),
        ('name = "01-hello"', 'name = "../01"', "line 5, key name: String should match pattern"),
        ('name = "02-notes"', 'name = "01-hello"', "two steps are or were called 01-hello."),
        ('["01-notes", "02-memos"]', '["01-hello"]', "two steps are or were called 01-hello."),
        ('title = "A small course"', "", "line 1, key title: Field required."),
        ('title = "A small course"', 'title = "A small course', "(at line 2, column 24)"),
    ],
)
def test_a_broken_course_file(workbook: Workbook, old: str, new: str, message: str) -> None:
    """A broken workbook.toml is told with the line and the key; exit 2, and how to restore it."""
    replace_in(workbook.root / "workbook.toml", old, new)

    ended = workbook("list")

    assert (ended.status, ended.out) == (2, "")
    assert "workbook: workbook.toml" in said(ended)
    assert message in said(ended)
    assert said(ended).endswith("Next: put the line right, or restore the file: git checkout workbook.toml")


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "line 1, key title: Field required."),
        (b'title = "Empty"\nstep = []\n', "line 2, key step: List should have at least 1 item"),
        (b"title = '\xff'\n", "workbook.toml is not UTF-8 (byte 9)."),
    ],
)
def test_a_course_file_of_something_else(workbook: Workbook, content: bytes, message: str) -> None:
    """A workbook.toml without steps, or that is no text, is told so."""
    (workbook.root / "workbook.toml").write_bytes(content)

    ended = workbook("list")

    assert (ended.status, ended.out) == (2, "")
    assert message in said(ended)


def test_a_course_file_saved_on_windows(workbook: Workbook) -> None:
    """A workbook.toml and experiments with CRLF and a byte order mark are read like any other."""
    toml, experiments = workbook.root / "workbook.toml", workbook.root / "stages/01-hello/experiments.toml"
    toml.write_bytes(b"\xef\xbb\xbf" + toml.read_bytes().replace(b"\n", b"\r\n"))
    experiments.write_bytes(experiments.read_bytes().replace(b"\n", b"\r\n"))
    main = workbook.root / "stages/01-hello/main.py"
    main.write_bytes(main.read_bytes().replace(b"\n", b"\r\n"))

    ended = workbook("break", "01", "1", "--predict", "2")

    assert (ended.status, "That is what you predicted." in ended.lines) == (0, True)


def test_a_stage_that_is_gone(workbook: Workbook) -> None:
    """A step whose folder is missing is told so, with how to get it back; the other steps work."""
    shutil.rmtree(workbook.root / "stages/02-notes")

    ended = workbook("start", "02")

    assert (ended.status, ended.out) == (2, "")
    assert ended.err == (
        "workbook: stages/02-notes is not there, although workbook.toml names it.\nNext: git checkout stages/02-notes\n"
    )
    assert workbook("list").status == 0


def test_broken_experiments(workbook: Workbook) -> None:
    """A broken experiments.toml is told with its place, and how to restore it."""
    replace_in(workbook.root / "stages/01-hello/experiments.toml", 'title = "Another sentence"', 'titel = "x"')

    ended = workbook("break", "01")

    assert (ended.status, ended.out) == (2, "")
    assert said(ended) == (
        "workbook: 01-hello: experiments.toml, experiment 2: unknown ['titel'], missing ['title']. "
        "Next: git checkout stages/01-hello"
    )


def test_an_experiment_that_does_not_fit(workbook: Workbook) -> None:
    """An experiment whose edit does not fit the stage any more is told so and exits 1; nothing is recorded."""
    replace_in(workbook.root / "stages/01-hello/main.py", "Nobody is here", "Nobody is there")

    ended = workbook("break", "01", "2", "--predict", "none")

    assert ended.status == 1
    assert "The experiment does not fit the stage: edit 1 expects its text once in main.py" in said(ended)
    assert not workbook.notes("predicted")


def test_an_experiment_whose_tests_cannot_be_run(workbook: Workbook) -> None:
    """When the tests cannot be run, `break` says what pytest says, exits 1, and judges and records nothing."""
    replace_in(workbook.root / "stages/01-hello/test_hello.py", "import pytest\n", "import nowhere\n")

    ended = workbook("break", "01", "1", "--predict", "2")

    assert (ended.status, "That is what you predicted." in ended.out) == (1, False)
    assert "workbook: The tests could not be run:" in ended.err
    assert "ModuleNotFoundError: No module named 'nowhere'" in ended.err
    assert workbook.notes("predicted") == []


def test_hints_that_are_gone(workbook: Workbook) -> None:
    """A task without hints says so instead of failing."""
    (workbook.root / "stages/01-hello/tasks/1-farewell/hints.md").unlink()

    ended = workbook("hint", "01")

    assert (ended.status, ended.out) == (1, "")
    assert "hints.md is not there or holds no hints. Next: git checkout stages" in said(ended)


# --- the journal


def damage_header(journal: Path) -> None:
    journal.write_bytes(b"x" * 4096)


def damage_middle(journal: Path) -> None:
    data = bytearray(journal.read_bytes())
    data[4096:8192] = b"\xff" * 4096
    journal.write_bytes(data)


def damage_entry(journal: Path) -> None:
    with sqlite3.connect(journal) as db:
        db.execute("UPDATE entry SET data = '{'")
    db.close()


def damage_table(journal: Path) -> None:
    with sqlite3.connect(journal) as db:
        db.execute("DROP TABLE entry")
    db.close()


@pytest.mark.parametrize("damage", [damage_header, damage_middle, damage_entry, damage_table])
def test_a_damaged_journal(workbook: Workbook, damage: Callable[[Path], None]) -> None:
    """A damaged journal is told with the command that sets it aside; after that the learner goes on with their code."""
    workbook.put_into_work("01-hello")
    (workbook.work / "01-hello/main.py").write_text("mine", encoding="utf-8")
    journal = workbook.work / "journal.sqlite"
    damage(journal)
    content = journal.read_bytes()

    ended = workbook("list")

    assert (ended.status, ended.out) == (1, "")
    assert f"workbook: {journal} is damaged:" in said(ended)
    assert "Your code is safe; only what you have ticked off is in that file." in said(ended)
    command = ended.err.partition("begin a new one:")[2].strip()
    subprocess.run(" ".join(command.split()), shell=True, check=True)
    assert journal.with_name("journal.sqlite.damaged").read_bytes() == content
    assert workbook().lines[3] == "Welcome back to 01-hello."
    assert (workbook.work / "01-hello/main.py").read_text(encoding="utf-8") == "mine"


def test_doctor_sees_a_damaged_journal(workbook: Workbook) -> None:
    """`doctor` works with a damaged journal, names it, and exits 1."""
    workbook.work.mkdir()
    (workbook.work / "journal.sqlite").write_bytes(b"not a journal")

    ended = workbook("doctor")

    assert (ended.status, ended.err, ended.lines[-1]) == (1, "", "Mend first: Progress.")


def test_a_journal_of_a_newer_edition(workbook: Workbook) -> None:
    """A journal from a newer edition is left alone, and the learner told to update."""
    workbook.put_into_work("01-hello")
    journal = workbook.work / "journal.sqlite"
    with sqlite3.connect(journal) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    content = journal.read_bytes()

    ended = workbook("start", "02")

    assert (ended.status, journal.read_bytes()) == (2, content)
    assert f"is of a newer edition of the workbook (format {VERSION + 1}; this one reads {VERSION})." in said(ended)
    assert said(ended).endswith("Next: update the course: git pull")


def test_a_journal_with_steps_that_are_gone(workbook: Workbook) -> None:
    """Entries about steps, experiments and tasks that the course does not have any more are kept and do no harm."""
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


def test_a_course_that_cannot_be_written(workbook: Workbook, read_only: Callable[[Path], None]) -> None:
    """In a course without write access `workbook` and `start` say which folder; `list` and `check` work."""
    read_only(workbook.root)
    denied = "Permission denied. Next: give yourself write access"

    for words in ([], ["start", "01"]):
        ended = workbook(*words, before=UNPRIVILEGED)
        assert (ended.status, ended.out) == (1, "")
        assert said(ended) == f"workbook: {workbook.work / '01-hello'} cannot be made: {denied}"
    ended = workbook("run", "02", before=UNPRIVILEGED)
    assert (ended.status, ended.out) == (1, "")
    assert said(ended) == f"workbook: {workbook.work / 'data/02-notes'} cannot be made: {denied}"
    assert workbook("list", before=UNPRIVILEGED).status == 0
    assert workbook("check", "01", "--launcher", "spawn", before=UNPRIVILEGED).status == 0
    doctor = workbook("doctor", before=UNPRIVILEGED)
    assert (doctor.status, doctor.lines[-1]) == (1, "Mend first: work/.")


def test_progress_that_cannot_be_written(workbook: Workbook, read_only: Callable[[Path], None]) -> None:
    """Where progress cannot be recorded the work is done nevertheless, and the learner told."""
    workbook.put_into_work("01-hello")
    read_only(workbook.work)

    tried = workbook("break", "01", "1", "--predict", "2", before=UNPRIVILEGED)
    reset = workbook("reset", "01", before=UNPRIVILEGED)

    assert tried.status == 0
    assert f"Your progress is not kept: {workbook.work}/journal.sqlite cannot be written:" in " ".join(
        tried.out.split()
    )
    assert (reset.status, (workbook.work / "01-hello/main.py").exists()) == (1, True)
    assert f"workbook: {workbook.work}/01-hello cannot be moved to" in said(reset)


def test_a_file_where_a_folder_should_be(workbook: Workbook) -> None:
    """A file called work, or of a step's name in it, is told and left alone."""
    workbook.work.write_text("mine", encoding="utf-8")
    ended = workbook()
    assert (ended.status, "cannot be made" in said(ended)) == (1, True)
    assert workbook.work.read_text(encoding="utf-8") == "mine"

    workbook.work.unlink()
    workbook.work.mkdir()
    (workbook.work / "01-hello").write_text("mine", encoding="utf-8")
    ended = workbook("start", "01")
    assert (ended.status, "work/01-hello cannot be made: File exists." in said(ended)) == (1, True)
    assert (workbook.work / "01-hello").read_text(encoding="utf-8") == "mine"


def test_no_space_left(workbook: Workbook) -> None:
    """When a file cannot be written to its end, `start` says so and leaves no half file; later it makes the rest."""
    full = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh"]

    ended = workbook("start", "01", before=full)

    assert (ended.status, ended.out) == (1, "")
    assert "work/01-hello cannot be made:" in said(ended)
    assert workbook("start", "01").status == 0
    for file in (workbook.work / "01-hello").rglob("*.py"):
        shipped = workbook.root / "stages/01-hello" / file.relative_to(workbook.work / "01-hello")
        assert file.read_bytes() == shipped.read_bytes()


def test_no_other_program_is_needed(shared: Workbook) -> None:
    """With nothing on the PATH, Git neither, a step is listed and checked."""
    ended = shared("check", "01", "--launcher", "spawn", env={"PATH": str(shared.temporary)})

    assert (ended.status, ended.err) == (0, "")


@pytest.mark.parametrize("closed", ["<&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams(workbook: Workbook, closed: str) -> None:
    """With standard streams closed a command does its work, and none of its files is taken for a stream."""
    without = ["sh", "-c", f'exec "$@" {closed}', "sh"]

    assert workbook("start", "01", before=without).status == 0
    assert workbook("check", "--shipped", "--launcher", "spawn", before=without).status == 0
    ended = workbook("hint", before=without)

    assert (ended.status, ended.err) == (0, "")
    assert [entry.kind for entry in Journal(workbook.work / "journal.sqlite").entries()] == ["started", "hint"]


@pytest.mark.parametrize("words", [["list"], ["--help"], ["check", "01", "--launcher", "spawn"]])
def test_a_closed_pipe(shared: Workbook, words: list[str]) -> None:
    """When nobody reads what it writes, as behind `| head -1`, the command ends quietly."""
    reader, writer = os.pipe()
    os.close(reader)

    ended = shared(*words, stdout=writer)

    os.close(writer)
    assert ended.err == ""


def test_watch_into_a_closed_pipe(workbook: Workbook) -> None:
    """`watch` ends when nobody reads it any more."""
    workbook.put_into_work("01-hello")
    running = workbook.start("watch")
    running.wait_for(" s\n")

    running.stop_reading()

    main = workbook.work / "01-hello/main.py"
    for _ in range(3):  # what is written after the first of them reaches nobody
        with contextlib.suppress(AssertionError):
            main.write_text(main.read_text(encoding="utf-8") + "\n", encoding="utf-8")
            workbook.wait_until_gone(10)
    workbook.wait_until_gone()
    assert "Traceback" not in running.text


def test_what_nobody_foresaw(workbook: Workbook) -> None:
    """An error that nobody foresaw is one sentence and how to report it; with WORKBOOK_TRACEBACK=1 its traceback."""
    (workbook.root / "stages/01-hello/test_hello.py").write_text("def :", encoding="utf-8")

    ended = workbook("break", "01", "1")
    shown = workbook("break", "01", "1", env={"WORKBOOK_TRACEBACK": "1"})

    assert (ended.status, ended.out) == (1, "")
    assert said(ended).startswith("workbook: A mistake of the workbook's, not yours: SyntaxError:")
    assert said(ended).endswith("Next: report it with what WORKBOOK_TRACEBACK=1 before the same command shows")
    assert (shown.status, "Traceback (most recent call last)" in shown.err) == (1, True)
