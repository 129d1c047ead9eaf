"""`workbook start`: put a step into work/."""

from pathlib import Path

from workbook.course.model import Step
from workbook.learner import workspace
from workbook.wording import number_of

from .context import Context
from .next_steps import show_next
from .screens import shown_path


def start_step(name: str | None) -> None:
    """Put the step into work/ and show what is to be done; leave what is there."""
    here = Context()
    step = here.step(name)
    existed = here.course.copy(step).is_dir()
    made = workspace.put_into_work(here.course, step)
    here.note("started", step)
    folder = shown_path(here.course.copy(step))
    if step.kind == "exercise":
        _tell_of_exercise(here, step, made, existed=existed)
    elif not existed:
        here.terminal.line(
            f"{step.title} is in {folder}, {number_of(len(made), 'file')}. Edit there; nothing else is yours to edit."
        )
    elif made:
        here.terminal.line(f"{folder} is there already. {_back(len(made))}; yours are untouched.")
    else:
        here.terminal.line(f"{folder} is there already, with your changes. Nothing was touched.")
    here.terminal.line()
    for task in here.course.tasks(step):
        here.terminal.field(f"Task {task.number}", [task.title], prose=True)
        here.terminal.field("", [shown_path(task.folder / "README.md")])
    if here.course.tasks(step):
        here.terminal.line()
    show_next(here.terminal, here.course, here.progress, step)


def _tell_of_exercise(here: Context, step: Step, made: list[Path], *, existed: bool) -> None:
    copy = here.course.copy(step)
    folder, starter = shown_path(copy), here.course.exercise(step).starter_files()
    added = [path for path in made if path.relative_to(copy).as_posix() in starter]
    if not existed:
        files, to_write = number_of(len(made), "file"), ", ".join(map(shown_path, added))
        said = f"Your project is in {folder}, {files}; to write: {to_write}."
    elif not made:
        said = f"Your project in {folder} has its files already. Nothing was touched."
    else:
        back = f"{_back(n)}. " if (n := len(made) - len(added)) else ""
        new = f"Added to your project in {folder}: {', '.join(map(shown_path, added))}. " if added else ""
        said = f"{back}{new}Yours are untouched."
    here.terminal.line(f"{step.title}. {said} About {step.minutes} minutes.")


def _back(number: int) -> str:
    """Return `1 file was missing and is back`, or the same of several."""
    return f"{number_of(number, 'file')} {'was missing and is' if number == 1 else 'were missing and are'} back"
