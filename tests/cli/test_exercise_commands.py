"""The commands on an exercise: begin, write, be checked, go back, hand in."""

import re
import shlex
import shutil
import signal
from pathlib import Path

import httpx
import pytest

from ..golden import Screens, transcript, unwrapped
from ..runners import Workbook, files_below, free_port, replace_in

SOLVED = """

@app.get("/count")
def count(letter: str = "") -> dict[str, int]:
    return {"count": sum(title.startswith(letter) for title in books.titles())}
"""
STARTER = "app/counting.py"
SECOND = """
[[step]]
name = "sum"
kind = "exercise"
title = "Sum"
concept = "Another exercise in the same project"
minutes = 5
"""
RANDOM = re.compile(r"-[0-9a-f]{6}\b")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\r")


def solve(workbook: Workbook) -> None:
    """Write the solution into the learner's project."""
    main = workbook.work / "final/app/main.py"
    main.write_text(main.read_text(encoding="utf-8") + SOLVED, encoding="utf-8")


@pytest.fixture
def second(workbook: Workbook) -> Workbook:
    """The course with a second exercise."""
    exercises = workbook.root / "exercises"
    shutil.copytree(exercises / "count", exercises / "sum")
    (exercises / "sum" / "starter" / STARTER).rename(exercises / "sum/starter/app/summing.py")
    with (workbook.root / "workbook.toml").open("a", encoding="utf-8") as file:
        file.write(SECOND)
    return workbook


@pytest.fixture
def project(workbook: Workbook) -> Path:
    """The learner's project, in which the exercise is begun."""
    return workbook.put_into_work("count")


# --- start


def test_start_makes_the_project_once(workbook: Workbook, screens: Screens) -> None:
    """`start` of an exercise makes the project with the starter in it, and says what to read, edit and call."""
    ended = workbook("start", "count")

    assert (ended.status, ended.err) == (0, "")
    screens("start-exercise", ended.out)
    shipped, starter = workbook.root / "final", workbook.root / "exercises/count/starter"
    wanted = {name: content for name, content in files_below(shipped).items() if name != "tour.toml"}
    assert files_below(workbook.work / "final") == wanted | files_below(starter)


def test_start_adds_to_a_project_that_is_there(workbook: Workbook, screens: Screens) -> None:
    """In a project that is there `start` adds the starter and touches nothing; again, it touches nothing at all."""
    project = workbook.put_into_work("final")
    (project / "app/main.py").write_text("mine", encoding="utf-8")
    (project / "README.md").unlink()
    before = files_below(project)

    added = workbook("start", "count")
    (project / STARTER).write_text("mine too", encoding="utf-8")
    again = workbook("start", "count")

    screens("start-exercise-in-a-project", added.out)
    screens("start-exercise-again", again.out)
    assert files_below(project) == before | {STARTER: b"mine too"}


def test_a_second_exercise_goes_into_the_same_project(second: Workbook, screens: Screens) -> None:
    """The second exercise is added to the project as the first one has left it."""
    project = second.put_into_work("count")
    solve(second)

    ended = second("start", "sum")

    assert ended.status == 0
    screens("start-second-exercise", ended.out)
    assert SOLVED in (project / "app/main.py").read_text(encoding="utf-8")
    assert sorted(path.name for path in second.work.iterdir()) == ["backups", "final", "journal.sqlite"]


def test_a_half_deleted_project(workbook: Workbook, project: Path, screens: Screens) -> None:
    """Without app/main.py every command on the exercise names `start`, which puts back what is gone and no more."""
    shutil.rmtree(project / "app/__pycache__", ignore_errors=True)
    whole = files_below(project)
    (project / "app/main.py").unlink()
    (project / "app/books.py").unlink()
    (project / STARTER).write_text("mine", encoding="utf-8")

    refused = workbook.refusals("check count", "submit count", "watch count", status=1)
    ended = workbook("start", "count")

    screens("check-half-deleted-project", unwrapped(refused))
    screens("start-half-deleted-project", ended.out)
    assert files_below(project) == whole | {STARTER: b"mine"}
    (project / "app/books.py").unlink()
    screens("start-exercise-again", workbook("start", "count").out)  # a file may have been renamed


def test_a_project_that_is_gone(workbook: Workbook, project: Path, screens: Screens) -> None:
    """When all of work/final is gone the exercise is not begun, and `start` begins it anew."""
    shutil.rmtree(project)

    refused = workbook.refusals("check count", "submit count", status=1)
    started = workbook("start", "count")

    screens("check-exercise-not-begun", refused)
    assert (started.status, (project / STARTER).is_file()) == (0, True)


