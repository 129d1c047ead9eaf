# hidden-from-learners-3b9f51c2
"""The learner edition of this repository, as it's committed: complete, working, and without anything hidden."""

import os
import re
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from workbook.authoring.release import CANARY, IS_HIDDEN
from workbook.cli.hint import read_hints
from workbook.course.changes import Task
from workbook.course.model import Course
from workbook.course.questions import read_across
from workbook.course.step_files import HELD_BACK

from ..runners import NOT_PASSED_ON, files_below
from ..test_repo import ROOT

pytestmark = pytest.mark.exhaustive(sample=4, of="file")

ENV = {name: value for name, value in os.environ.items() if not name.startswith(NOT_PASSED_ON)}
ENV["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"


# The plugins of other packages take longer to import than ours to do its work.
OURS_ALONE = ("-p", "workbook.plugin", "-p", "xdist", "-p", "no:cacheprovider")


def python(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a module in the folder, so that the folder's own workbook/ is found first."""
    return subprocess.run([sys.executable, "-m", *words], cwd=folder, env=ENV, capture_output=True, text=True)


@pytest.fixture(scope="module")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the edition that `workbook author release` writes."""
    folder = tmp_path_factory.mktemp("release") / "edition"
    ended = python(ROOT, "workbook", "release", str(folder))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return folder


def test_nothing_hidden_is_in_it(edition: Path) -> None:
    """The edition doesn't contain a hidden folder or the canary."""
    files = files_below(edition)

    assert 200 < len(files) <= 250
    assert [name for name in files if any(map(PurePosixPath(name).match, HELD_BACK))] == []
    assert [name for name in files if IS_HIDDEN.search(name) or "hidden" in Path(name).parent.parts] == []
    assert [name for name, content in files.items() if CANARY.encode() in content] == []


def test_every_step_is_listed(edition: Path) -> None:
    """In the edition, `workbook` lists every step, and each exercise has its starter."""
    course = Course(edition)
    listed = python(edition, "workbook", "list")

    assert (listed.returncode, listed.stderr) == (0, "")
    assert [step.name for step in course.steps if f" {step.name} " not in listed.stdout] == []
    assert [exercise.name for exercise in course.exercises() if not exercise.starter_files()] == []


def test_what_is_held_back_is_shown_in_time(edition: Path) -> None:
    """In the edition, hints, experiments, tours, reviews and tasks' solutions are those of the full course."""
    packed, full = Course(edition), Course.find(ROOT)
    for step in full.steps:
        assert packed.experiments(step) == full.experiments(step)
        assert packed.tour(step) == full.tour(step)
        tasks = list(zip(packed.tasks(step), full.tasks(step), strict=True))
        tasks += [(Task(packed.folder(step), ""), Task(full.folder(step), ""))] if step.kind == "exercise" else []
        assert [one.number for one, other in tasks if read_hints(one) != read_hints(other)] == []
        assert [one.number for one, other in tasks if full.tasks(step) and one.solution() != other.solution()] == []
    assert read_across(edition) == read_across(ROOT) != []

    hint = python(edition, "workbook", "hint", "02-middleware")
    assert (hint.returncode, "Hint 1 of 3: Nudge" in hint.stdout) == (0, True), hint.stdout + hint.stderr


@pytest.mark.exhaustive(of="suite")
@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize("name", [exercise.name for exercise in Course.find(ROOT).exercises()])
def test_every_exercise_can_be_begun(edition: Path, name: str) -> None:
    """In the edition, you can begin, check and hand in every exercise."""
    course = Course(edition)
    exercise = course.exercise(course.step(name))

    started = python(edition, "workbook", "start", name)
    assert (started.returncode, started.stderr) == (0, "")
    assert [file for file in exercise.starter_files() if not (course.work / "final" / file).is_file()] == []
    checked = python(edition, "workbook", "check", name)
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
    assert re.search(r"^\d+ of \d+ points; \d+ more are graded by hidden tests\.$", checked.stdout, re.MULTILINE)
    assert f"work/final/{exercise.starter_files()[0]}" in checked.stdout
    submitted = python(edition, "workbook", "submit", name)
    assert (submitted.returncode, submitted.stderr) == (0, "")


KEPT = ("docs", "exercises", "final", "stages", "workbook")
LEFT_OUT = ("authoring", "grader", "playground", "report", "sandbox", "site")


def test_it_holds_what_learners_need(edition: Path) -> None:
    """The edition leaves out what only instructors, authors and the site need."""
    kept = {name.split("/")[0] for name in files_below(edition)} - {"work"}
    assert kept - {"README.md", "LICENSE", ".gitignore", ".devcontainer", ".vscode", "requirements.txt"} == {
        *KEPT,
        "pyproject.toml",
        "workbook.toml",
    }
    assert [name for name in LEFT_OUT if (edition / "workbook" / name).exists()] == []


def test_every_module_can_be_imported(edition: Path) -> None:
    """You can import every module of the edition; only a use that needs a left-out module fails."""
    names = [name for name in files_below(edition) if name.startswith("workbook/") and name.endswith(".py")]
    modules = [name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in names]
    importing = "".join(f"import {module}\n" for module in modules if not module.endswith(("__main__", ".child")))

    ended = subprocess.run([sys.executable, "-c", importing], cwd=edition, env=ENV, capture_output=True, text=True)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_its_texts_name_only_what_is_there(edition: Path) -> None:
    """No link in a learner's text leads to what's left out, and the README shows only learners' commands."""
    gone = []
    for name, content in files_below(edition).items():
        for link in re.findall(r"\]\(([^)\s#:]+)(?:#[^)\s]*)?\)", content.decode()) if name.endswith(".md") else []:
            target = os.path.normpath(Path(name).parent / link)
            if not (edition / target).exists() and (ROOT / target).exists():
                gone.append(f"{name}: {link}")
    readme = (edition / "README.md").read_text(encoding="utf-8")

    assert gone == []
    not_theirs = ("not for learners", "workbook class", "workbook author", "CONTRIBUTING")
    assert [word for word in not_theirs if word in readme] == []


def test_its_tests_can_be_run(edition: Path) -> None:
    """In the edition, pytest collects every test without an error, and a stage's tests pass."""
    collected = python(edition, "pytest", "--collect-only", "-q", *OURS_ALONE)
    assert collected.returncode == 0, collected.stdout[-3000:]
    assert "error" not in collected.stdout.splitlines()[-1]
    assert [name for name in ("stages/05-routers/", "final/tests/") if name not in collected.stdout] == []

    tested = python(edition, "pytest", "-q", *OURS_ALONE, "stages/02-middleware")
    assert tested.returncode == 0, tested.stdout[-3000:]


@pytest.mark.parametrize(
    "words, said",
    [
        ("class grade zips --roster roster.csv", "`workbook class` isn't part of the learner edition."),
        ("grade zips", "`workbook class grade` isn't part of the learner edition."),
        ("author release elsewhere", "`workbook author` isn't part of the learner edition."),
        ("verify --only pagination", "`workbook author verify` isn't part of the learner edition."),
        ("doctor --grading", "Grading isn't part of the learner edition."),
        ("docs", "The site's builder isn't part of the learner edition."),
    ],
)
def test_what_is_left_out_is_refused(edition: Path, words: str, said: str) -> None:
    """A command that the edition leaves out says so, says where to find it, and exits 2."""
    ended = python(edition, "workbook", *words.split())

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.split() == f"workbook: {said} Next: use a clone of the full course".split()


def test_the_sandbox_is_left_out(edition: Path) -> None:
    """In the edition, pytest runs a submission only if you say that you trust it, and explains why."""
    sandbox = python(edition, "pytest", *OURS_ALONE, "--launcher", "sandbox", "stages/01-cors")
    submission = python(edition, "pytest", *OURS_ALONE, "exercises/avatar", "--submission", "final")

    assert (sandbox.returncode, submission.returncode) == (4, 4)
    assert "The sandbox isn't part of the learner edition: leave --launcher out." in sandbox.stderr
    assert "the sandbox isn't part of the learner edition. Add --unsafe if you trust it." in submission.stderr


def test_the_command_shows_what_is_there(edition: Path) -> None:
    """The help lists only learners' commands, and the doctor checks only what they need."""
    shown = python(edition, "workbook", "-h").stdout
    doctor = python(edition, "workbook", "doctor")

    assert [word for word in ("instructors", " docs ") if word in shown] == []
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    assert [word for word in ("Grading", "Playground") if word in doctor.stdout] == []
