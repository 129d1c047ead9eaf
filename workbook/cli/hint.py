"""`workbook hint`: the hints of a task or an exercise, one more at each call."""

import re

from workbook.course.changes import Task
from workbook.errors import UserError

from .context import Context
from .screens import shown_path


def give_next_hint(name: str | None) -> None:
    """Show the next hint for what the learner is at in the step."""
    here = Context()
    step = here.step(name)
    if step.kind == "exercise":
        give_hint(here, Task(here.course.folder(step), step.title), name=step.name)
        return
    tasks = here.course.tasks(step)
    unsolved = here.progress.unsolved(step)
    if not tasks:
        raise UserError(f"{step.name} has no tasks, so no hints.", "workbook list", code=1)
    if not unsolved:
        here.terminal.line(f"Every task of {step.name} is done; there is nothing to hint at.")
        return
    task = next(task for task in tasks if task.number == unsolved[0])
    give_hint(here, task, name=step.name)


def give_hint(here: Context, task: Task, *, name: str) -> None:
    """Show the next of the task's hints, and those given before."""
    step = here.course.step(name)
    hints = read_hints(task)
    level = min(here.progress.of(step).hints.get(task.folder.name, 0) + 1, len(hints))
    here.note("hint", step, task=task.folder.name, level=level)
    of_exercise = step.kind == "exercise"
    here.terminal.line(task.title if of_exercise else f"Task {task.number}: {task.title}", "bold")
    for n, (title, body) in enumerate(hints[:level], 1):
        here.terminal.line()
        here.terminal.line(f"Hint {n} of {len(hints)}: {title}", "bold" if n == level else "dim")
        for kind, text in _blocks(body):
            if kind == "code":
                here.terminal.code(text, "python")
            else:
                here.terminal.line(text)
    if level == len(hints) and of_exercise:
        here.terminal.line()
        here.terminal.line("That was the last. Hints cost nothing.", "dim")
    elif level == len(hints):
        here.terminal.line()
        here.terminal.line(f"That was the last. A solution lies in {shown_path(task.folder / 'solution.toml')}.", "dim")


def read_hints(task: Task) -> list[tuple[str, str]]:
    """Return the heading and text of each hint in a task's hints.md, in order. Raises `UserError`."""
    file = task.folder / "hints.md"
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    if not parts:
        place = "exercises" if "exercises" in file.parts else "stages"
        raise UserError(f"{shown_path(file)} is not there or holds no hints.", f"git checkout {place}", code=1)
    return [(title.strip(), body.strip()) for title, body in zip(parts[::2], parts[1::2], strict=True)]


def _blocks(markdown: str) -> list[tuple[str, str]]:
    """Split a hint into prose and fenced code."""
    parts = re.split(r"^```\w*\n(.*?)^```$", markdown, flags=re.MULTILINE | re.DOTALL)
    kinds = ["prose", "code"]
    return [(kinds[n % 2], part.strip("\n")) for n, part in enumerate(parts) if part.strip()]
