"""What the command shows of checks, cards and the way ahead."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbook.course.changes import Edit, Experiment
from workbook.course.exercise import Exercise
from workbook.course.model import Course, Step
from workbook.course.points import read_grading
from workbook.learner.progress import Progress
from workbook.learner.step_check import StepResult, Subject
from workbook.learner.workspace import MAIN, has_begun
from workbook.testrun import Check, Promise

from .terminal import Terminal

CARDS_SHOWN = 2
PROMISES_LISTED = 12  # more of them are counted, but for the broken ones


def shown_path(path: Path) -> str:
    """Return a path as a person would type it from where they are."""
    try:
        relative = os.path.relpath(path)
    except ValueError:  # another drive
        return str(path)
    return str(path) if relative.startswith("..") else relative.replace(os.sep, "/")


def show_result(
    terminal: Terminal, result: StepResult, *, cards: int | None = CARDS_SHOWN, task_cards: bool = True
) -> None:
    """Show the verdict, then at most `cards` cards of what's broken; of open tasks, only the first one's first.

    Without `task_cards`, a task that's still to be done gets none, because it isn't broken: it hasn't begun.
    """
    subject = result.subject
    where = "your copy, " if subject.is_copy else "handed in, " if subject.handed_in else "as shipped, "
    terminal.line(f"{subject.step.title}  {where}{shown_path(subject.handed_in or subject.folder)}", "bold")
    terminal.line()
    if result.whole.trouble:
        terminal.outcome("broken", "The tests could not be run.")
        terminal.field("It says", result.whole.trouble.splitlines()[-20:])
        return
    _show_promises(terminal, result.stage)
    for name, task in result.tasks.items():
        _show_task(terminal, name, task)
    if result.subject.exercise:
        _show_points(terminal, result.subject.exercise, result.stage)
    terminal.line()
    broken = result.stage.broken
    if not broken and task_cards:
        broken = next((check.broken for check in result.tasks.values() if check.broken), [])
    limit = cards if result.stage.broken or cards is None else 1
    show_cards(terminal, broken, limit=limit, all_by="uv run workbook check --all")


def _show_promises(terminal: Terminal, check: Check) -> None:
    core = [promise for promise in check.promises if not promise.deeper]
    for promise in check.promises:
        is_listed = promise in core and promise.outcome != "waiting" and len(core) <= PROMISES_LISTED
        if promise.outcome == "broken" or is_listed:
            terminal.outcome(promise.outcome, promise.text)
    if len(core) > PROMISES_LISTED:
        _show_count(terminal, core, "promises")
    if waiting := [promise for promise in check.promises if promise.outcome == "waiting"]:
        terminal.outcome("waiting", f"{_promises(len(waiting))} {_wait(len(waiting))} until that is mended")
    if deeper := [promise for promise in check.promises if promise.deeper]:
        _show_count(terminal, deeper, "deeper promises")
    for reason in dict.fromkeys(promise.reason for promise in check.not_proven):
        names = ", ".join(promise.name for promise in check.not_proven if promise.reason == reason)
        terminal.outcome("not proven", f"{reason}: {names}")


def _show_count(terminal: Terminal, promises: Sequence[Promise], called: str) -> None:
    kept = sum(promise.outcome == "kept" for promise in promises)
    terminal.outcome("kept" if kept == len(promises) else "open", f"{kept} of {len(promises)} {called} kept")


def _show_points(terminal: Terminal, exercise: Exercise, check: Check) -> None:
    """Show the points for what's kept, out of those that the public tests give, and how many more there are."""
    grading = read_grading(exercise.folder)
    of = grading.score({promise.name for promise in check.promises})
    got = grading.score({promise.name for promise in check.kept})
    terminal.line()
    said = f"{got:g} of {of:g} points"
    terminal.line(
        f"{said}; {grading.full - of:g} more are graded by hidden tests." if grading.full > of else said, "bold"
    )


def count_broken(check: Check) -> str:
    """Return how many promises are broken, and how many wait: `1 promise is broken and 13 wait`."""
    waiting = sum(promise.outcome == "waiting" for promise in check.promises)
    broken = len(check.broken) - waiting
    said = f"{_promises(broken)} {'is' if broken == 1 else 'are'} broken"
    return f"{said} and {waiting} {_wait(waiting)}" if waiting else said


def _promises(number: int) -> str:
    return f"{number} promise{'' if number == 1 else 's'}"


def _wait(number: int) -> str:
    return "waits" if number == 1 else "wait"


def _show_task(terminal: Terminal, name: str, check: Check) -> None:
    number, _, words = name.partition("-")
    kept, of = len(check.kept), len(check.promises)
    if not of:
        said = "its tests are gone; uv run workbook start puts them back"
        terminal.outcome("open", f"task {number}, {words.replace('-', ' ')}: {said}")
    else:
        note = "done" if check.passed else f"{kept} of {of} promises kept"
        terminal.outcome("done" if check.passed else "open", f"task {number}, {words.replace('-', ' ')}: {note}")


def show_cards(terminal: Terminal, broken: Sequence[Promise], *, limit: int | None, all_by: str = "") -> None:
    """Show cards of broken promises, at most `limit`, one for each cause; `all_by` is the command for the rest."""
    cards = [(promise, card) for promise in broken for card in promise.cards[:1]]
    for promise, card in cards[:limit]:
        show_card(terminal, promise, card)
    for promise in [promise for promise in broken if not promise.cards and promise.outcome == "broken"][:limit]:
        terminal.outcome("broken", promise.text)
        terminal.field("It says", promise.plain.splitlines()[-12:])
    left = len(cards) - len(cards[:limit])
    if left:
        rest = f"; {all_by} shows every card" if all_by else f": {', '.join(card['test'] for _, card in cards[limit:])}"
        terminal.line(f"and {left} more{rest}", "dim")


