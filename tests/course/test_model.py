"""The course: its steps by every name, progress that survives renaming, and copies that are never overwritten."""

import shutil
from pathlib import Path

import pytest

from workbook.cli.predicting import read_numbers
from workbook.course.model import Course
from workbook.course.promises import choices_for, read_promises
from workbook.errors import UserError
from workbook.learner import workspace
from workbook.learner.progress import Progress
from workbook.learner.step_check import Subject

from ..conftest import COURSE
from ..runners import Workbook


@pytest.fixture
def course(tmp_path: Path) -> Course:
    shutil.copytree(COURSE, tmp_path / "course")
    return Course(tmp_path / "course")


@pytest.mark.parametrize(
    "text",
    [
        "02-notes",
        "2",
        "02",
        "002",
        "notes",
        "NOTES",
        " notes ",
        "02-no",
        "stages/02-notes/",
        "work\\02-notes",
        "./02-notes",
    ],
)
def test_a_step_by_many_names(course: Course, text: str) -> None:
    """You can name a step by its name, its number, a word or the beginning of its name, or a path."""
    assert course.step(text).name == "02-notes"


@pytest.mark.parametrize("text", ["01-notes", "02-memos", "work/02-memos"])
def test_a_step_by_a_former_name(course: Course, text: str) -> None:
    """You can name a step by a name that it had in an earlier edition."""
    assert course.step(text).name == "02-notes"


@pytest.mark.parametrize(
    "text, nearest",
    [
        ("nots", " Nearest: 02-notes."),
        ("0", ""),
        ("3", ""),
        ("9" * 5000, ""),
        ("-", ""),
        ("..", ""),
        ("hello notes", " Nearest: 02-notes, 01-hello."),
    ],
)
def test_what_means_no_step(course: Course, text: str, nearest: str) -> None:
    """A word that means no step, or several, is refused with the closest names."""
    with pytest.raises(UserError) as caught:
        course.step(text)

    assert caught.value.message == f"No step is called “{text}”.{nearest}"
    assert (caught.value.then, caught.value.code) == ("workbook list", 2)


def test_a_word_of_several_steps_means_none(tmp_path: Path) -> None:
    """A word that fits several steps is refused; a number and a whole name are unambiguous."""
    entry = '[[step]]\nname = "{}"\nkind = "stage"\ntitle = "T"\nconcept = "C"\nminutes = 1\n'
    names = ["01-file-upload", "02-file-list", "10-zip"]
    (tmp_path / "workbook.toml").write_text('title = "T"\n' + "".join(map(entry.format, names)), encoding="utf-8")
    course = Course(tmp_path)

    assert [course.step(text).name for text in ("1", "10", "upload", "file-list", "02-f")] == [
        "01-file-upload",
        "10-zip",
        "01-file-upload",
        "02-file-list",
        "02-file-list",
    ]
    with pytest.raises(UserError):
        course.step("file")


def test_order_and_folders(course: Course) -> None:
    """The steps have the order of workbook.toml, and each is in the folder for its kind."""
    first, second, project, exercise = course.steps

    assert [course.after(step) for step in course.steps] == [second, project, exercise, None]
    assert (course.folder(first), course.place(first)) == (course.root / "stages/01-hello", "stages/01-hello")
    assert (course.copy(first), course.data(first)) == (course.work / "01-hello", course.work / "data/01-hello")
    assert (course.folder(project), course.place(project)) == (course.root / "final", "final")
    assert (course.copy(project), course.data(project)) == (course.work / "final", course.work / "data/final")
    assert (course.folder(exercise), course.place(exercise)) == (course.root / "exercises/count", "exercises/count")
    assert (course.copy(exercise), course.data(exercise)) == (course.copy(project), course.data(project))


def test_found_from_below(course: Course) -> None:
    """You can find the course from any folder below it."""
    assert Course.find(course.root / "stages/01-hello/tasks").root == course.root


# --- renamed steps


