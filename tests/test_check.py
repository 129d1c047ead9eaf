"""`workbook check`: a step's tests, and the cards of what is broken."""

from workbook.changes import apply_edits, read_tasks

from .runners import Workbook, replace_in

EXPERIMENTS = ("Everybody is welcome", "Another sentence", "Something in the greeting")


def solve(workbook: Workbook) -> None:
    """Do both tasks of step 01 in the learner's copy."""
    for task in read_tasks(workbook.root / "stages/01-hello"):
        apply_edits(task.solution(), workbook.work / "01-hello")


# --- where am I


def test_check_of_a_step_as_shipped(shared: Workbook) -> None:
    """`check` of a step that was never started checks it as shipped, and exits 0 when every promise is kept."""
    ended = shared("check", "01")

    assert (ended.status, ended.err) == (0, "")
    assert ended.lines == [
        "Hello  as shipped, stages/01-hello",
        "",
        " PASS Whoever asks is greeted by name.",
        " PASS Nobody is not greeted: the reply is 404.",
        " PASS 1 of 1 deeper promises kept",
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
        " PASS 1 of 1 deeper promises kept",
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


def test_check_of_a_project(workbook: Workbook) -> None:
    """A project is checked like a stage: as shipped, then the learner's copy, with the tests below it."""
    shipped = workbook("check", "final")
    workbook.put_into_work("final")
    replace_in(workbook.work / "final/app/books.py", "    return title\n", '    return ""\n')
    broken = workbook("check")

    assert (shipped.status, shipped.err) == (0, "")
    assert shipped.lines == [
        "The shelf  as shipped, final",
        "",
        " PASS A book that was put on the shelf stands there.",
        " PASS 1 of 1 deeper promises kept",
        "",
        "      Read  final/README.md",
        "      Next  the tour: question 1 of 8",
        "            uv run workbook tour final",
    ]
    assert (broken.status, broken.lines[0]) == (1, "The shelf  your copy, work/final")
    assert "   test_says_which_book, work/final/tests/test_books.py:" in broken.out
    assert "      Edit  work/final/app/main.py" in broken.lines
    assert broken.lines[-1] == "            uv run workbook reset final"


def test_many_promises_are_counted(workbook: Workbook) -> None:
    """Of more than twelve core promises those that are broken are told, and the others counted."""
    tests = "".join(f'\n\ndef test_{n}() -> None:\n    """Promise {n}."""\n' for n in range(12))
    with (workbook.root / "final/tests/test_books.py").open("a", encoding="utf-8") as file:
        file.write(tests + "    assert False\n")

    ended = workbook("check", "final")

    assert ended.status == 1
    assert ended.lines[2:5] == [
        " FAIL Promise 11.",
        " OPEN 12 of 13 promises kept",
        " PASS 1 of 1 deeper promises kept",
    ]


# --- break
