"""The commands without a terminal: what they say, what they leave behind, and their exit status."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from workbook.changes import apply_edits, read_tasks

from .runners import Workbook, replace_in

EXPERIMENTS = ("Everybody is welcome", "Another sentence", "Something in the greeting")


def solve(workbook: Workbook) -> None:
    """Do both tasks of step 01 in the learner's copy."""
    for task in read_tasks(workbook.root / "stages/01-hello"):
        apply_edits(task.solution(), workbook.work / "01-hello")


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- where am I


def test_first_call_puts_the_learner_into_the_first_step(workbook: Workbook) -> None:
    """The first `workbook` makes work/, says what happened, what is next, and what to read."""
    ended = workbook()

    assert (ended.status, ended.err) == (0, "")
    assert ended.lines == [
        "A small course  (step 1 of 2)",
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
        "",
        "2 steps, about 15 minutes. You are in 01-hello.",
    ]


def test_list_shows_how_far_each_step_has_come(workbook: Workbook) -> None:
    """`list` tells a step that is done, begun, or the one that the learner is in, and counts what was tried."""
    for title in EXPERIMENTS:
        workbook.note("predicted", "01-hello", experiment=title, right=False)
    for task in ("1-farewell", "2-shout"):
        workbook.note("solved", "01-hello", task=task)
    workbook.note("started", "02-notes")
    workbook.note("predicted", "02-notes", experiment="Notes are lost", right=True)

    ended = workbook("list")

    assert ended.lines[2:] == [
        " DONE 01-hello    5 min  A greeting, and who may have it (experiments 3 of 3,",
        "                         tasks 2 of 2)",
        " HERE 02-notes   10 min  Notes in a file, and mail about them (experiments 1 of",
        "                         1, tasks 0 of 1)",
        "",
        "2 steps, about 15 minutes. You are in 02-notes.",
    ]
    assert workbook("start", "hello").status == 0
    assert workbook("list").lines[4].startswith(" PART 02-notes")


def test_the_command_is_found_by_name_and_as_a_module(shared: Workbook) -> None:
    """The installed script and `python -m workbook` are the same command, and `-h` tells every command."""
    script = Path(sys.executable).with_name("workbook")
    asked = subprocess.run([script, "-h"], cwd=shared.root, env=shared.env, capture_output=True, text=True, check=True)

    ended = shared("--help")

    assert (ended.status, ended.out) == (0, asked.stdout)
    commands = ended.out.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in commands] == (
        ["list", "start", "reset", "hint", "check", "watch", "break", "run", "verify", "doctor"]
    )
    assert not [line for line in commands if line.endswith("...")], "a command's help is cut"


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


def test_check_of_a_step_as_shipped(shared: Workbook) -> None:
    """`check` of a step that was never started checks it as shipped, and exits 0 when every promise is kept."""
    ended = shared("check", "01")

    assert (ended.status, ended.err) == (0, "")
    assert ended.lines == [
        "Hello  as shipped, stages/01-hello",
        "",
        " PASS Whoever asks is greeted by name.",
        " PASS Nobody is not greeted: the reply is 404.",
        " PASS 1 of 1 deeper promises",
        "",
        "      Read  stages/01-hello/README.md",
        "      Next  predict and break: experiment 1 of 3",
        "            uv run workbook break 01-hello 1",
    ]


def test_check_with_open_tasks_exits_1(workbook: Workbook) -> None:
    """In the learner's copy the tasks are checked too; while one is open, `check` shows its card and exits 1."""
    workbook.put_into_work("01-hello")

    ended = workbook("check")

    assert ended.status == 1
    assert ended.lines[:7] == [
        "Hello  your copy, work/01-hello",
        "",
        " PASS Whoever asks is greeted by name.",
        " PASS Nobody is not greeted: the reply is 404.",
        " PASS 1 of 1 deeper promises",
        " OPEN task 1, farewell: 0 of 1 promises kept",
        " OPEN task 2, shout: 0 of 1 promises kept",
    ]
    assert ended.out.count(" FAIL ") == 1
    assert "uv run workbook hint 01-hello" in ended.out
    assert "curl -i http://127.0.0.1:8000/bye/Ada" in ended.out


def test_check_shipped_ignores_the_copy(workbook: Workbook) -> None:
    """`check --shipped` checks the step as the course ships it, whatever the copy is like."""
    workbook.put_into_work("01-hello")
    (workbook.work / "01-hello/main.py").write_text("mine", encoding="utf-8")

    ended = workbook("check", "01", "--shipped", "--launcher", "spawn")

    assert (ended.status, ended.lines[0]) == (0, "Hello  as shipped, stages/01-hello")


def test_solved_tasks_are_ticked_off(workbook: Workbook) -> None:
    """When both tasks are green, `check` exits 0, and the next step comes once every experiment was tried."""
    workbook.put_into_work("01-hello")
    for title in EXPERIMENTS:
        workbook.note("predicted", "01-hello", experiment=title, right=True)
    solve(workbook)

    ended = workbook("check")

    assert ended.status == 0
    assert ended.lines[5:] == [
        " DONE task 1, farewell: done",
        " DONE task 2, shout: done",
        "",
        "      Next  this step is done; on to 02-notes",
        "            uv run workbook start 02-notes",
    ]
    assert [entry.data for entry in workbook.notes("solved")] == [{"task": "1-farewell"}, {"task": "2-shout"}]