def test_a_start_that_was_killed_leaves_no_half_project(workbook: Workbook) -> None:
    """What a killed `start` leaves behind is not taken for the project."""
    half = workbook.work / ".final.part"
    half.mkdir(parents=True)
    (half / "old.txt").write_text("of a start that was killed", encoding="utf-8")

    assert workbook("start", "count").status == 0

    assert not half.exists()
    assert not (workbook.work / "final/old.txt").exists()


# --- check


def test_what_is_not_begun(workbook: Workbook, screens: Screens) -> None:
    """Before `start`, `check` and `submit` say that the exercise is not begun, also where the project is there."""
    for _ in range(2):
        screens("check-exercise-not-begun", workbook.refusals("check count", "submit count", status=1))
        workbook.put_into_work("final")


def test_check_of_a_starter(workbook: Workbook, project: Path, screens: Screens) -> None:
    """With the starter the card names the TODO of this exercise; no points, exit 1, and what to do next."""
    (project / "app/other.py").write_text('"""TODO: of another exercise"""\n', encoding="utf-8")

    ended = workbook("check", "count")

    assert (ended.status, ended.err) == (1, "")
    assert "another exercise" not in ended.out
    screens("check-exercise-starter", RANDOM.sub("-{random}", ended.out))


def test_check_of_a_solution(workbook: Workbook, project: Path, screens: Screens) -> None:
    """When the public tests are green `check` tells the points, exits 0, ticks the exercise off and says: hand in."""
    solve(workbook)

    ended = workbook("check", "count")

    assert (ended.status, ended.err) == (0, "")
    screens("check-exercise-solved", ended.out)
    assert [entry.data for entry in workbook.notes("solved")] == [{"task": "count"}]
    assert " DONE count" in workbook("list").out


def test_what_was_green_once_and_is_broken(workbook: Workbook, project: Path, screens: Screens) -> None:
    """A solution that has been broken since is not said to be green."""
    solve(workbook)
    workbook.note("solved", "count", task="count")
    replace_in(project / "app/main.py", '{"count": sum', '{"number": sum')

    ended = workbook("check", "count")

    assert ended.status == 1
    screens("check-exercise-broken-again", RANDOM.sub("-{random}", ended.out))


def test_check_shipped_of_an_exercise(shared: Workbook, screens: Screens) -> None:
    """The course ships no solution: `check --shipped` of an exercise is misuse, and names what to call."""
    screens("check-exercise-shipped", shared.refusals("check count --shipped"))


def test_points_follow_the_grading(workbook: Workbook, project: Path, screens: Screens) -> None:
    """The points are those of grading.toml, which an instructor changes; a line of it that is wrong is told."""
    solve(workbook)
    grading = workbook.root / "exercises/count/grading.toml"
    grading.write_text("[points]\ntest_counts_books = 1.5\n[dropped]\ntest_counts_by_letter = 30\n", encoding="utf-8")
    changed = workbook("check", "count")
    grading.write_text("[points]\ntest_counts_books = -1\n", encoding="utf-8")

    screens("check-exercise-other-points", changed.out)
    wrong = workbook("check", "count")

    assert wrong.status == 2
    screens("check-exercise-broken-grading", wrong.out + wrong.err)


# --- hints


def test_hints_of_an_exercise(workbook: Workbook, screens: Screens) -> None:
    """Three hints come one by one, also before the exercise is begun; no solution is named."""
    said = transcript(("$ workbook hint count", workbook("hint", "count").out) for _ in range(4))

    assert "solution" not in said
    screens("hint-exercise-one-by-one", said)


def test_hints_that_are_gone(workbook: Workbook, screens: Screens) -> None:
    """Hints that are gone are told with how to get them back."""
    (workbook.root / "exercises/count/hints.md").unlink()
    (workbook.root / "stages/01-hello/tasks/1-farewell/hints.md").unlink()

    screens("hint-gone", unwrapped(workbook.refusals("hint count", "hint 01", status=1)))


# --- reset


def test_reset_goes_back_to_before_the_exercise(workbook: Workbook, screens: Screens) -> None:
    """`reset` makes the project what it was before the exercise, with the starter; the printed command undoes that."""
    project = workbook.put_into_work("final")
    (project / "app/main.py").write_text("# mine, from before\n", encoding="utf-8")
    (project / ".env").write_text("SHELF=mine\n", encoding="utf-8")
    workbook.put_into_work("count")
    begun = files_below(project)
    (project / STARTER).write_text("mine", encoding="utf-8")
    (project / "app/new.py").write_text("mine too", encoding="utf-8")
    written = files_below(project)

    ended = workbook("reset", "count")

    assert (ended.status, ended.err) == (0, "")
    screens("reset-exercise", ended.out)
    assert files_below(project) == begun
    (command,) = [line.strip() for line in ended.lines if "--to" in line]
    uv, run, name, *words = shlex.split(command)
    assert (uv, run, name) == ("uv", "run", "workbook")
    undone = workbook(*words)
    assert undone.status == 0
    screens("reset-exercise-undone", undone.out)
    assert files_below(project) == written


