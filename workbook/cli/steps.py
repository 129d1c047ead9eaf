"""`workbook list`, `start`, `reset` and `hint`."""

import re
import shlex
from pathlib import Path

from workbook.course.changes import Task
from workbook.course.model import Step
from workbook.errors import UserError
from workbook.learner import workspace

from .context import Here
from .screens import show_next, shown_path


def list_steps() -> None:
    here = Here()
    terminal, progress = here.terminal, here.progress
    terminal.line(here.course.title, "bold")
    terminal.line()
    width = max(len(step.name) for step in here.course.steps)
    for step in here.course.steps:
        tried, of = len(here.course.experiments(step)) - len(progress.untried(step)), len(here.course.experiments(step))
        tasks, questions = here.course.tasks(step), here.course.tour(step)
        solved = len(tasks) - len(progress.unsolved(step))
        toured = len(questions) - len(progress.unanswered(step))
        said = f"{step.name:<{width}} {step.minutes:>4} min  {step.concept}"
        if (tried or solved) and step.kind != "exercise":
            said += f" (experiments {tried} of {of}, tasks {solved} of {len(tasks)})"
        if toured:
            said += f" (tour {toured} of {len(questions)})"
        terminal.outcome(progress.state(step), said, hang=width + 11)
    terminal.line()
    total = sum(step.minutes for step in here.course.steps)
    time = f"{total / 60:.1f} hours" if total >= 90 else f"{total} minutes"
    terminal.line(f"{len(here.course.steps)} steps, about {time}. You are in {progress.current.name}.")


def start(name: str | None) -> None:
    here = Here()
    step = here.step(name)
    existed = here.course.copy(step).is_dir()
    made = workspace.start(here.course, step)
    here.note("started", step)
    folder = shown_path(here.course.copy(step))
    if step.kind == "exercise":
        _tell_of_exercise(here, step, made, existed=existed)
    elif not existed:
        here.terminal.line(
            f"{step.title} is in {folder}, {len(made)} files. Edit there; nothing else is yours to edit."
        )
    elif made:
        here.terminal.line(
            f"{folder} is there already. {len(made)} files were missing and are back; yours are untouched."
        )
    else:
        here.terminal.line(f"{folder} is there already, with your changes. Nothing was touched.")
    here.terminal.line()
    for task in here.course.tasks(step):
        here.terminal.field(f"Task {task.number}", [task.title], prose=True)
        here.terminal.field("", [shown_path(task.folder / "README.md")])
    if here.course.tasks(step):
        here.terminal.line()
    show_next(here.terminal, here.course, here.progress, step)


def _tell_of_exercise(here: Here, step: Step, made: list[Path], *, existed: bool) -> None:
    copy = here.course.copy(step)
    folder, starter = shown_path(copy), here.course.exercise(step).starter_files()
    added = [path for path in made if path.relative_to(copy).as_posix() in starter]
    if not existed:
        said = f"Your project is in {folder}, {len(made)} files; to write: {', '.join(map(shown_path, added))}."
    elif not made:
        said = f"Your project in {folder} has its files already. Nothing was touched."
    else:
        back = f"{n} files were missing and are back. " if (n := len(made) - len(added)) else ""
        new = f"Added to your project in {folder}: {', '.join(map(shown_path, added))}. " if added else ""
        said = f"{back}{new}Yours are untouched."
    here.terminal.line(f"{step.title}. {said} About {step.minutes} minutes.")


def reset(name: str, backup: Path | None = None) -> None:
    here = Here()
    step = here.step(name)
    copy = here.course.copy(step)
    if backup:
        aside = workspace.bring_back(here.course, step, backup)
        here.terminal.line(f"{shown_path(copy)} is again what is in {shown_path(backup)}.")
    else:
        aside = workspace.reset(here.course, step)
        state = "as the course ships it"
        if step.kind == "exercise":
            state = f"what it was before {step.name}, with its starter" if aside else "begun"
        here.terminal.line(f"{shown_path(copy)} is {state}.")
    here.note("reset", step)
    if aside:
        here.terminal.line(f"What you had is in {shown_path(aside)}. To have it back:")
        here.terminal.field("", [f"uv run workbook reset {step.name} --to {shlex.quote(shown_path(aside))}"])
    here.terminal.line()
    show_next(here.terminal, here.course, here.progress, step)


def hint(name: str | None) -> None:
    here = Here()
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


def give_hint(here: Here, task: Task, *, name: str) -> None:
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
    """The hints of a task's hints.md: the heading and the text of each, in order. Raises `UserError`."""
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