def test_a_broken_promise_is_told_with_its_request(workbook: Workbook) -> None:
    """A broken promise of the stage exits 1; its card has the request, the reply and what was expected."""
    workbook.put_into_work("01-hello")
    replace_in(workbook.work / "01-hello/main.py", '{"greeting": f"{GREETING} {name}"}', '{"greeting": GREETING}')

    ended = workbook("check", "01")

    assert ended.status == 1
    assert " FAIL Whoever asks is greeted by name." in ended.lines
    assert ended.out.count("   test_greets_by_name, work/01-hello/test_hello.py:6\n") == 1
    assert "  Expected  {'greeting': 'Hello Ada'}\n       Got  {'greeting': 'Hello'}\n" in ended.out
    assert "            curl -i http://127.0.0.1:8000/hello/Ada\n" in ended.out
    assert ended.out.endswith(
        "      Next  mend your copy: the card says what is broken\n"
        "      Edit  work/01-hello/main.py\n"
        "        Or  put it back, with a backup:\n"
        "            uv run workbook reset 01-hello\n"
    )


def test_a_missing_app_is_put_back_by_start(workbook: Workbook) -> None:
    """A copy without its main.py is told so, and the command that puts it back is named."""
    workbook.put_into_work("01-hello")
    (workbook.work / "01-hello/main.py").unlink()

    ended = workbook("check", "01", "--launcher", "spawn")

    assert ended.status == 1
    assert ended.lines[-2:] == [
        "      Next  work/01-hello/main.py is gone; this puts it back:",
        "            uv run workbook start 01-hello",
    ]


def test_an_app_that_does_not_start_has_one_card(workbook: Workbook) -> None:
    """A syntax error is one card with the learner's line, not one for each promise; `--all` does not change that."""
    workbook.put_into_work("01-hello")
    replace_in(workbook.work / "01-hello/main.py", "app = FastAPI()", "app = FastAPI(")

    ended = workbook("check", "01", "--all", "--launcher", "spawn")

    assert ended.status == 1
    assert ended.out.count("The app has a syntax error:") == 1
    assert '  File "main.py", line 5\n' in ended.out
    assert " WAIT 2 promises wait until that is mended" in ended.lines
    assert "Traceback" not in ended.out + ended.err


def test_check_all_shows_every_card(workbook: Workbook) -> None:
    """`check` shows two cards and says how many more there are; `--all` shows every one."""
    workbook.put_into_work("01-hello")
    main = workbook.work / "01-hello/main.py"
    replace_in(main, "async def health() -> dict[str, str]:\n", "async def health() -> None:\n")
    replace_in(main, '    return {"status": "ok"}', "    pass")
    replace_in(main, "raise HTTPException(404", "raise HTTPException(403")
    replace_in(main, '{"greeting": f"{GREETING} {name}"}', '{"greeting": GREETING}')

    few, every = workbook("check", "--launcher", "spawn"), workbook("check", "--all", "--launcher", "spawn")

    assert (few.status, every.status) == (1, 1)
    assert (few.out.count("Repeat it"), every.out.count("Repeat it")) == (2, 3)
    assert "and 1 more; uv run workbook check --all shows every card" in few.lines


# --- break


def test_break_lists_the_experiments(workbook: Workbook) -> None:
    """`break STAGE` lists the experiments, which were tried, and the next one."""
    workbook.note("predicted", "01-hello", experiment="Everybody is welcome", right=False)

    ended = workbook("break", "01")

    assert (ended.status, ended.err) == (0, "")
    assert ended.lines == [
        "Hello: predict what breaks, then see",
        "",
        " DONE 1  Everybody is welcome",
        " OPEN 2  Another sentence",
        " OPEN 3  Something in the greeting (its edit is hidden)",
        "",
        "      Next  uv run workbook break 01-hello 2",
    ]


def test_a_right_prediction(workbook: Workbook) -> None:
    """`break` shows the question, the edit, the promises to choose from, what turned red, the judgement and why."""
    ended = workbook("break", "01", "1", "--predict", "2")

    assert (ended.status, ended.err) == (0, "")
    assert ended.lines == [
        "Hello, as shipped. Your own code is not touched.",
        "Experiment 1 of 3: Everybody is welcome",
        "",
        "The refusal of nobody is gone.",
        "",
        "--- main.py",
        '-    if name == "nobody":',
        '-        raise HTTPException(404, "Nobody is here")',
        "",
        "Which promises will break?",
        "  1  Whoever asks is greeted by name.",
        "  2  Nobody is not greeted: the reply is 404.",
        "  3  The load balancer is told that the app lives.",
        "  0  none of them",
        "",
        "─" * 80,
        " FAIL Nobody is not greeted: the reply is 404.",
        " PASS 2 of 3 promises are kept",
        "",
        "That is what you predicted.",
        "",
        "Why",
        "Nothing else refuses.",
        "",
    ]
    (entry,) = workbook.notes("predicted")
    assert entry.data == {"experiment": "Everybody is welcome", "prediction": [2], "right": True, "sure": ""}


