"""The commands on an exercise: start it, write it, check it, go back, hand it in."""

import re
import shlex
import shutil
import signal
from pathlib import Path

import httpx
import pytest

from ..golden import Screens, transcript, unwrapped
from ..runners import Workbook, files_below, free_port, replace_in

pytestmark = pytest.mark.exhaustive(sample=10, of="file")

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


def solve(workbook: Workbook) -> None:
    """Write the solution into the learner's project."""
    main = workbook.work / "final/app/main.py"
    main.write_text(main.read_text(encoding="utf-8") + SOLVED, encoding="utf-8")


@pytest.fixture
def second(workbook: Workbook) -> Workbook:
    """Return the course with a second exercise."""
    exercises = workbook.root / "exercises"
    shutil.copytree(exercises / "count", exercises / "sum")
    (exercises / "sum" / "starter" / STARTER).rename(exercises / "sum/starter/app/summing.py")
    with (workbook.root / "workbook.toml").open("a", encoding="utf-8") as file:
        file.write(SECOND)
    return workbook


@pytest.fixture
def project(workbook: Workbook) -> Path:
    """Return the learner's project after `start` of the exercise."""
    return workbook.put_into_work("count")


# --- start


def test_start_makes_the_project_once(workbook: Workbook, screens: Screens) -> None:
    """`start` makes the project with the starter in it, and says what to read, edit and type."""
    ended = workbook("start", "count")

    assert (ended.status, ended.err) == (0, "")
    screens("start-exercise", ended.out)
    shipped, starter = workbook.root / "final", workbook.root / "exercises/count/starter"
    wanted = {name: content for name, content in files_below(shipped).items() if name != "tour.toml"}
    assert files_below(workbook.work / "final") == wanted | files_below(starter)


def test_start_adds_to_a_project_that_is_there(workbook: Workbook, screens: Screens) -> None:
    """In an existing project, `start` only adds the starter; a second `start` changes nothing."""
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
    """The second exercise is added to the project as you left it after the first."""
    project = second.put_into_work("count")
    solve(second)

    ended = second("start", "sum")

    assert ended.status == 0
    screens("start-second-exercise", ended.out)
    assert SOLVED in (project / "app/main.py").read_text(encoding="utf-8")
    assert sorted(path.name for path in second.work.iterdir()) == ["backups", "final", "journal.sqlite"]


def test_a_half_deleted_project(workbook: Workbook, project: Path, screens: Screens) -> None:
    """Without app/main.py, every command names `start`, which puts back only what's missing."""
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
    """If all of work/final is deleted, the exercise isn't started any more, and `start` begins it again."""
    shutil.rmtree(project)

    refused = workbook.refusals("check count", "submit count", status=1)
    started = workbook("start", "count")

    screens("check-exercise-not-begun", refused)
    assert (started.status, (project / STARTER).is_file()) == (0, True)


def test_a_start_that_was_killed_leaves_no_half_project(workbook: Workbook) -> None:
    """What a killed `start` leaves behind isn't mistaken for the project."""
    half = workbook.work / ".final.part"
    half.mkdir(parents=True)
    (half / "old.txt").write_text("of a start that was killed", encoding="utf-8")

    assert workbook("start", "count").status == 0

    assert not half.exists()
    assert not (workbook.work / "final/old.txt").exists()


# --- check


def test_what_is_not_begun(workbook: Workbook, screens: Screens) -> None:
    """Before `start`, `check` and `submit` say that the exercise isn't begun, even if the project exists."""
    for _ in range(2):
        screens("check-exercise-not-begun", workbook.refusals("check count", "submit count", status=1))
        workbook.put_into_work("final")


def test_an_exercise_that_is_not_begun_is_not_broken(workbook: Workbook, project: Path, screens: Screens) -> None:
    """Before anything is written nothing is red and no card gives the work away; exit 0, and what to do next."""
    ended = workbook("check", "count")

    assert (ended.status, ended.err) == (0, "")
    screens("check-exercise-not-written", ended.out)
    assert not {"FAIL", "Expected", "Got"} & set(ended.out.split())
    (project / "app/main.py").write_bytes((project / "app/main.py").read_bytes().replace(b"\n", b"\r\n"))
    assert "FAIL" not in workbook("check", "count").out, "an editor's line endings are no beginning"


def test_check_of_a_starter(workbook: Workbook, project: Path, screens: Screens) -> None:
    """With only the starter, the card names this exercise's TODO; no points, exit 1, and what to do next."""
    (project / "app/other.py").write_text('"""TODO: of another exercise"""\n', encoding="utf-8")

    ended = workbook("check", "count")

    assert (ended.status, ended.err) == (1, "")
    assert "another exercise" not in ended.out
    screens("check-exercise-starter", RANDOM.sub("-{random}", ended.out))


def test_check_of_a_solution(workbook: Workbook, project: Path, screens: Screens) -> None:
    """When the public tests are green, `check` shows the points, exits 0 and says how to hand in."""
    solve(workbook)

    ended = workbook("check", "count")

    assert (ended.status, ended.err) == (0, "")
    screens("check-exercise-solved", ended.out)
    assert [entry.data["task"] for entry in workbook.notes("solved")] == ["count"]
    assert " DONE count" in workbook("list").out


def test_what_was_green_once_and_is_broken(workbook: Workbook, project: Path, screens: Screens) -> None:
    """If you break a solution again, nothing says that it's green."""
    solve(workbook)
    workbook.note("solved", "count", task="count")
    replace_in(project / "app/main.py", '{"count": sum', '{"number": sum')

    ended = workbook("check", "count")

    assert ended.status == 1
    screens("check-exercise-broken-again", RANDOM.sub("-{random}", ended.out))


