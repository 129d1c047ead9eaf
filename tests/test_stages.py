"""What every stage has to be: complete, proven, executed to the last line, small; and what a tour has to be."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from workbook.authoring.proofs import prove, stage_claims, tour_claims
from workbook.course.changes import Edit, read_experiments, read_tasks, scratch_copy
from workbook.course.model import Course
from workbook.course.promises import read_promises
from workbook.course.step_files import find_tests
from workbook.testrun import Check, Runner, run_tests
from workbook.testrun.kept_warm import kept_warm
from workbook.testrun.result import read_check

from .runners import helpers_forked

ROOT = Path(__file__).parent.parent
COURSE = Course.find(ROOT)
PROJECTS = [COURSE.folder(step) for step in COURSE.steps if step.kind == "project"]
ENV = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
STAGES = [COURSE.folder(step) for step in COURSE.steps if step.kind == "stage"]
# Lines of main.py. The first stage is read first, so it's the shortest; where it all is in one file, there are more.
MAIN_LINES = {"01-cors": 91, "02-middleware": 150, "03-background": 177, "04-uploads": 201, "06-errors": 178}
HINT_FILES = [*ROOT.glob("stages/*/tasks/*/hints.md"), *ROOT.glob("exercises/*/hints.md")]
HINTS = ["Nudge", "Approach", "Shape of the code"]
each_stage = pytest.mark.parametrize("stage", STAGES, ids=lambda path: path.name)


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with helpers_forked(), kept_warm() as warm:
        yield warm


@pytest.mark.exhaustive(of="suite")
@pytest.mark.exhaustive(sample=1)  # every edit of a stage with every test of it
@each_stage
def test_stage_holds(stage: Path, runner: Runner) -> None:
    """Every experiment and task of a stage does what it claims."""
    claims = stage_claims(ROOT, stage, unchanged=False)  # its own tests prove that
    findings = list(prove(claims, runner, lanes=os.cpu_count() or 1))

    assert len(findings) > 5
    assert [f"{finding.subject}: {finding.wrong}" for finding in findings if finding.wrong] == []
    if not_proven := [f"{finding.subject}: {finding.not_proven}" for finding in findings if finding.not_proven]:
        pytest.skip("; ".join(not_proven))


@each_stage
def test_a_typo_is_one_card(stage: Path, runner: Runner) -> None:
    """With a syntax error in its app, a stage shows one card, and every other promise waits until that's fixed."""
    main = next(name for name in ("main.py", "app/main.py") if (stage / name).is_file())
    typo = Edit(main, "app = FastAPI(", "app = = FastAPI(")
    with scratch_copy(stage, (typo,)) as copy:
        found = run_tests(runner, ROOT, find_tests(copy))

    assert [promise.name for promise in found.broken if promise.outcome == "broken"] == [found.broken[0].name]
    assert "syntax error" in str(found.broken[0].cards)


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_tour_holds(project: Path, runner: Runner) -> None:
    """A project's tour has eight questions, and each has answers that exist, a place and a reason."""
    findings = list(prove(tour_claims(project), runner))

    assert [f"{finding.subject}: {finding.wrong}" for finding in findings if not finding.holds] == []


@each_stage
def test_stage_is_complete(stage: Path) -> None:
    """A stage has all the files that a learner needs on the way through it."""
    for name in ("README.md", "experiments.toml", "explore.ipynb"):
        assert (stage / name).is_file(), f"{stage.name} lacks {name}"
    assert (stage / "main.py").is_file() != (stage / "app" / "main.py").is_file()
    assert [task.number for task in read_tasks(stage)] == [1, 2]


@each_stage
def test_promises_are_few_and_told(stage: Path) -> None:
    """A stage has at most four core promises, and its README quotes each word for word."""
    core = [promise.text for promise in read_promises(stage) if not promise.deeper]
    readme = " ".join((stage / "README.md").read_text(encoding="utf-8").split())

    assert 1 <= len(core) <= 4
    assert [text for text in core if text not in readme] == []


@each_stage
def test_hints_come_in_three(stage: Path) -> None:
    """Each task has three hints: a nudge, an approach, the shape of the code."""
    for task in read_tasks(stage):
        text = (task.folder / "hints.md").read_text(encoding="utf-8")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HINTS, task.folder.name


