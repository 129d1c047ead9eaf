"""`workbook reset`: put the learner's copy back, after a backup."""

import shlex
from pathlib import Path

from workbook.learner import workspace

from .context import Context
from .next_steps import show_next
from .screens import shown_path


def reset_step(name: str, backup: Path | None = None) -> None:
    """Put the step back to how it was, or to what is in a backup."""
    here = Context()
    step = here.step(name)
    copy = here.course.copy(step)
    if backup:
        aside = workspace.bring_back(here.course, step, backup)
        here.terminal.line(f"{shown_path(copy)} is again what is in {shown_path(backup)}.")
    else:
        aside = workspace.put_back(here.course, step)
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
