"""`workbook submit`: make the zip that a learner hands in."""

from workbook.errors import UserError
from workbook.learner.workspace import has_begun
from workbook.submissions.packing import hand_in

from .context import Context
from .screens import shown_path

LISTED = 40


def submit_exercise(name: str) -> None:
    """Make the zip of an exercise, and show what is in it."""
    here = Context()
    step = here.step(name)
    if step.kind != "exercise":
        raise UserError(f"{step.name} is not handed in; exercises are.", "workbook list")
    if not has_begun(here.course, step):
        raise UserError(f"{step.name} is not begun.", f"workbook start {step.name}", code=1)
    handed = hand_in(here.course.copy(step), here.course.work / "submissions", step.name)
    here.note("submitted", step, file=handed.file.name)
    terminal = here.terminal
    for file in handed.files[:LISTED]:
        terminal.line(file, indent=2)
    if (more := len(handed.files) - LISTED) > 0:
        terminal.line(f"and {more} more", "dim", indent=2)
    if handed.left_out:
        shown = ", ".join(handed.left_out[:5]) + (" …" if len(handed.left_out) > 5 else "")
        terminal.line(f"Left out, because running left it there or it is none of the project's: {shown}", "dim")
    terminal.line()
    size = handed.file.stat().st_size / 1024
    terminal.line(f"{shown_path(handed.file)}: {len(handed.files)} files, {size:.0f} KiB. Hand in this file.", "bold")
    if here.progress.unsolved(step):
        terminal.line(f"Its public tests have not been green yet: uv run workbook check {step.name}", "yellow")
