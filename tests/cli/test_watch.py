"""`workbook watch` without a terminal: a verdict for every save, however an editor saves."""

import signal
import threading
from pathlib import Path

import pytest

from ..golden import Screens
from ..runners import Running, Workbook, replace_in

pytestmark = pytest.mark.exhaustive(sample=4, of="file")

VERDICT = " s\n"  # the last line of each
GREETED = " PASS A visitor is greeted by name.\n"
BROKEN = " FAIL A visitor is greeted by name.\n"
RIGHT, WRONG = '{"greeting": f"{GREETING} {name}"}', '{"greeting": "Go away"}'


@pytest.fixture
def main(workbook: Workbook) -> Path:
    """The learner's main.py of step 01."""
    return workbook.put_into_work("01-hello") / "main.py"


@pytest.fixture
def watching(workbook: Workbook, main: Path) -> Running:
    """Return `workbook watch` on step 01, after its first verdict."""
    running = workbook.start("watch")
    running.wait_for(GREETED)
    running.wait_for(VERDICT)
    return running


def test_every_save_is_answered(workbook: Workbook, main: Path, watching: Running, screens: Screens) -> None:
    """Every save gets a verdict; Ctrl-C ends `watch` with exit 0 and leaves nothing behind."""
    replace_in(main, RIGHT, WRONG)
    seen = watching.wait_for(BROKEN)
    replace_in(main, WRONG, RIGHT)
    watching.wait_for(GREETED, after=seen)

    ended = watching.end(signal.SIGINT)

    assert ended.status == 0
    screens("watch-first-verdict", "".join(ended.out.partition(VERDICT)[:2]))
    assert "Traceback" not in ended.out
    workbook.wait_until_gone()
    assert list(workbook.temporary.iterdir()) == []


def test_a_solved_task_is_ticked_off(workbook: Workbook, main: Path, watching: Running) -> None:
    """A task is recorded as soon as it turns green."""
    with main.open("a", encoding="utf-8") as file:
        file.write('\n\n@app.get("/bye/{name}")\nasync def bye(name: str) -> dict[str, str]:\n')
        file.write('    return {"farewell": f"Bye {name}"}\n')

    watching.wait_for(" DONE task 1, farewell: done\n")

    watching.end()
    assert [entry.data["task"] for entry in workbook.notes("solved")] == ["1-farewell"]


def test_a_save_during_a_check_counts(main: Path, watching: Running) -> None:
    """A save during a check ends that check, so the last verdict is about the last save."""
    seen = len(watching.text)
    for number in range(12):
        main.write_text(main.read_text(encoding="utf-8") + f"\n# {number}\n", encoding="utf-8")
        threading.Event().wait(0.05)  # an impatient person: no condition to wait for
    replace_in(main, RIGHT, WRONG)

    watching.wait_for(BROKEN, after=seen)

    watching.end()
    last = watching.text.rpartition("Hello  your copy")[2]
    assert BROKEN in last


def test_a_half_written_save_is_followed_by_the_whole_one(main: Path, watching: Running) -> None:
    """If a file is saved in two halves, the last verdict is about the whole file."""
    whole = main.read_text(encoding="utf-8")
    half = whole.index("(name: str)") + 7
    main.write_text(whole[:half], encoding="utf-8")
    seen = watching.wait_for("The app has a syntax error:")
    with main.open("a", encoding="utf-8") as file:
        file.write(whole[half:])

    watching.wait_for(GREETED, after=seen)

    assert "Traceback" not in watching.text


def test_a_file_that_is_removed_and_restored(main: Path, watching: Running) -> None:
    """Without main.py the verdict says so; when the file is back, the promises are kept again."""
    whole = main.read_text(encoding="utf-8")
    main.unlink()
    seen = watching.wait_for("There's no main.py and no app/main.py")
    main.write_text(whole, encoding="utf-8")

    watching.wait_for(GREETED, after=seen)

    assert "Traceback" not in watching.text


def test_tests_that_are_removed_and_restored(workbook: Workbook, main: Path, watching: Running) -> None:
    """Without any tests, `watch` says so and goes on; after `start` puts them back, there's a new verdict."""
    seen = len(watching.text)
    for file in list(main.parent.rglob("test_*.py")):
        file.unlink()
    seen = watching.wait_for("The tests of 01-hello are missing.\nNext: uv run workbook start 01-hello\n", after=seen)

    workbook("start", "01")

    watching.wait_for(GREETED, after=seen)


def test_editors_save_in_many_ways(main: Path, watching: Running) -> None:
    """A save is seen whether the editor renames a temporary file, moves the old one away, or writes in place."""
    right = main.read_text(encoding="utf-8")
    wrong = right.replace(RIGHT, WRONG)

    (main.parent / ".main.py.swp").write_text(wrong, encoding="utf-8")
    (main.parent / ".main.py.swp").replace(main)
    seen = watching.wait_for(BROKEN)
    main.rename(main.with_name("main.py~"))
    main.write_text(right, encoding="utf-8")
    seen = watching.wait_for(GREETED, after=seen)
    with main.open("r+", encoding="utf-8") as file:
        file.write(wrong)
        file.truncate()
    watching.wait_for(BROKEN, after=seen)


def test_files_with_crlf(main: Path, watching: Running) -> None:
    """Files and tests with Windows line endings are checked like any others."""
    seen = len(watching.text)
    for file in (main.with_name("test_hello.py"), main):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n").replace(RIGHT.encode(), WRONG.encode()))

    watching.wait_for(BROKEN, after=seen)

    assert b"\r\n" in main.read_bytes()


def test_what_running_leaves_behind_is_no_save(main: Path, watching: Running) -> None:
    """Databases, logs, caches and editors' temporary files don't start a check, but a save does."""
    seen = len(watching.text)
    for name in (
        "app.db",
        "app.db-journal",
        "app.sqlite",
        "server.log",
        ".main.py.swp",
        "main.py~",
        "__pycache__/main.pyc",
    ):
        file = main.with_name(name) if "/" not in name else main.parent / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("x", encoding="utf-8")
    main.write_text(main.read_text(encoding="utf-8").replace(RIGHT, WRONG), encoding="utf-8")

    watching.wait_for(BROKEN, after=seen)

    watching.end()
    assert watching.text[seen:].count("Hello  your copy") == 1
