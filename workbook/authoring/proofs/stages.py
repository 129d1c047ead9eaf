"""What's claimed about a stage: it's green, and its experiments and tasks do what they say."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from workbook.course.changes import BadChange, Experiment, Task, read_experiments, read_tasks, scratch_copy
from workbook.course.step_files import find_tests
from workbook.testrun import Runner, run_tests
from workbook.wording import number_of

from .claims import Claim, NotProven, red_of


def stage_claims(root: Path, stage: Path, *, unchanged: bool = True) -> Iterator[Claim]:
    """Yield the claims on a stage: it's green unchanged, and its experiments and tasks hold, as many as promised.

    Without `unchanged`, the first claim is left out, for callers that run the stage's tests anyway.
    """
    if unchanged:
        yield Claim(f"{stage.name} as shipped", lambda runner: red_of(run_tests(runner, root, find_tests(stage))))
    try:
        experiments = read_experiments(stage)
        tasks = read_tasks(stage)
    except BadChange as error:
        wrong = str(error)
        yield Claim(f"{stage.name}, its files", lambda _: wrong)
        return
    yield Claim(f"{stage.name}, the set", lambda _: _wrong_set(experiments, tasks))
    for number, experiment in enumerate(experiments, 1):
        subject = f"{stage.name}, experiment {number}: {experiment.title}"
        yield Claim(subject, partial(wrong_experiment, root, stage, experiment))
    yield Claim(f"{stage.name}, all tasks in one copy", partial(_wrong_together, root, stage, tasks))
    for task in tasks:
        yield Claim(f"{stage.name}, task {task.number}: {task.title}", partial(wrong_task, root, stage, task))


def wrong_experiment(root: Path, stage: Path, experiment: Experiment, runner: Runner) -> str:
    """Return how the experiment doesn't hold; "" if its edits turn exactly the named promises red.

    Raises `NotProven` if one of them can't be seen here, and the others are as they should be.
    """
    try:
        with scratch_copy(stage, experiment.edits) as copy:
            found = run_tests(runner, root, find_tests(copy))
    except BadChange as error:
        return str(error)
    if found.trouble:
        return found.trouble
    unknown = (experiment.red | experiment.unclear) - {promise.name for promise in found.promises}
    if unknown:
        return f"no promise is called {', '.join(sorted(unknown))}"
    hidden = {promise.name: promise.reason for promise in found.not_proven}
    surplus, lacking = found.red - experiment.red, experiment.red - found.red - hidden.keys()
    said = [f"also red: {', '.join(sorted(surplus))}"] if surplus else []
    said += [f"not red: {', '.join(sorted(lacking))}"] if lacking else []
    if not said and (unseen := experiment.red & hidden.keys()):
        raise NotProven(hidden[min(unseen)])
    return "; ".join(said)


def wrong_task(root: Path, stage: Path, task: Task, runner: Runner) -> str:
    """Return how the task doesn't hold; "" if it's red unchanged, and green with its solution, like the stage."""
    missing = [name for name in ("README.md", "hints.md", "solution.toml") if not (task.folder / name).exists()]
    if missing or not task.tests:
        return f"missing: {', '.join(missing or ['test_*.py'])}"
    inside = task.folder.relative_to(stage)
    with scratch_copy(stage) as copy:
        before = run_tests(runner, root, find_tests(copy / inside))
    if before.trouble:
        return f"as shipped: {before.trouble}"
    if not before.broken and before.not_proven:
        raise NotProven(before.not_proven[0].reason)
    if not before.broken:
        return "nothing of it is red as shipped: the task is done before anyone starts it"
    if unmarked := [one.name for one in before.promises if one.as_before != (one.outcome == "kept")]:
        return f"kept as shipped, and not marked as_before, or the other way round: {', '.join(unmarked)}"
    try:
        with scratch_copy(stage, task.solution()) as copy:
            after = run_tests(runner, root, find_tests(copy, copy / inside))
    except BadChange as error:
        return f"solution: {error}"
    return f"with the solution: {red}" if (red := red_of(after)) else ""


def _wrong_together(root: Path, stage: Path, tasks: list[Task], runner: Runner) -> str:
    """Return what goes wrong if the solutions are applied one after the other in one copy, as learners do the tasks."""
    try:
        edits = tuple(edit for task in tasks for edit in task.solution())
        with scratch_copy(stage, edits) as copy:
            folders = [copy / task.folder.relative_to(stage) for task in tasks]
            return red_of(run_tests(runner, root, find_tests(copy, *folders)))
    except (BadChange, OSError) as error:
        return str(error)


def _wrong_set(experiments: list[Experiment], tasks: list[Task]) -> str:
    said = []
    if len(experiments) < 3:
        said.append("fewer than three experiments")
    if all(experiment.red for experiment in experiments):
        said.append("no experiment that turns nothing red")
    if not any(experiment.hidden for experiment in experiments):
        said.append("no experiment that hides its edit")
    if len(tasks) != 2:
        said.append(f"{number_of(len(tasks), 'task')}, not two")
    return "; ".join(said)
