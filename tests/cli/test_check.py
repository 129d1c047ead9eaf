"""`workbook check`: a step's tests, and a card for what's broken."""

import pytest

from workbook.course.changes import apply_edits, read_tasks

from ..golden import Screens
from ..runners import Workbook, replace_in

pytestmark = pytest.mark.exhaustive(sample=7, of="file")

EXPERIMENTS = ("Everybody is welcome", "Another sentence", "Something in the greeting")


def solve(workbook: Workbook) -> None:
    """Do both tasks of step 01 in the learner's copy."""
    for task in read_tasks(workbook.root / "stages/01-hello"):
        apply_edits(task.solution(), workbook.work / "01-hello")


# --- where am I


def test_check_of_a_step_as_shipped(shared: Workbook, screens: Screens) -> None:
    """If you haven't started a step, `check` checks the original, and exits 0 if every promise is kept."""
    ended = shared("check", "01")

    assert (ended.status, ended.err) == (0, "")
    screens("check-as-shipped", ended.out)


def test_tasks_that_are_not_begun_are_not_broken(workbook: Workbook, screens: Screens) -> None:
    """In a copy without changes, the tasks are open: nothing is red, no card says what to do, and it exits 0."""
    workbook.put_into_work("01-hello")

    ended = workbook("check")

    assert ended.status == 0
    assert ended.out.count("not begun") == 2
    screens("check-tasks-not-begun", ended.out)


def test_check_with_open_tasks_exits_1(workbook: Workbook, screens: Screens) -> None:
    """Once something is changed, the first task that's open has a card, and `check` exits 1."""
    main = workbook.put_into_work("01-hello") / "main.py"
    main.write_text(main.read_text(encoding="utf-8") + "\nBEGUN = True\n", encoding="utf-8")

    ended = workbook("check")

    assert ended.status == 1
    screens("check-open-tasks", ended.out)


@pytest.mark.parametrize("name", ["01", "count"])
def test_a_comment_begins_nothing(workbook: Workbook, name: str) -> None:
    """Comments, blank lines and line ends don't begin a task or an exercise."""
    copy = workbook.put_into_work(name)
    for file in copy.rglob("*.py"):
        if "test" not in file.name:
            lines = file.read_text(encoding="utf-8").splitlines()
            file.write_bytes("\r\n".join(["# TODO: begin here", "", *lines, "", "# here"]).encode())

    ended = workbook("check", name)

    assert ended.status == 0
    assert "not begun" in ended.out or "✗" not in ended.out


def test_check_shipped_ignores_the_copy(workbook: Workbook) -> None:
    """`check --shipped` checks the course's original, whatever your copy is like."""
    workbook.put_into_work("01-hello")
    (workbook.work / "01-hello/main.py").write_text("mine", encoding="utf-8")

    ended = workbook("check", "01", "--shipped", "--launcher", "spawn")

    assert (ended.status, ended.lines[0]) == (0, "Hello  the original, stages/01-hello")


def test_solved_tasks_are_ticked_off(workbook: Workbook, screens: Screens) -> None:
    """When both tasks are green, `check` exits 0; the next step comes once you've tried every experiment."""
    workbook.put_into_work("01-hello")
    for title in EXPERIMENTS:
        workbook.note("predicted", "01-hello", experiment=title, right=True)
    solve(workbook)

    ended = workbook("check")

    assert ended.status == 0
    screens("check-tasks-done", ended.out)
    assert [entry.data["task"] for entry in workbook.notes("solved")] == ["1-farewell", "2-shout"]


def test_after_one_task_the_next_is_not_begun(workbook: Workbook) -> None:
    """When a task is done, the next one isn't red until something is changed again."""
    task_1, _ = read_tasks(workbook.root / "stages/01-hello")
    copy = workbook.put_into_work("01-hello")
    apply_edits(task_1.solution(), copy)
    assert "task 2, shout: not begun" in workbook("check").out

    (copy / "main.py").write_text(
        (copy / "main.py").read_text(encoding="utf-8") + "\nSECOND = True\n", encoding="utf-8"
    )

    assert "task 2, shout: 0 of 1 promise kept" in workbook("check").out


def test_a_task_that_only_keeps_what_the_stage_keeps_has_not_begun(workbook: Workbook) -> None:
    """While you're at task 1, task 2 counts as begun once it keeps something that the stage alone doesn't."""
    copy = workbook.put_into_work("01-hello")
    test = copy / "tasks/2-shout/test_shout.py"
    more = "import pytest\n\n\n@pytest.mark.as_before\ndef test_it_is_quiet(client: Client) -> None:\n"
    more += '    """A quiet greeting stays quiet."""\n    assert client.get("/hello/Ada").status_code == 200\n'
    test.write_text(
        test.read_text(encoding="utf-8").replace("import Client\n", "import Client\n" + more), encoding="utf-8"
    )
    with (copy / "main.py").open("a", encoding="utf-8") as file:
        file.write("\nFIRST = True\n")

    assert "task 2, shout: not begun" in workbook("check").out
    test.write_text(test.read_text(encoding="utf-8").replace("@pytest.mark.as_before\n", ""), encoding="utf-8")
    assert "task 2, shout: 1 of 2 promises kept" in workbook("check").out


def test_a_missing_test_file_is_red(workbook: Workbook, screens: Screens) -> None:
    """Promises whose test file is gone don't count as kept: `check` says so, how to put it back, and exits 1."""
    copy = workbook.put_into_work("01-hello")
    (copy / "test_hello.py").unlink()

    ended = workbook("check")

    assert ended.status == 1
    screens("check-missing-tests", ended.out)
    assert "kept" not in ended.out


