"""Prove that a stage's experiments and tasks, and a project's tour, are what they say: the authors' check."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .changes import BadChange, Experiment, Task, read_experiments, read_tasks
from .checks import Check, Runner, check, find_tests
from .errors import UserError
from .scratch import scratch_copy
from .tour import Question, line_of, read_tour
from .workspace import copied_files

QUESTIONS_OF_A_TOUR = 8
WORDS_OF_A_WHY = 20


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
    yield Finding(f"{stage.name} as shipped", red_of(check(runner, root, find_tests(stage))))
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


def verify_project(root: Path, project: Path, runner: Runner) -> Iterator[Finding]:
    """Verify a project: it is green as shipped, and its tour holds."""
    yield Finding(f"{project.name} as shipped", red_of(check(runner, root, find_tests(project))))
    yield from verify_tour(project)


def verify_tour(project: Path) -> Iterator[Finding]:
    """Verify that the tour has as many questions as promised, and that each one's answer and place are there."""
    try:
        questions = read_tour(project)
    except UserError as error:
        yield Finding(f"{project.name}, its tour", error.message)
        return
    yield Finding(f"{project.name}, its tour", _wrong_tour(questions))
    for number, question in enumerate(questions, 1):
        yield Finding(f"{project.name}, question {number}: {question.question}", wrong_question(project, question))


def wrong_question(project: Path, question: Question) -> str:
    """How the question does not hold; "" if its files are there, the place is found, and the why is told."""
    files = copied_files(project)
    said = [f"there is no file {answer}" for answer in question.answer if answer not in files]
    if not said and line_of(project / question.answer[0], question.look) is None:
        said.append(f"“{question.look}” does not occur in {question.answer[0]}")
    if (words := len(question.why.split())) < WORDS_OF_A_WHY:
        said.append(f"its why has {words} words, fewer than {WORDS_OF_A_WHY}")
    return "; ".join(said)


def _wrong_tour(questions: list[Question]) -> str:
    said = [] if len(questions) == QUESTIONS_OF_A_TOUR else [f"{len(questions)} questions, not {QUESTIONS_OF_A_TOUR}"]
    if len({question.question for question in questions}) < len(questions):
        said.append("a question is asked twice")
    return "; ".join(said)


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
    return f"with the solution: {red}" if (red := red_of(after)) else ""


def _wrong_together(root: Path, stage: Path, tasks: list[Task], runner: Runner) -> str:
    """A learner does the tasks one after the other in one copy: the solutions must apply in that order too."""
    try:
        edits = tuple(edit for task in tasks for edit in task.solution())
        with scratch_copy(stage, edits) as copy:
            folders = [copy / task.folder.relative_to(stage) for task in tasks]
            return red_of(check(runner, root, find_tests(copy, *folders)))
    except (BadChange, OSError) as error:
        return str(error)


def red_of(found: Check) -> str:
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
