"""`workbook hint`: the hints of a task or an exercise, one more at each call."""

import re

from workbook.course.changes import Task
from workbook.course.model import Step
from workbook.course.step_files import is_there, read_held_back
from workbook.errors import UserError

from .context import Context
from .screens import shown_path


def give_next_hint(name: str | None) -> None:
    """Show the next hint for what the learner is at in the step."""
    here = Context()
    step = here.step(name)
    if step.kind != "exercise" and not here.course.tasks(step):
        raise UserError(f"{step.name} doesn't have tasks, so it doesn't have hints.", "workbook list", code=1)
    task = task_at_hand(here, step)
    if task is None:
        here.terminal.line(f"Every task of {step.name} is done, so there's nothing left to hint at.")
        return
    take_hint(here, step, task)
    show_hints(here, step, task)


def task_at_hand(here: Context, step: Step) -> Task | None:
    """Return the task that the learner is at: the first that isn't solved, or the exercise itself; None if all are."""
    if step.kind == "exercise":
        return Task(here.course.folder(step), step.title)
    unsolved = here.progress.unsolved(step)
    return next((task for task in here.course.tasks(step) if task.number in unsolved[:1]), None)


def take_hint(here: Context, step: Step, task: Task) -> tuple[int, int]:
    """Record that the next hint is taken, and return its number and how many there are."""
    hints = read_hints(task)
    level = min(here.progress.of(step).hints.get(task.folder.name, 0) + 1, len(hints))
    here.note("hint", step, task=task.folder.name, level=level)
    return level, len(hints)


def show_hints(here: Context, step: Step, task: Task, *, only_last: bool = False) -> None:
    """Show the hints of a task that the learner has taken so far, or only the last of them."""
    terminal, hints = here.terminal, read_hints(task)
    level = here.progress.of(step).hints.get(task.folder.name, 0)
    of_exercise = step.kind == "exercise"
    if not only_last:
        terminal.line(task.title if of_exercise else f"Task {task.number}: {task.title}", "bold")
    for n, (title, body) in enumerate(hints[:level], 1):
        if only_last and n < level:
            continue
        (terminal.rule if only_last else terminal.line)()
        of_task = f"Task {task.number}, hint" if only_last and not of_exercise else "Hint"
        terminal.line(f"{of_task} {n} of {len(hints)}: {title}", "bold" if n == level else "dim")
        for kind, text in _blocks(body):
            if kind == "code":
                terminal.code(text, "python")
            else:
                terminal.line(text)
    if level == len(hints) and not only_last:
        terminal.line()
        after = (
            "Hints cost nothing." if of_exercise else f"Our solution: uv run workbook compare {step.name} {task.number}"
        )
        terminal.line(f"That was the last. {after}", "dim")


def read_hints(task: Task) -> list[tuple[str, str]]:
    """Return the heading and text of each hint in a task's hints.md, in order. Raises `UserError`."""
    file = task.folder / "hints.md"
    parts = re.split(r"^## (.+)$", read_held_back(file) if is_there(file) else "", flags=re.MULTILINE)[1:]
    if not parts:
        place = "exercises" if "exercises" in file.parts else "stages"
        raise UserError(f"{shown_path(file)} is missing, or it's empty.", f"git checkout {place}", code=1)
    return [(title.strip(), body.strip()) for title, body in zip(parts[::2], parts[1::2], strict=True)]


def _blocks(markdown: str) -> list[tuple[str, str]]:
    """Split a hint into prose and fenced code."""
    parts = re.split(r"^```\w*\n(.*?)^```$", markdown, flags=re.MULTILINE | re.DOTALL)
    kinds = ["prose", "code"]
    return [(kinds[n % 2], part.strip("\n")) for n, part in enumerate(parts) if part.strip()]
