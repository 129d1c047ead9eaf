"""`workbook class similar`: which submissions share their own code, side by side, for a person to judge."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbook.course.exercise import Exercise, project_copy
from workbook.errors import UserError
from workbook.grader.identity import HandedIn
from workbook.grader.sanitize import one_line
from workbook.grader.similarity import Sources, compare_all
from workbook.report.similar import Compared, similar_page
from workbook.submissions.reading import BadSubmission
from workbook.submissions.snapshot import Changing
from workbook.wording import number_of

from .context import Context
from .handed_in import identify_class
from .screens import shown_path

PAGE = "similar.html"
LARGEST, MOST_OF_ALL = 256 * 1024, 1024 * 1024  # bytes of one file, and of all; no one writes more by hand
LISTED = 20


@dataclass(frozen=True)
class SimilarRequest:
    """What `workbook class similar` was given; `least` is the share of the smaller one's own code, 0 to 1."""

    paths: Sequence[Path]
    exercises: Sequence[str]
    out: Path
    roster: Path | None
    least: float


def show_similar(request: SimilarRequest) -> None:
    """Compare the class's submissions with each other, list the closest pairs, and write the page."""
    here = Context()
    _, exercises, the_class = identify_class(here, request)
    compared = [
        _compare(here, exercise, [one for one in the_class.work if one.exercise == exercise.name], request.least)
        for exercise in exercises
    ]
    for one in compared:
        here.terminal.line(one.title, "bold")
        said = f"{number_of(one.count, 'submission')} compared"
        here.terminal.line(f"{said}, {len(one.skipped)} not" if one.skipped else said, "dim", hang=2)
        for skipped in one.skipped:
            here.terminal.line(f"not compared: {skipped}", "dim", hang=2)
        for pair in one.pairs[:LISTED]:
            pair_of = f"{one.names[pair.first]} and {one.names[pair.second]}"
            here.terminal.line(f"{pair.share:4.0%}  {pair_of}", hang=6)
        if len(one.pairs) > LISTED:
            here.terminal.line(f"and {number_of(len(one.pairs) - LISTED, 'more pair')} on the page", "dim", hang=2)
        if not one.pairs:
            here.terminal.line("No pair shares much of its own code.", hang=2)
    page = request.out / PAGE
    try:
        request.out.mkdir(parents=True, exist_ok=True)
        page.write_text(similar_page(compared), encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{shown_path(page)} can't be written: {error.strerror}.", "name another folder: --out DIR", code=1
        ) from error
    here.terminal.line()
    here.terminal.line("Look at them side by side before you say anything; no mark depends on this.", "dim")
    here.terminal.line(page.resolve().as_uri(), "bold")


def _compare(here: Context, exercise: Exercise, work: Sequence[HandedIn], least: float) -> Compared:
    class_: dict[str, Sources] = {}
    skipped: list[str] = []
    for one in work:
        name = one_line(one.learner.name)
        try:
            with one.found.snapshot().project() as project:
                class_[one.learner.id] = read_sources(project)
        except Changing:
            skipped.append(f"{name}: it changes while it's read")
        except (BadSubmission, OSError) as error:
            skipped.append(f"{name}: {one_line(str(error))}")
    names = {one.learner.id: one_line(one.learner.name) for one in work}
    pairs = compare_all(class_, list(_given(exercise)), least=least)
    return Compared(here.step(exercise.name).title, len(class_), pairs, class_, names, skipped)


def _given(exercise: Exercise) -> Iterator[Sources]:
    """Yield the code that isn't a learner's own: the project with the starter, and the solution in it."""
    solutions = [exercise.solution] if exercise.solution.is_file() else []
    for patches in ([], solutions):
        with project_copy([exercise], patches) as project:
            yield read_sources(project)


def read_sources(project: Path) -> Sources:
    """Return a project's Python files by their paths, without its tests; a huge one is left out, and too many are."""
    found: dict[str, str] = {}
    left = MOST_OF_ALL
    for file in sorted(project.rglob("*.py")):
        name = file.relative_to(project).as_posix()
        if name.startswith("tests/") or not file.is_file() or (size := file.stat().st_size) > min(LARGEST, left):
            continue
        found[name] = file.read_text(encoding="utf-8", errors="replace")
        left -= size
    return found