def test_progress_under_a_former_name_counts(workbook: Workbook) -> None:
    """After a step is renamed, its progress and its copy are still there, and nothing starts over."""
    workbook.note("started", "01-notes")
    workbook.note("predicted", "02-memos", experiment="Notes are lost", right=True)
    workbook.note("hint", "01-notes", task="1-limit", level=1)
    old = workbook.work / "01-notes"
    shutil.copytree(workbook.root / "stages/02-notes", old)
    (old / "notes.txt").write_text("mine", encoding="utf-8")

    here = workbook()
    checked = workbook("check")

    assert here.lines[1:4] == ["02-notes: Notes in a file, and mail about them", "", "Welcome back to 02-notes."]
    assert "Edit  work/01-notes/app/main.py" in here.out
    assert checked.lines[0] == "Notes  your copy, work/01-notes"
    assert not (workbook.work / "02-notes").exists()

    workbook("reset", "notes")

    (backup,) = (workbook.work / "backups").glob("01-notes-*")
    assert (backup / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert (workbook.work / "02-notes/app/main.py").exists()


def test_data_under_a_former_name_is_served(course: Course) -> None:
    """After a step is renamed, its app still has its data."""
    (course.work / "data/02-memos").mkdir(parents=True)

    assert course.data(course.step("02")) == course.work / "data/02-memos"


def test_the_present_name_comes_first(course: Course) -> None:
    """If there are copies under both names, the one under the present name counts."""
    for name in ("01-notes", "02-notes"):
        (course.work / name).mkdir(parents=True)

    assert course.copy(course.step("02")) == course.work / "02-notes"


# --- progress


def test_progress_is_told_from_the_journal(course: Course) -> None:
    """What's tried and solved, and where the learner is, follows from the journal's entries alone."""
    hello, notes, *_ = course.steps
    progress = Progress(course)
    assert (progress.is_new, progress.current, progress.untried(hello), progress.unsolved(hello)) == (
        True,
        hello,
        [1, 2, 3],
        [1, 2],
    )

    progress.record("predicted", hello, experiment="Another sentence", right=False)
    progress.record("solved", hello, task="2-shout")
    progress.record("started", notes)

    for seen in (progress, Progress(course)):
        assert (seen.is_new, seen.current, seen.untried(hello), seen.unsolved(hello)) == (False, notes, [1, 3], [1])
        assert (seen.state(hello), seen.state(notes)) == ("begun", "here")


# --- the learner's copy


def test_a_copy_interrupted_in_the_middle_leaves_no_half_file(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """If copying stops in the middle of a file, the half file is never taken for the learner's."""
    step = course.steps[0]
    whole = shutil.copyfile

    def half(source: str, target: Path) -> None:
        if Path(source).name == "main.py":
            Path(target).write_bytes(Path(source).read_bytes()[:20])
            raise KeyboardInterrupt
        whole(source, target)

    monkeypatch.setattr(shutil, "copyfile", half)
    with pytest.raises(KeyboardInterrupt):
        workspace.put_into_work(course, step)
    monkeypatch.undo()

    workspace.put_into_work(course, step)

    copied, shipped = course.copy(step) / "main.py", course.folder(step) / "main.py"
    assert copied.read_bytes() == shipped.read_bytes()


def test_a_copy_holds_nothing_of_the_authors(course: Course) -> None:
    """A learner's copy doesn't have solutions, experiments, or what running an app leaves behind."""
    step = course.steps[0]
    for name in ("app.db", "x.sqlite", "__pycache__/x.pyc", ".hidden"):
        file = course.folder(step) / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("x", encoding="utf-8")

    made = workspace.put_into_work(course, step)

    names = {path.relative_to(course.copy(step)).as_posix() for path in made}
    assert {"main.py", "test_hello.py", "tasks/1-farewell/test_farewell.py"} < names
    assert not {
        name for name in names if name.endswith(("solution.toml", "experiments.toml", ".db", ".sqlite", ".pyc"))
    }
    assert ".hidden" not in names


def test_a_copy_of_a_project_has_its_hidden_files(course: Course) -> None:
    """A copy includes .env.example and .gitignore, but no settings, caches, uploads or databases."""
    step = course.step("final")
    left = [".env", ".venv/x.py", ".mypy_cache/x", "uploads/x.png", "app/__pycache__/x.pyc", "shelf.db", "x.sqlite3"]
    left += ["shelf.db-wal", "requests.log", ".coverage"]
    for name in left:
        file = course.folder(step) / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("x", encoding="utf-8")

    made = {path.relative_to(course.copy(step)).as_posix() for path in workspace.put_into_work(course, step)}

    app = {f"app/{name}.py" for name in ("__init__", "books", "config", "database", "main")}
    assert made == {".env.example", ".gitignore", "README.md", "tests/test_books.py"} | app
    assert made == set(workspace.copied_files(course.folder(step)))


def test_the_tests_of_a_project_lie_in_their_folder(course: Course) -> None:
    """A project's promises are found in tests/ and beside it, and so is whether they need a browser."""
    step = course.step("final")
    subject = Subject.of(course, step)
    assert [file.name for file in subject.tests] == ["test_books.py"]
    assert [promise.name for promise in read_promises(subject.folder)] == ["test_keeps_books", "test_says_which_book"]
    assert [file.name for file in subject.tests if subject.uses_a_browser] == []

    (subject.folder / "test_all.py").write_text("def test_all() -> None: ...", encoding="utf-8")
    (subject.folder / "tests/test_page.py").write_text("import playwright", encoding="utf-8")

    assert [file.name for file in subject.tests] == ["test_all.py", "test_books.py", "test_page.py"]
    assert subject.uses_a_browser
    assert subject.main_file == subject.folder / "app/main.py"


# --- predictions


@pytest.mark.parametrize(
    "text, numbers",
    [
        ("1", [1]),
        ("3, 1", [1, 3]),
        ("1 1 2", [1, 2]),
        ("none", []),
        ("0", []),
        ("", None),
        (",", None),
        ("4", None),
        ("-1", None),
        ("²", None),
        ("1.5", None),
        ("one", None),
        ("9" * 5000, None),
    ],
)
def test_predictions_are_read(text: str, numbers: list[int] | None) -> None:
    """Numbers with commas or spaces are a prediction, and so is “none”, but nothing else."""
    assert read_numbers(text, 3) == numbers


def test_the_choices_hold_what_breaks(course: Course) -> None:
    """A learner chooses among all core promises and all that break, in the order of the file."""
    step = course.steps[0]
    promises = read_promises(course.folder(step))

    assert [(promise.name, promise.text, promise.deeper) for promise in promises] == [
        ("test_greets_by_name", "A visitor is greeted by name.", False),
        ("test_nobody_is_not_greeted", "Without a name, the response is a 404.", False),
        ("test_health", "The load balancer sees that the app is alive.", True),
    ]
    for experiment in course.experiments(step):
        assert experiment.red <= {promise.name for promise in choices_for(experiment, promises)}