def test_reset_takes_backups_alone(workbook: Workbook, project: Path, tmp_path: Path, screens: Screens) -> None:
    """`reset --to` takes a backup and nothing else, and touches nothing then; exit 2."""
    before = files_below(project)
    places = (tmp_path, workbook.root / "final", workbook.work / "backups/none")

    refused = workbook.refusals(*(f"reset count --to {place}" for place in places))

    screens("reset-no-backup", unwrapped(refused), elsewhere=str(tmp_path))
    assert files_below(project) == before


def test_reset_of_what_is_not_begun(workbook: Workbook, screens: Screens) -> None:
    """`reset` of an exercise that is not begun begins it, and takes nothing of the project away."""
    project = workbook.put_into_work("final")
    (project / "app/main.py").write_text("mine", encoding="utf-8")

    ended = workbook("reset", "count")

    assert ended.status == 0
    screens("reset-exercise-not-begun", ended.out)
    assert (project / "app/main.py").read_text(encoding="utf-8") == "mine"


def test_reset_of_an_earlier_exercise(second: Workbook) -> None:
    """After a `reset` of the first exercise the second one begins where the project then is, for its `reset` too."""
    project = second.put_into_work("count")
    (project / "app/main.py").write_text("first", encoding="utf-8")
    second.put_into_work("sum")

    second("reset", "count")
    assert not (project / "app/summing.py").exists()
    (project / "app/main.py").write_text("first again", encoding="utf-8")
    second("start", "sum")
    (project / "app/main.py").write_text("second", encoding="utf-8")
    second("reset", "sum")

    assert (project / "app/main.py").read_text(encoding="utf-8") == "first again"
    assert (project / "app/summing.py").is_file()


# --- list, session, run


def test_list_and_state(workbook: Workbook, project: Path) -> None:
    """`list` shows an exercise like any step: open, the one that the learner is in, done."""
    assert " HERE count      15 min  How many books there are" in workbook("list").lines
    workbook.note("solved", "count", task="count")
    assert " DONE count      15 min  How many books there are" in workbook("list").lines
    workbook.note("started", "01-hello")
    assert " DONE count      15 min  How many books there are" in workbook("list").lines


@pytest.mark.parametrize("columns", [80, 40])
def test_a_session_goes_on_to_the_exercise(workbook: Workbook, columns: int) -> None:
    """In the session n leads from the project to the exercise, which is watched: a save that solves it is told."""
    workbook.put_into_work("final")
    screen = workbook.screen(columns=columns)
    screen.wait_for("A book that was put", "q quit")

    screen.press("n")
    screen.wait_for("Now in count:", "work/final", "Edit", "app/counting.py", "q quit")
    screen.wait_for("1 promise is broken in your copy.")
    screen.press("h")
    screen.wait_for("Hint 1 of 3: Nudge", "Enter brings you back")
    screen.press("\r")
    screen.wait_for("Back from the hint.", "q quit")
    screen.press("b")
    screen.wait_for("count has no experiments.")
    solve(workbook)
    screen.wait_for("The public tests are all green.", "70 of 70 points", "uv run workbook submit count")
    screen.press("n")
    screen.wait_for("This is the last step.")
    screen.press("q")

    assert screen.wait_for_end() == 0
    lines = ESCAPES.sub("", screen.written).split("\n")
    # code is never wrapped, and stands three columns in
    assert [line for line in lines if len(line) > columns and not line.startswith("   ") and "/" not in line] == []
    assert [entry.data for entry in workbook.notes("solved")] == [{"task": "count"}]


def test_a_session_begins_a_half_deleted_exercise(workbook: Workbook, project: Path, screens: Screens) -> None:
    """`workbook` in an exercise whose project is half deleted puts it back and goes on."""
    (project / "app/main.py").unlink()

    ended = workbook()

    assert (ended.status, ended.err) == (0, "")
    screens("workbook-half-deleted-project", ended.out)
    assert (project / "app/main.py").is_file()


def test_run_serves_the_project(workbook: Workbook, project: Path) -> None:
    """`run` of an exercise serves the learner's project, with the settings of the project."""
    port = free_port()
    running = workbook.start("run", "count", "--port", str(port))
    running.wait_for("Ctrl-C ends it.")

    titles = httpx.get(f"http://127.0.0.1:{port}/openapi.json", trust_env=False).json()

    assert titles["info"]["title"] == "Kitchen", "the project's variables"
    assert "Count, work/final" in running.text
    assert running.end(signal.SIGINT).status == 0