def test_what_an_exercise_replaces_is_not_broken(workbook: Workbook, screens: Screens) -> None:
    """`check` of the project says which promises an exercise replaces; they are red by intent, and it exits 0."""
    grading = workbook.root / "exercises/count/grading.toml"
    text = grading.read_text(encoding="utf-8")
    grading.write_text('replaces = ["tests/test_books.py"]\n' + text, encoding="utf-8")
    main = workbook.put_into_work("count") / "app/main.py"
    main.write_text(main.read_text(encoding="utf-8").replace("/books", "/shelf"), encoding="utf-8")

    ended = workbook("check", "final")

    assert ended.status == 0
    screens("check-project-replaced", ended.out)


def test_a_broken_promise_is_told_with_its_request(workbook: Workbook, screens: Screens) -> None:
    """A broken promise exits 1; its card has the request, the response and what was expected."""
    workbook.put_into_work("01-hello")
    replace_in(workbook.work / "01-hello/main.py", '{"greeting": f"{GREETING} {name}"}', '{"greeting": GREETING}')

    ended = workbook("check", "01")

    assert ended.status == 1
    screens("check-broken-promise", ended.out)


@pytest.mark.parametrize(
    "names, said",
    [
        (["test_hello.py"], "test_hello.py differs from the course's"),
        (["test_hello.py", "tasks/1-farewell/test_farewell.py"], "2 test files differ from the course's"),
    ],
)
def test_an_edited_test_is_named(workbook: Workbook, names: list[str], said: str) -> None:
    """If a copy's tests aren't the course's, each check says so once; other ends of lines don't count."""
    workbook.put_into_work("01-hello")
    copy = workbook.work / "01-hello"
    for tests in copy.rglob("test_*.py"):
        tests.write_bytes(tests.read_bytes().replace(b"\n", b"\r\n"))
    assert "differ" not in workbook("check", "01-hello").out
    for name in names:
        with (copy / name).open("a", encoding="utf-8") as file:
            file.write("\n\ndef test_mine() -> None:\n    pass\n")

    assert workbook("check", "01-hello").out.count("differ") == 1
    assert said in workbook("check", "01-hello").out


def test_a_missing_app_is_put_back_by_start(workbook: Workbook, screens: Screens) -> None:
    """If your copy lost its main.py, the error names the command that puts it back."""
    workbook.put_into_work("01-hello")
    (workbook.work / "01-hello/main.py").unlink()

    ended = workbook("check", "01", "--launcher", "spawn")

    assert ended.status == 1
    screens("check-missing-app", ended.out)


def test_an_app_that_does_not_start_has_one_card(workbook: Workbook, screens: Screens) -> None:
    """A syntax error is one card with your line, not one per promise, even with `--all`."""
    workbook.put_into_work("01-hello")
    replace_in(workbook.work / "01-hello/main.py", "app = FastAPI()", "app = FastAPI(")

    ended = workbook("check", "01", "--all", "--launcher", "spawn")

    assert (ended.status, ended.err) == (1, "")
    screens("check-syntax-error", ended.out)


def test_check_all_shows_every_card(workbook: Workbook, screens: Screens) -> None:
    """`check` shows two cards and says how many more there are; `--all` shows every one."""
    workbook.put_into_work("01-hello")
    main = workbook.work / "01-hello/main.py"
    replace_in(main, "async def health() -> dict[str, str]:\n", "async def health() -> None:\n")
    replace_in(main, '    return {"status": "ok"}', "    pass")
    replace_in(main, "raise HTTPException(404", "raise HTTPException(403")
    replace_in(main, '{"greeting": f"{GREETING} {name}"}', '{"greeting": GREETING}')

    few, every = workbook("check", "--launcher", "spawn"), workbook("check", "--all", "--launcher", "spawn")

    assert (few.status, every.status) == (1, 1)
    screens("check-two-cards", few.out)
    screens("check-all-cards", every.out)


def test_check_of_a_project(workbook: Workbook, screens: Screens) -> None:
    """A project is checked like a stage: first the original, later your copy, with the tests in it."""
    shipped = workbook("check", "final")
    workbook.put_into_work("final")
    replace_in(workbook.work / "final/app/books.py", "    return title\n", '    return ""\n')
    broken = workbook("check")

    assert (shipped.status, shipped.err, broken.status) == (0, "", 1)
    screens("check-project-as-shipped", shipped.out)
    screens("check-project-broken", broken.out)


def test_many_promises_are_counted(workbook: Workbook, screens: Screens) -> None:
    """If there are more than twelve core promises, the broken ones are listed and the others counted."""
    tests = "".join(f'\n\ndef test_{n}() -> None:\n    """Promise {n}."""\n' for n in range(12))
    with (workbook.root / "final/tests/test_books.py").open("a", encoding="utf-8") as file:
        file.write(tests + "    assert False\n")

    ended = workbook("check", "final")

    assert ended.status == 1
    screens("check-many-promises", ended.out)


# --- break


def test_check_knows_where_you_are(workbook: Workbook) -> None:
    """Inside the copy of a step `check` checks that step, whatever the current one is."""
    copy = workbook.put_into_work("02-notes")
    workbook.put_into_work("01-hello")

    assert workbook("check", cwd=copy).lines[0] == "Notes  your copy, ."
    assert workbook("check").lines[0] == "Hello  your copy, work/01-hello"
