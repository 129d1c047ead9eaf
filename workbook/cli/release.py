"""`workbook author release`: write the learner edition."""

from pathlib import Path

from workbook.authoring.release import write_edition
from workbook.wording import number_of

from .context import Context
from .screens import shown_path


def release_edition(target: Path, *, solutions: bool) -> None:
    """Write the edition into `target`, and say what is in it."""
    here = Context()
    terminal = here.terminal
    edition = write_edition(here.course.root, target, solutions=solutions)
    without = "the solutions are among them, but no hidden tests" if solutions else "nothing hidden is in them"
    terminal.line(f"{shown_path(target)}: {number_of(edition.count, 'file')}; {without}.", "bold")
    if changed := edition.uncommitted:
        shown = ", ".join(changed[:5]) + (" …" if len(changed) > 5 else "")
        terminal.line(
            f"It's made of what's committed. These changes aren't committed, so they aren't in it: {shown}", "yellow"
        )
    terminal.line("Publish that folder, never a clone of this one: a clone has the hidden tests and solutions in it.")
