"""What every stage is: complete, green, proven, executed to the last line, and within its bounds; and every tour."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbook.changes import read_experiments, read_tasks
from workbook.checks import Runner, check, find_tests
from workbook.checks.kept_warm import kept_warm
from workbook.course import Course
from workbook.promises import read_promises
from workbook.verify import prove, stage_claims, tour_claims

ROOT = Path(__file__).parent.parent
COURSE = Course.find(ROOT)
PROJECTS = [COURSE.folder(step) for step in COURSE.steps if step.kind == "project"]
STAGES = [COURSE.folder(step) for step in COURSE.steps if step.kind == "stage"]
HINTS = ["Nudge", "Approach", "Shape of the code"]
SECTIONS = [
    "Run it",
    "How it works",
    "The promises",
    "Predict and break",
    "Change and make",
    "Look closer",
    "What the internet gets wrong here",
    "If you are stuck",
    "Before production",
]

each_stage = pytest.mark.parametrize("stage", STAGES, ids=lambda path: path.name)


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with kept_warm() as warm:
        yield warm


@each_stage
def test_stage_holds(stage: Path, runner: Runner) -> None:
    """A stage is green as shipped, and its experiments and tasks are what they say."""
    findings = list(prove(stage_claims(ROOT, stage), runner, lanes=os.cpu_count() or 1))

    assert len(findings) > 6
    assert [f"{finding.subject}: {finding.wrong}" for finding in findings if not finding.holds] == []


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_tour_holds(project: Path, runner: Runner) -> None:
    """A project has a tour of eight questions, each with an answer that is there, its place, and a reason."""
    findings = list(prove(tour_claims(project), runner))

    assert [f"{finding.subject}: {finding.wrong}" for finding in findings if not finding.holds] == []


@each_stage
def test_stage_is_complete(stage: Path) -> None:
    """A stage has all the files that a learner's way through it needs."""
    for name in ("README.md", "experiments.toml", "explore.ipynb"):
        assert (stage / name).is_file(), f"{stage.name} lacks {name}"
    assert (stage / "main.py").is_file() != (stage / "app" / "main.py").is_file()
    assert [task.number for task in read_tasks(stage)] == [1, 2]


@each_stage
def test_promises_are_few_and_told(stage: Path) -> None:
    """A stage has at most four core promises, and its README tells each word for word."""
    core = [promise.text for promise in read_promises(stage) if not promise.deeper]
    readme = " ".join((stage / "README.md").read_text(encoding="utf-8").split())

    assert 1 <= len(core) <= 4
    assert [text for text in core if text not in readme] == []


@each_stage
def test_deeper_marks_are_read_as_pytest_reads_them(stage: Path, runner: Runner) -> None:
    """Which promises are core, read from the files, is what a run of the tests says."""
    run = check(runner, ROOT, find_tests(stage))

    read = {promise.name: promise.deeper for promise in read_promises(stage)}
    assert read == {promise.name: promise.deeper for promise in run.promises}


@each_stage
def test_readme_has_the_common_shape(stage: Path) -> None:
    """Every stage's README has the same sections in the same order."""
    text = (stage / "README.md").read_text(encoding="utf-8")

    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS


@each_stage
def test_hints_come_in_three(stage: Path) -> None:
    """Each task has three hints: nudge, approach, shape of the code."""
    for task in read_tasks(stage):
        text = (task.folder / "hints.md").read_text(encoding="utf-8")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HINTS, task.folder.name


@each_stage
def test_stage_is_small(stage: Path) -> None:
    """A stage's main.py has at most 120 lines that are not blank; a module of a package at most 60."""
    single = stage / "main.py"
    files, most = ([single], 120) if single.exists() else (list((stage / "app").rglob("*.py")), 60)
    lengths = {file.name: len(re.findall(r"^.*\S", file.read_text(encoding="utf-8"), re.MULTILINE)) for file in files}
    long = {name: n for name, n in lengths.items() if n > most}
    assert long == {}


@each_stage
def test_experiments_explain(stage: Path) -> None:
    """Every experiment asks and explains in whole sentences."""
    for experiment in read_experiments(stage):
        assert experiment.question.endswith((".", "?")), experiment.title
        assert len(experiment.why.split()) >= 25, experiment.title


@each_stage
def test_notebook_is_stored_without_outputs(stage: Path) -> None:
    """A stage's notebook is stored without outputs."""
    cells = json.loads((stage / "explore.ipynb").read_text(encoding="utf-8"))["cells"]
    assert [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")] == []


@pytest.mark.exhaustive(sample=1)  # building the site executes all of them: tests/site/test_build.py
@each_stage
def test_notebook_runs(stage: Path, tmp_path: Path) -> None:
    """A stage's notebook runs from the top, as a learner has it run."""
    notebook = stage / "explore.ipynb"
    command = ["jupyter", "nbconvert", "--to", "notebook", "--execute", "--output-dir", str(tmp_path), str(notebook)]
    ended = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True)

    assert ended.returncode == 0, ended.stderr[-3000:]
    executed = json.loads((tmp_path / notebook.name).read_text(encoding="utf-8"))["cells"]
    assert any(cell.get("outputs") for cell in executed)


@pytest.mark.parametrize("launcher", ["fork", "spawn"] if sys.platform == "linux" else ["spawn"])
def test_every_line_of_the_apps_is_executed(launcher: str, tmp_path: Path) -> None:
    """The stages' tests execute every line and branch of the stages' apps, under each launcher."""
    env = os.environ | {"COVERAGE_FILE": str(tmp_path / ".coverage"), "PYTEST_ADDOPTS": ""}
    coverage = [sys.executable, "-m", "coverage"]
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--launcher", launcher]
    ended = subprocess.run(
        [*coverage, "run", "-m", "pytest", "stages", *options], cwd=ROOT, env=env, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]

    subprocess.run([*coverage, "combine", "-q"], cwd=ROOT, env=env, check=True)
    subprocess.run([*coverage, "json", "-q", "-o", str(tmp_path / "coverage.json")], cwd=ROOT, env=env, check=True)

    files = json.loads((tmp_path / "coverage.json").read_text(encoding="utf-8"))["files"]
    apps = {name: file for name, file in files.items() if not Path(name).name.startswith("test_")}
    assert len(apps) >= len(STAGES)
    missed = {
        name: (file["missing_lines"], file["missing_branches"])
        for name, file in apps.items()
        if file["missing_lines"] or file["missing_branches"]
    }
    assert missed == {}