def test_check_shipped_of_an_exercise(shared: Workbook, screens: Screens) -> None:
    """There's no original solution, so `check --shipped` of an exercise is misuse and names what to type."""
    screens("check-exercise-shipped", shared.refusals("check count --shipped"))


def test_points_follow_the_grading(workbook: Workbook, project: Path, screens: Screens) -> None:
    """The points are those of grading.toml, even after an instructor changes it; a wrong line is named."""
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
    """You get three hints one by one, even before you start the exercise, and no solution is named."""
    said = transcript(("$ workbook hint count", workbook("hint", "count").out) for _ in range(4))

    assert "solution" not in said
    screens("hint-exercise-one-by-one", said)


def test_hints_that_are_gone(workbook: Workbook, screens: Screens) -> None:
    """If the hints are missing, the error says how to get them back."""
    (workbook.root / "exercises/count/hints.md").unlink()
    (workbook.root / "stages/01-hello/tasks/1-farewell/hints.md").unlink()

    screens("hint-gone", unwrapped(workbook.refusals("hint count", "hint 01", status=1)))


# --- reset


def test_reset_goes_back_to_before_the_exercise(workbook: Workbook, screens: Screens) -> None:
    """`reset` restores the project from before the exercise, plus the starter, and says how to undo that."""
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
    """`reset --to` accepts only a backup; for anything else it exits 2 and changes nothing."""
    before = files_below(project)
    places = (tmp_path, workbook.root / "final", workbook.work / "backups/none")

    refused = workbook.refusals(*(f"reset count --to {place}" for place in places))

    screens("reset-no-backup", unwrapped(refused), elsewhere=str(tmp_path))
    assert files_below(project) == before


def test_reset_of_what_is_not_begun(workbook: Workbook, screens: Screens) -> None:
    """`reset` of an exercise that you haven't started starts it, and deletes nothing of the project."""
    project = workbook.put_into_work("final")
    (project / "app/main.py").write_text("mine", encoding="utf-8")

    ended = workbook("reset", "count")

    assert ended.status == 0
    screens("reset-exercise-not-begun", ended.out)
    assert (project / "app/main.py").read_text(encoding="utf-8") == "mine"


def test_reset_of_an_earlier_exercise(second: Workbook) -> None:
    """After a `reset` of the first exercise, the second begins from that project, and so does its `reset`."""
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
    """`list` shows an exercise like any other step: open, current, done."""
    assert " HERE count      15 min  How many books there are" in workbook("list").lines
    workbook.note("solved", "count", task="count")
    assert " DONE count      15 min  How many books there are" in workbook("list").lines
    workbook.note("started", "01-hello")
    assert " DONE count      15 min  How many books there are" in workbook("list").lines


@pytest.mark.parametrize("columns", [80, 40])
def test_a_session_goes_on_to_the_exercise(workbook: Workbook, columns: int) -> None:
    """In the session, n leads from the project to the exercise, and a save that solves it shows that."""
    workbook.put_into_work("final")
    screen = workbook.screen(columns=columns)
    screen.wait_for("A book that was put", "q quit")

    screen.press("n")
    screen.wait_for("Now in count:", "work/final", "Edit", "app/counting.py", "q quit")
    screen.wait_for("0 of 70 points")
    screen.press("h")
    screen.wait_for("Hint 1 of 3: Nudge", "q quit")
    screen.press("b")
    screen.wait_for("count doesn't have experiments.")
    screen.press("c")
    assert "You hand in count, so it doesn't have a solution" in " ".join(screen.wait_for("compare with.").split())
    solve(workbook)
    screen.wait_for("The public tests are all green.", "70 of 70 points", "press s")
    screen.press("n")
    screen.wait_for("This is the last step.")
    screen.press("q")

    assert screen.wait_for_end() == 0
    lines = screen.lines_written
    # code is never wrapped, and is indented by three columns
    assert [line for line in lines if len(line) > columns and not line.startswith("   ") and "/" not in line] == []
    assert [entry.data["task"] for entry in workbook.notes("solved")] == ["count"]


def test_a_session_begins_a_half_deleted_exercise(workbook: Workbook, project: Path, screens: Screens) -> None:
    """If an exercise's project is half deleted, `workbook` puts it back and goes on."""
    (project / "app/main.py").unlink()

    ended = workbook()

    assert (ended.status, ended.err) == (0, "")
    screens("workbook-half-deleted-project", ended.out)
    assert (project / "app/main.py").is_file()


def test_run_serves_the_project(workbook: Workbook, project: Path) -> None:
    """`run` of an exercise serves the learner's project, with the project's settings."""
    port = free_port()
    running = workbook.start("run", "count", "--port", str(port))
    running.wait_for("Ctrl-C ends it.")

    titles = httpx.get(f"http://127.0.0.1:{port}/openapi.json", trust_env=False).json()

    assert titles["info"]["title"] == "Kitchen", "the project's variables"
    assert "Count, work/final" in running.text
    assert running.end(signal.SIGINT).status == 0


def test_the_session_shows_the_points_beside_a_card(workbook: Workbook) -> None:
    """In a low window an exercise's points stay on the screen, even where its promises make room for a card."""
    copy = workbook.put_into_work("count")
    screen = workbook.screen(lines=16)
    screen.wait_for("Checking it …")

    with (copy / "app/counting.py").open("a", encoding="utf-8") as file:
        file.write("\nBEGUN = True\n")

    shown = screen.wait_for("broken so far.", "points", "More", "q quit")
    assert "promises kept" not in shown, "the window is too high to test this"
    screen.press("q")
    assert screen.wait_for_end() == 0
