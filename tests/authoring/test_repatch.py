# hidden-from-learners-3b9f51c2
"""`python -m workbook.authoring.repatch`: the exercises' patches follow a changed project."""

import shutil
from pathlib import Path

import pytest

from workbook.authoring.release import CANARY
from workbook.authoring.repatch import repatch
from workbook.course.exercise import Exercise, project_copy
from workbook.course.model import Course
from workbook.errors import UserError

from .test_release import git

SMALL = Path(__file__).parents[1] / "small_course"
MAIN = "final/app/main.py"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Return a course in a separate repository, with one commit that the patches fit."""
    shutil.copytree(SMALL, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__"))
    root = tmp_path / "course"
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=Begin")
    return Course.find(root)


def replace(course: Course, file: str, old: str, new: str) -> None:
    text = (course.root / file).read_text(encoding="utf-8")
    assert old in text
    (course.root / file).write_text(text.replace(old, new), encoding="utf-8")


def patches(course: Course) -> dict[str, str]:
    (exercise,) = course.exercises()
    return {path.stem: path.read_text(encoding="utf-8") for path in (exercise.folder / "hidden").rglob("*.patch")}


def solved(exercise: Exercise, file: str) -> str:
    with project_copy([exercise], [exercise.solution]) as project:
        return (project / file).read_text(encoding="utf-8")


def test_patches_stay_where_nothing_has_changed(course: Course) -> None:
    """A patch that still fits stays exactly as its author wrote it."""
    before = patches(course)
    assert repatch(course, "HEAD") == []
    assert patches(course) == before


def test_patches_follow_the_project(course: Course) -> None:
    """After a change beside their lines all patches fit again, canary first, and the change is in what they make."""
    replace(course, MAIN, "title=SHELF", 'title=SHELF, version="2"')
    assert repatch(course, "HEAD") == []
    (exercise,) = course.exercises()
    for patch in [exercise.solution, *exercise.alternatives]:
        assert patch.read_text(encoding="utf-8").startswith(f"# {CANARY}\ndiff --git a/app/")
        with project_copy([exercise], [patch]) as project:
            assert 'version="2"' in (project / "app" / "main.py").read_text(encoding="utf-8")


def test_patches_follow_a_renamed_file(course: Course) -> None:
    """A patch of a file that has another name now changes the file under that name."""
    (course.root / "final" / "app" / "main.py").rename(course.root / "final" / "app" / "routes.py")
    assert [line for line in repatch(course, "HEAD") if "mutants.toml" not in line] == []
    (exercise,) = course.exercises()
    assert '@app.get("/count")' in solved(exercise, "app/routes.py")


def test_a_conflict_is_named_and_solved_by_hand(course: Course) -> None:
    """A conflict leaves the patch alone and the merged project in work/; without its markers it becomes the patch."""
    before = patches(course)
    replace(course, MAIN, "from . import books\n", "from . import books, shelves\n")
    left = repatch(course, "HEAD")
    assert [line.partition(":")[0] for line in left if "conflicts" in line] == [
        "count/alternatives/first-letters",
        "count/alternatives/in-the-database",
        "count/solution",
    ]
    assert patches(course)["solution"] == before["solution"]
    assert any("the solutions, one after another" in line for line in left)
    for file in (course.work / "repatch").rglob("main.py"):
        text = file.read_text(encoding="utf-8")
        assert "<<<<<<< " in text
        head, _, rest = text.partition("<<<<<<< ")
        tail = rest.partition(">>>>>>> ")[2].partition("\n")[2]
        file.write_text(f"{head}from . import books, counting, shelves\n{tail}", encoding="utf-8")
    assert repatch(course, "HEAD") == []
    (exercise,) = course.exercises()
    assert "import books, counting, shelves" in solved(exercise, "app/main.py")
    assert list((course.work / "repatch").rglob("*.py")) == []


def test_an_unsolved_conflict_is_named_again(course: Course) -> None:
    """A project whose markers are still there isn't taken."""
    replace(course, MAIN, "from . import books\n", "from . import books, shelves\n")
    repatch(course, "HEAD")
    before = patches(course)
    assert any("still has conflicts" in line for line in repatch(course, "HEAD"))
    assert patches(course) == before


def test_a_mutant_that_fits_no_longer_is_named(course: Course) -> None:
    """If a mutant's text isn't in the new solution, the mutant is named with its exercise."""
    replace(course, "exercises/count/hidden/mutants.toml", 'find = "return len(found)"', 'find = "return length"')
    left = repatch(course, "HEAD")
    assert left
    assert all(line.startswith("count/mutants.toml, ") for line in left)


def test_an_unknown_commit_is_misuse(course: Course) -> None:
    """For a commit that doesn't exist, there's one sentence that says so."""
    with pytest.raises(UserError, match="git archive failed"):
        repatch(course, "nothing")
