"""Prove that a stage's experiments and tasks are what they say: the authors' check."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .changes import BadChange, Experiment, Task, read_experiments, read_tasks
from .checks import Check, Runner, check, find_tests
from .scratch import scratch_copy


@dataclass(frozen=True)
class Finding:
    """One thing that was verified; `wrong` says how it is not what it claims to be, and is empty if all holds."""

    subject: str
    wrong: str

    @property
    def holds(self) -> bool:
        return not self.wrong


def verify_stage(root: Path, stage: Path, runner: Runner) -> Iterator[Finding]:
    """Verify a stage: it is green as shipped, its experiments and tasks hold, and they are as many as promised."""
    yield Finding(f"{stage.name} as shipped", _red(check(runner, root, find_tests(stage))))
    try:
        experiments = read_experiments(stage)
        tasks = read_tasks(stage)
    except BadChange as error:
        yield Finding(f"{stage.name}, its files", str(error))
        return
    yield Finding(f"{stage.name}, the set", _wrong_set(experiments, tasks))
    for number, experiment in enumerate(experiments, 1):
        subject = f"{stage.name}, experiment {number}: {experiment.title}"
        yield Finding(subject, wrong_experiment(root, stage, experiment, runner))
    yield Finding(f"{stage.name}, all tasks in one copy", _wrong_together(root, stage, tasks, runner))
    for task in tasks:
        yield Finding(f"{stage.name}, task {task.number}: {task.title}", wrong_task(root, stage, task, runner))


def wrong_experiment(root: Path, stage: Path, experiment: Experiment, runner: Runner) -> str:
    """How the experiment does not hold; "" if its edits turn exactly the named promises red."""
    try:
        with scratch_copy(stage, experiment.edits) as copy:
            found = check(runner, root, find_tests(copy))
    except BadChange as error:
        return str(error)
    if found.trouble:
        return found.trouble
    unknown = experiment.red - {promise.name for promise in found.promises}
    if unknown:
        return f"no promise is called {', '.join(sorted(unknown))}"
    surplus, lacking = found.red - experiment.red, experiment.red - found.red
    said = [f"also red: {', '.join(sorted(surplus))}"] if surplus else []
    said += [f"not red: {', '.join(sorted(lacking))}"] if lacking else []
    return "; ".join(said)


def wrong_task(root: Path, stage: Path, task: Task, runner: Runner) -> str:
    """How the task does not hold; "" if it is red as shipped, and green, the stage too, with its solution."""
    missing = [name for name in ("README.md", "hints.md", "solution.toml") if not (task.folder / name).exists()]
    if missing or not task.tests:
        return f"missing: {', '.join(missing or ['test_*.py'])}"
    inside = task.folder.relative_to(stage)
    with scratch_copy(stage) as copy:
        before = check(runner, root, find_tests(copy / inside))
    if before.trouble:
        return f"as shipped: {before.trouble}"
    if not before.broken:
        return "nothing of it is red as shipped: the task is done before it is begun"
    try:
        with scratch_copy(stage, task.solution()) as copy:
            after = check(runner, root, find_tests(copy, copy / inside))
    except BadChange as error:
        return f"solution: {error}"
    return f"with the solution: {red}" if (red := _red(after)) else ""


def _wrong_together(root: Path, stage: Path, tasks: list[Task], runner: Runner) -> str:
    """A learner does the tasks one after the other in one copy: the solutions must apply in that order too."""
    try:
        edits = tuple(edit for task in tasks for edit in task.solution())
        with scratch_copy(stage, edits) as copy:
            folders = [copy / task.folder.relative_to(stage) for task in tasks]
            return _red(check(runner, root, find_tests(copy, *folders)))
    except (BadChange, OSError) as error:
        return str(error)


def _red(found: Check) -> str:
    if found.trouble:
        return found.trouble
    if not found.promises:
        return "no tests"
    return f"red: {', '.join(sorted(found.red))}" if found.broken else ""


def _wrong_set(experiments: list[Experiment], tasks: list[Task]) -> str:
    said = []
    if len(experiments) < 3:
        said.append("fewer than three experiments")
    if all(experiment.red for experiment in experiments):
        said.append("no experiment that turns nothing red")
    if not any(experiment.hidden for experiment in experiments):
        said.append("no experiment that hides its edit")
    if len(tasks) != 2:
        said.append(f"{len(tasks)} tasks, not two")
    return "; ".join(said)
