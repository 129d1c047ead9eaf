"""Changes: edits that apply completely or not at all, and the files that define them."""

from pathlib import Path

import pytest

from workbook.course.changes import BadChange, Edit, apply_edits, by_file, read_experiments, read_tasks, scratch_copy

from ..conftest import COURSE

APP = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/')\ndef home():\n    return 1\n"
EXPERIMENT = """
[[experiment]]
title = "One"
question = "What?"
red = ["test_a"]
why = "So."
[[experiment.edit]]
file = "main.py"
find = "return 1"
replace = "return 2"
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(APP, encoding="utf-8", newline="\n")
    return tmp_path


def test_an_edit_replaces_what_occurs_once(directory: Path) -> None:
    """An edit replaces the one place where its text occurs, and nothing more."""
    apply_edits((Edit("main.py", "return 1", "return 2"),), directory)

    assert (directory / "main.py").read_text(encoding="utf-8") == APP.replace("return 1", "return 2")


def test_edits_follow_one_another(directory: Path) -> None:
    """A later edit of a file sees what the earlier ones made of it."""
    apply_edits((Edit("main.py", "return 1", "return 2"), Edit("main.py", "return 2", "return 3")), directory)

    assert (directory / "main.py").read_text(encoding="utf-8") == APP.replace("return 1", "return 3")


def test_edits_are_shown_in_the_order_of_their_lines(directory: Path) -> None:
    """A file's edits come together, in the order of the lines that they touch; what an edit has made comes last."""
    first, last = Edit("main.py", "from fastapi", "from f"), Edit("main.py", "return 1", "return 2")
    made, other = Edit("main.py", "return 2", "return 3"), Edit("other.py", "", "x = 1\n")

    assert by_file((last, made, other, first), directory) == {"main.py": [first, last, made], "other.py": [other]}


@pytest.mark.parametrize(
    "edit, message",
    [
        (Edit("main.py", "return 9", ""), "edit 2 expects its text once in main.py, but it's there 0 times"),
        (Edit("main.py", "FastAPI", ""), "edit 2 expects its text once in main.py, but it's there 2 times"),
        (Edit("main.py", "", "x"), "edit 2 expects its text once in main.py, but it's there 0 times"),
        (Edit("gone.py", "x", "y"), "gone.py doesn't exist, so edit 2 can't be applied"),
        (Edit("../outside.py", "", "x"), "edit 2 is for ../outside.py, which isn't in the folder"),
    ],
)
def test_an_edit_that_does_not_fit_changes_nothing(directory: Path, edit: Edit, message: str) -> None:
    """If one edit doesn't fit, none is applied, and the message says which and why."""
    with pytest.raises(BadChange) as caught:
        apply_edits((Edit("main.py", "return 1", "return 2"), edit), directory)

    assert str(caught.value) == message
    assert (directory / "main.py").read_text(encoding="utf-8") == APP
    assert [path.name for path in directory.iterdir()] == ["main.py"]
    assert not (directory.parent / "outside.py").exists()


def test_a_new_file(directory: Path) -> None:
    """An edit without a text to find creates a file, and its folder if necessary."""
    apply_edits((Edit("app/deep/new.py", "", "x = 1\n"),), directory)

    assert (directory / "app/deep/new.py").read_bytes() == b"x = 1\n"


def test_crlf_is_matched_and_kept(directory: Path) -> None:
    """An edit of several lines also matches a file with CRLF, and the file keeps its CRLF."""
    (directory / "main.py").write_bytes(APP.replace("\n", "\r\n").encode())

    apply_edits((Edit("main.py", "def home():\n    return 1\n", "def home():\n    return 2\n"),), directory)

    assert (directory / "main.py").read_bytes() == APP.replace("return 1", "return 2").replace("\n", "\r\n").encode()


def test_a_scratch_copy_is_thrown_away(directory: Path) -> None:
    """A scratch copy has the folder's name and the edits, is deleted afterwards, and leaves the folder unchanged."""
    (directory / "app.db").write_text("x", encoding="utf-8")

    with scratch_copy(directory, (Edit("main.py", "return 1", "return 2"),)) as copy:
        assert (copy.name, [path.name for path in copy.iterdir()]) == (directory.name, ["main.py"])
        assert "return 2" in (copy / "main.py").read_text(encoding="utf-8")

    assert not copy.parent.exists()
    assert (directory / "main.py").read_text(encoding="utf-8") == APP


def test_experiments_are_read(directory: Path) -> None:
    """An experiments.toml becomes experiments, in order."""
    (directory / "experiments.toml").write_text(EXPERIMENT, encoding="utf-8")

    (experiment,) = read_experiments(directory)

    assert (experiment.title, experiment.question, experiment.why) == ("One", "What?", "So.")
    assert (experiment.red, experiment.hidden) == (frozenset({"test_a"}), False)
    assert experiment.edits == (Edit("main.py", "return 1", "return 2"),)
    assert read_experiments(directory / "nowhere") == []


@pytest.mark.parametrize(
    "old, new, message",
    [
        ('title = "One"', "", "experiments.toml, experiment 1: unknown [], missing ['title']"),
        ('why = "So."', 'wy = "So."', "experiments.toml, experiment 1: unknown ['wy'], missing ['why']"),
        ('title = "One"', "title = 1", "experiments.toml, experiment 1: title, question and why must be texts"),
        ('red = ["test_a"]', 'red = "test_a"', "experiments.toml, experiment 1: red must be a list of names"),
        ('red = ["test_a"]', "red = [1]", "experiments.toml, experiment 1: red must be a list of names"),
        (
            'title = "One"',
            'title = "One"\nhidden = true',
            "experiments.toml, experiment 1: a hidden experiment needs choices, and an answer among them",
        ),
        (
            'find = "return 1"',
            'search = "x"',
            "experiments.toml: an edit has exactly the keys file, find and replace, all texts",
        ),
        (
            'find = "return 1"',
            "find = 1",
            "experiments.toml: an edit has exactly the keys file, find and replace, all texts",
        ),
        (
            "[[experiment.edit]]",
            "[experiment.edit]",
            "experiments.toml: an edit has exactly the keys file, find and replace, all texts",
        ),
        ("[[experiment]]", "[[experiment", "experiments.toml: "),
    ],
)
def test_broken_experiments_are_told(directory: Path, old: str, new: str, message: str) -> None:
    """For a broken experiments.toml, the message names the experiment and says what's wrong with it."""
    assert EXPERIMENT.count(old) == 1
    (directory / "experiments.toml").write_text(EXPERIMENT.replace(old, new), encoding="utf-8")

    with pytest.raises(BadChange) as caught:
        read_experiments(directory)

    assert str(caught.value).startswith(message)


def test_experiments_that_are_no_text(directory: Path) -> None:
    """For an experiments.toml in another encoding, the message says so."""
    (directory / "experiments.toml").write_bytes(b"# \xff")

    with pytest.raises(BadChange) as caught:
        read_experiments(directory)

    assert str(caught.value) == "experiments.toml isn't UTF-8 (byte 2)"


def test_tasks_are_read_in_order() -> None:
    """A stage's tasks are read in order, each with its title, its tests and its solution."""
    first, second = read_tasks(COURSE / "stages/01-hello")

    assert [(task.number, task.title) for task in (first, second)] == [(1, "Say goodbye"), (2, "Shout")]
    assert [file.name for file in first.tests] == ["test_farewell.py"]
    assert [edit.file for edit in second.solution()] == ["main.py", "main.py"]