@pytest.mark.parametrize(
    "number, prediction, judgement",
    [
        ("1", "1, 3", "It came otherwise: you did not expect 2 and you expected 1 and 3, which is kept."),
        ("2", "none", "That is what you predicted."),
        ("2", "1", "It came otherwise: you expected 1, which is kept."),
    ],
)
def test_predictions_are_judged(shared: Workbook, number: str, prediction: str, judgement: str) -> None:
    """A prediction is compared with what turned red; none is a prediction too."""
    ended = shared("break", "01", number, "--predict", prediction)

    assert (ended.status, judgement in ended.lines) == (0, True), ended.out


def test_without_a_prediction_nothing_is_recorded(workbook: Workbook) -> None:
    """Without a terminal and without --predict the outcome is shown, and the experiment stays open."""
    ended = workbook("break", "01", "1")

    assert ended.status == 0
    assert " FAIL Nobody is not greeted: the reply is 404." in ended.lines
    assert "predicted" not in ended.out
    assert workbook.notes("predicted") == []


@pytest.mark.parametrize("prediction", ["six", "²"])
def test_garbage_is_no_prediction(shared: Workbook, prediction: str) -> None:
    """A prediction that is none is refused before anything runs: exit 2, what is allowed, and an example."""
    ended = shared("break", "01", "1", f"--predict={prediction}")

    assert (ended.status, ended.out) == (2, "")
    assert "is no prediction: numbers from 0 to 3, with commas, or none." in " ".join(ended.err.split())
    assert "Next: uv run workbook break 01-hello 1 --predict none" in ended.err


def test_a_hidden_experiment_shows_its_card_alone(shared: Workbook) -> None:
    """A hidden experiment shows what turned red and the choices, not the edit."""
    ended = shared("break", "01", "3")

    assert (ended.status, ended.err) == (0, "")
    assert "upper" not in ended.out
    assert "  2  the name is written in capitals" in ended.lines
    assert ended.lines[-1] == "Run this on a terminal, or with --predict N, to see what was done."
    # The card names the stage's own test and the request: the folder and the app of the experiment are gone.
    assert "   test_greets_by_name, stages/01-hello/test_hello.py:6" in ended.lines
    assert "     Asked  curl -i http://127.0.0.1:8000/hello/Ada" in ended.lines
    assert "workbook-scratch" not in ended.out
    assert "workbook hint" not in ended.out


@pytest.mark.parametrize(
    "choice, judgement", [("1", "It was another: the name is written in capitals."), ("2", "That is it.")]
)
def test_a_diagnosis_is_judged(shared: Workbook, choice: str, judgement: str) -> None:
    """With the answer to a hidden experiment comes its edit."""
    ended = shared("break", "01", "3", "--predict", choice)

    assert ended.status == 0
    assert judgement in ended.lines
    assert "+{GREETING} {name.upper()}" in ended.lines


def test_an_experiment_touches_neither_stage_nor_copy(workbook: Workbook) -> None:
    """An experiment runs on a scratch copy that is gone afterwards."""
    workbook.put_into_work("01-hello")
    before = files_below(workbook.root / "stages"), files_below(workbook.work / "01-hello")

    workbook("break", "01", "1", "--predict", "2")

    assert (files_below(workbook.root / "stages"), files_below(workbook.work / "01-hello")) == before
    assert list(workbook.temporary.iterdir()) == []


@pytest.mark.parametrize(
    "words, message, then",
    [
        (["break", "2"], "Say which stage, then which experiment.", "uv run workbook break 01-hello 2"),
        (["break", "01", "7"], "01-hello has 3 experiments; there is no number 7.", "uv run workbook break 01-hello"),
    ],
)
def test_break_says_how_it_is_meant(shared: Workbook, words: list[str], message: str, then: str) -> None:
    """An experiment that is not named fully, or does not exist, exits 2 and shows the command that works."""
    ended = shared(*words)

    assert (ended.status, ended.out, ended.err) == (2, "", f"workbook: {message}\nNext: {then}\n")


# --- hint


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


def test_doctor_says_what_is_missing(shared: Workbook) -> None:
    """Without a browser and without Git a learner can begin: exit 0, what each is for, and how to get it."""
    ended = shared("doctor", env={"WORKBOOK_BROWSER": "none", "PATH": str(shared.temporary)})

    assert (ended.status, ended.err) == (0, "")
    said = " ".join(ended.out.split())
    assert "OPEN Browser: none found; the browser's promises in 01 and 04 are not proven here" in said
    assert "install Chromium, Chrome or Edge; or name one: WORKBOOK_BROWSER=/path/to/it" in said
    assert "OPEN Git: not found; only a damaged file of the course needs it install Git" in said
    assert "You can begin. Without Browser," in said
    assert f"PASS Python: {'.'.join(map(str, sys.version_info[:3]))} on Linux" in said


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
