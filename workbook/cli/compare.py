"""`workbook compare`: our solution of a task, beside the learner's."""

from workbook.course.changes import BadChange, Task
from workbook.course.model import Step
from workbook.errors import UserError
from workbook.wording import number_of

from . import screens
from .context import Context
from .hint import read_hints


def compare_solutions(name: str | None, number: int | None) -> None:
    """Show our solutions of the tasks that the learner has done, or of one whose hints are used up."""
    here = Context()
    step = here.step(name)
    tasks = here.course.tasks(step)
    if not tasks:
        raise UserError(f"{step.name} doesn't have tasks, so you can't compare solutions.", "workbook list", code=1)
    if number is not None and number not in [task.number for task in tasks]:
        raise UserError(
            f"{step.name} has {number_of(len(tasks), 'task')}, and number {number} isn't one of them.",
            f"workbook compare {step.name}",
        )
    shown = [task for task in tasks if number in {None, task.number} and _may_be_seen(here, step, task)]
    if not shown:
        raise UserError(
            f"Not yet. You can see our solution once yours is done, or once you've taken every hint of {step.name}.",
            f"workbook hint {step.name}",
            code=1,
        )
    here.terminal.show_paged(lambda: _show_solutions(here, step, shown))


def _show_solutions(here: Context, step: Step, shown: list[Task]) -> None:
    for task in shown:
        here.terminal.line(f"Task {task.number}: {task.title}. Our solution, as a change of the original:", "bold")
        here.terminal.line()
        try:
            screens.show_edits(here.terminal, task.solution(), here.course.folder(step))
        except BadChange as error:
            raise UserError(f"{error}.", f"git checkout {here.course.place(step)}", code=1) from error
        here.terminal.line()
    files = ", ".join(dict.fromkeys(edit.file for task in shown for edit in task.solution()))
    here.terminal.line(f"Yours is in {screens.shown_path(here.course.copy(step))}: {files}. It needn't look the same:")
    here.terminal.line("what the tests promise is the same. Is there a line in ours that you wouldn't have written?")


def _may_be_seen(here: Context, step: Step, task: Task) -> bool:
    progress = here.progress.of(step)
    taken = progress.hints.get(task.folder.name, 0)
    return task.folder.name in progress.solved or taken >= len(read_hints(task))
