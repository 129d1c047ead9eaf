"""Arriving in a step: its copy is in work/, and the screen says where the learner is and what's next."""

from workbook.course.model import Step
from workbook.learner import workspace
from workbook.learner.workspace import MAIN, has_begun

from .context import Context
from .next_steps import show_next
from .screens import shown_path


def arrive(here: Context) -> str:
    """See that the current step is in work/; returns what was done for that."""
    step, new = here.step(None), here.progress.is_new
    copy = here.course.copy(step)
    if (copy / MAIN).is_file() and has_begun(here.course, step) if step.kind == "exercise" else copy.is_dir():
        return f"Welcome back to {step.name}."
    workspace.put_into_work(here.course, step)
    here.note("started", step)
    folder = shown_path(here.course.copy(step))
    return (
        f"Welcome. Your copy of the first step is in {folder}." if new else f"Your copy of {step.name} is in {folder}."
    )


def show_where(here: Context, happened: str) -> None:
    """Show where the learner is and what's next, on one screen."""
    step = here.progress.current
    show_head(here, step)
    here.terminal.line(happened)
    here.terminal.line()
    show_next(here.terminal, here.course, here.progress, step)
    here.terminal.field("Watch", ["uv run workbook watch"])


def show_head(here: Context, step: Step) -> None:
    """Show the course's title, and which step of it this is."""
    steps = here.course.steps
    here.terminal.line(f"{here.course.title}  (step {steps.index(step) + 1} of {len(steps)})", "dim")
    here.terminal.line(f"{step.name}: {step.concept}", "bold")
    here.terminal.line()