def show_card(terminal: Terminal, promise: Promise, card: dict[str, Any]) -> None:
    terminal.rule()
    terminal.outcome("broken", promise.text)
    terminal.line(f"{card['test']}, {shown_path(promise.file)}:{promise.line}", "dim", indent=3)
    for label, lines in card["sections"]:
        style = {"Expected": "green", "Got": "red", "It says": "bold yellow", "App's log": "dim"}.get(label, "")
        terminal.field(label, lines, style)
    terminal.line()


def show_next(
    terminal: Terminal,
    course: Course,
    progress: Progress,
    step: Step,
    *,
    keys: bool = False,
    broken: int = 0,
) -> None:
    """Show what to do next in the step, and which file to open; `broken` counts the copy's broken promises."""

    def say(what: str, command: str, key: str) -> None:
        terminal.field("Next", [what], prose=True)
        terminal.field("", [f"press {key}" if keys else command])

    if step.kind == "exercise":
        show_next_in_exercise(terminal, course, progress, step, keys=keys, is_broken=bool(broken))
        return
    copy, folder = course.copy(step), course.folder(step)
    main_file = Subject.of(course, step).main_file
    if broken and not main_file.exists():
        terminal.field("Next", [f"{shown_path(main_file)} is gone; this puts it back:"], prose=True)
        terminal.field("", [f"uv run workbook start {step.name}"])
    elif broken:
        terminal.field("Next", ["mend your copy: the card says what is broken"], prose=True)
        terminal.field("Edit", [shown_path(main_file)])
        terminal.field("Or", ["put it back, with a backup:", f"uv run workbook reset {step.name}"])
    elif untried := progress.untried(step):
        of = len(course.experiments(step))
        terminal.field("Read", [shown_path(folder / "README.md")])
        say(
            f"predict and break: experiment {untried[0]} of {of}",
            f"uv run workbook break {step.name} {untried[0]}",
            "b",
        )
    elif unanswered := progress.unanswered(step):
        terminal.field("Read", [shown_path(folder / "README.md")])
        say(f"the tour: question {unanswered[0]} of {len(course.tour(step))}", f"uv run workbook tour {step.name}", "t")
    elif unsolved := progress.unsolved(step):
        task = next(task for task in course.tasks(step) if task.number == unsolved[0])
        terminal.field("Next", [f"task {task.number}: {task.title}"], prose=True)
        terminal.field("Read", [shown_path(folder / "tasks" / task.folder.name / "README.md")])
        if copy.is_dir():
            terminal.field("Edit", [shown_path(main_file)])
        else:
            terminal.field("", [f"uv run workbook start {step.name}"])
    elif after := course.after(step):
        say(f"this step is done; on to {after.name}", f"uv run workbook start {after.name}", "n")
    else:
        terminal.field("Next", ["the last step is done: you have been through the whole course"], prose=True)


def show_next_in_exercise(
    terminal: Terminal, course: Course, progress: Progress, step: Step, *, keys: bool = False, is_broken: bool = False
) -> None:
    """Show what to do next in an exercise: begin, write, hand in."""
    copy, exercise = course.copy(step), course.exercise(step)
    if not has_begun(course, step):
        terminal.field("Next", [f"begin it: uv run workbook start {step.name}"])
    elif not (copy / MAIN).is_file():
        terminal.field("Next", [f"{shown_path(copy / MAIN)} is gone; this puts it back:"], prose=True)
        terminal.field("", [f"uv run workbook start {step.name}"])
    elif is_broken or progress.unsolved(step):
        terminal.field("Read", [shown_path(exercise.folder / "README.md")])
        todos = [copy / file for file in exercise.starter_files()]
        terminal.field("Edit", [shown_path(file) for file in todos if file.exists()] or [shown_path(copy / "app")])
        terminal.field("Check", [f"uv run workbook check {step.name}"])
    else:
        handed = progress.of(step).submitted
        said = (
            f"handed in as {handed}; once more, after a change:"
            if handed
            else "the public tests are green; hand it in:"
        )
        terminal.field("Next", [said], prose=True)
        terminal.field("", [f"uv run workbook submit {step.name}"])
        if after := course.after(step):
            terminal.field("Then", [f"press n for {after.name}" if keys else f"uv run workbook start {after.name}"])


def show_edits(terminal: Terminal, edits: Sequence[Edit]) -> None:
    """Show edits as a diff of the lines that they touch."""
    import difflib

    for edit in edits:
        old, new = edit.find.strip("\n").splitlines(), edit.replace.strip("\n").splitlines()
        lines = list(difflib.unified_diff(old, new, edit.file, edit.file, lineterm="", n=2))
        terminal.code("\n".join(line for line in lines if not re.match(r"(\+\+\+|@@)", line)))


def show_experiment(terminal: Terminal, number: int, of: int, experiment: Experiment) -> None:
    terminal.line(f"Experiment {number} of {of}: {experiment.title}", "bold")
    terminal.line()
    terminal.line(experiment.question)
    terminal.line()
    if not experiment.hidden:
        show_edits(terminal, experiment.edits)
        terminal.line()