@pytest.mark.parametrize("hints", HINT_FILES, ids=lambda file: file.parent.name)
def test_the_code_of_a_hint_fits_the_screen(hints: Path) -> None:
    """No line of code in a hint is broken on a terminal of 80 columns."""
    blocks = re.findall(r"^```python\n(.*?)^```$", hints.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert [line for block in blocks for line in block.splitlines() if len(line) > 80] == []


@each_stage
def test_stage_is_small(stage: Path) -> None:
    """A stage's main.py has few lines that aren't blank, the first's the fewest; any other module has at most 80."""
    files = [file for file in stage.rglob("*.py") if not file.name.startswith("test_")]
    lengths = {file.name: len(re.findall(r"^.*\S", file.read_text(encoding="utf-8"), re.MULTILINE)) for file in files}
    most = {"main.py": MAIN_LINES.get(stage.name, 80)}
    long = {name: n for name, n in lengths.items() if n > most.get(name, 80)}
    assert long == {}


@each_stage
def test_experiments_explain(stage: Path) -> None:
    """Every experiment asks its question and explains the answer in whole sentences."""
    for experiment in read_experiments(stage):
        assert experiment.question.endswith((".", "?")), experiment.title
        assert len(experiment.why.split()) >= 25, experiment.title


@each_stage
def test_notebook_is_stored_without_outputs(stage: Path) -> None:
    """A stage's notebook is stored without any outputs, so a learner starts from scratch."""
    cells = json.loads((stage / "explore.ipynb").read_text(encoding="utf-8"))["cells"]
    assert [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")] == []


@pytest.mark.exhaustive  # the site's build executes all of them: tests/site/test_build.py
@each_stage
def test_notebook_runs(stage: Path, tmp_path: Path) -> None:
    """A stage's notebook runs from top to bottom."""
    notebook = stage / "explore.ipynb"
    command = ["nbconvert", "--to", "notebook", "--execute", "--output-dir", str(tmp_path), str(notebook)]
    ended = subprocess.run([sys.executable, "-m", *command], env=ENV, capture_output=True, text=True)

    assert ended.returncode == 0, ended.stderr[-3000:]
    executed = json.loads((tmp_path / notebook.name).read_text(encoding="utf-8"))["cells"]
    assert any(cell.get("outputs") for cell in executed)


def launchers() -> Iterator[Any]:
    """Return the launchers to try, in an exhaustive run only: the tests themselves run in every one."""
    for launcher in ("fork", "spawn") if sys.platform == "linux" else ("spawn",):
        yield pytest.param(launcher, marks=pytest.mark.exhaustive)


@dataclass
class RunOfAll:
    """What a run of all stages' tests under coverage found."""

    launcher: str
    found: Check
    files: dict[str, Any]


@pytest.fixture(scope="module", params=launchers())
def tested(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RunOfAll:
    """Run all stages' tests once; several promises read the result."""
    folder = tmp_path_factory.mktemp("tested")
    results, report = folder / "results.jsonl", folder / "coverage.json"
    env = ENV | {"COVERAGE_FILE": str(folder / ".coverage"), "PYTEST_ADDOPTS": ""}
    coverage = [sys.executable, "-m", "coverage"]
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--launcher", request.param]
    command = [*coverage, "run", "-m", "pytest", "stages", *options, "--workbook-results", str(results)]
    ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]

    subprocess.run([*coverage, "combine", "-q"], cwd=ROOT, env=env, check=True)
    subprocess.run([*coverage, "json", "-q", "-o", str(report)], cwd=ROOT, env=env, check=True)
    files = json.loads(report.read_text(encoding="utf-8"))["files"]
    return RunOfAll(request.param, read_check(results, ended.stdout, 0), files)


def test_every_line_of_the_apps_is_executed(tested: RunOfAll) -> None:
    """The stages' tests execute every line and branch of the stages' apps, with each launcher."""
    apps = {name: file for name, file in tested.files.items() if not Path(name).name.startswith("test_")}
    assert len(apps) >= len(STAGES)
    missed = {
        name: (file["missing_lines"], file["missing_branches"])
        for name, file in apps.items()
        if file["missing_lines"] or file["missing_branches"]
    }
    assert missed == {}


def test_deeper_marks_are_read_as_pytest_reads_them(tested: RunOfAll) -> None:
    """The core promises read from the files are the same as those that pytest reports."""
    for stage in STAGES:
        read = {promise.name: promise.deeper for promise in read_promises(stage)}
        assert read == {promise.name: promise.deeper for promise in tested.found.below(stage).promises}
