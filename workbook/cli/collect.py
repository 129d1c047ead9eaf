"""`workbook class collect`: a zip of each clone's project, as it is now."""

from collections.abc import Sequence
from pathlib import Path

from workbook.errors import UserError
from workbook.grader.clones import collect_projects
from workbook.grader.found import text_of
from workbook.grader.sanitize import one_line
from workbook.wording import FOR_A_CLASS, number_of

from .context import Context
from .screens import shown_path

LISTED = 3


def collect_clones(paths: Sequence[Path], to: Path) -> None:
    """Put a zip of each clone's project into the folder, and say what came of it."""
    here = Context()
    missing = next((path for path in paths if not path.is_dir()), None)
    if missing:
        wrong = "isn't a folder" if missing.exists() else "doesn't exist"
        raise UserError(f"{missing} {wrong}.", "name folders with clones")
    try:
        collected = list(collect_projects(paths, to))
    except OSError as error:
        where = shown_path(Path(error.filename)) if error.filename else shown_path(to)
        raise UserError(f"{where} can't be used: {error.strerror}.", "give yourself access to it", code=1) from error
    if not collected:
        raise UserError(
            f"{', '.join(map(shown_path, paths))} doesn't have a clone in it.", "name folders with clones in them"
        )
    for one in collected:
        said = number_of(one.files, "file") + (f", commit {one.commit}" if one.commit else "")
        here.terminal.outcome("broken" if one.refused else "kept", f"{one.name}  {one.refused or said}", hang=2)
    good = sum(not one.refused for one in collected)
    here.terminal.line()
    here.terminal.line(f"{number_of(good, 'project')} of {len(collected)} in {shown_path(to)}.", "bold")
    files = {f"{one.name}.zip" for one in collected}
    if left := sorted(file.name for file in to.glob("*.zip") if one_line(text_of(file.name)) not in files):
        more = f" and {len(left) - LISTED} more" if len(left) > LISTED else ""
        said = (
            f"There from before, and not collected now: {', '.join(map(one_line, map(text_of, left[:LISTED])))}{more}."
        )
        here.terminal.line(said, hang=2)
    here.terminal.field("Next", [f"{FOR_A_CLASS} workbook class grade {shown_path(to)}"])
