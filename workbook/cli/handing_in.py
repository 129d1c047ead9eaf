"""`workbook submit` and `workbook release`: what learners hand in, and what they are given."""

from pathlib import Path

from workbook.authoring.release import release as write_edition
from workbook.errors import UserError
from workbook.learner.workspace import has_begun
from workbook.submissions.packing import hand_in

from .context import Here
from .screens import shown_path

LISTED = 40


def submit(name: str) -> None:
    here = Here()
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


def release(target: Path, *, solutions: bool) -> None:
    here = Here()
    terminal = here.terminal
    edition = write_edition(here.course.root, target, solutions=solutions)
    without = "hidden tests are not among them, solutions are" if solutions else "nothing hidden is in them"
    terminal.line(f"{shown_path(target)}: {edition.count} files; {without}.", "bold")
    if changed := edition.uncommitted:
        shown = ", ".join(changed[:5]) + (" …" if len(changed) > 5 else "")
        terminal.line(f"It is what is committed; these changes are not, and not in it: {shown}", "yellow")
    terminal.line("Publish that folder, never a clone of this one: a clone holds the hidden tests and solutions.")
