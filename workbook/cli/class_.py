"""`workbook class`: the commands for instructors, and their options."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from workbook.errors import UserError

from . import SETTINGS

group = typer.Typer(help="Grade a class, and report its marks.", no_args_is_help=True, **SETTINGS)

ReportFormat = StrEnum(
    "ReportFormat", ["csv", "canvas", "moodle", "feedback", "gradescope", "classroom50", "junit", "html"]
)
Out = Annotated[Path, typer.Option(metavar="DIR", help="Where the journal is.")]
OVERRIDE = "workbook class override"


@group.command()
def grade(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH...", help="What was downloaded: zips, folders, folders of them.")
    ] = None,
    exercise: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[=PATH]", help="For this one; may be repeated [what the files are called]."),
    ] = None,
    out: Out = Path("results"),
    roster: Annotated[Path | None, typer.Option(metavar="FILE", help="The class, as CSV: id, name, email.")] = None,
    lanes: Annotated[
        int | None, typer.Option(min=1, max=256, help="Submissions at once (default: one per core).")
    ] = None,
    scheduler: Annotated[str, typer.Option(metavar="ADDRESS", help="Grade on the workers of Dask at tcp://...")] = "",
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed for the random values (default: the last run's).")
    ] = None,
    limit: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="For one submission and exercise.")] = 180,
    unsafe: Annotated[bool, typer.Option("--unsafe", help="Without a sandbox; every report says so.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Grade again what's graded already.")] = False,
    title: Annotated[str, typer.Option(metavar="TEXT", help="What the reports call the class [the last one's].")] = "",
    why: Annotated[str, typer.Option(metavar="TEXT", hidden=True)] = "",
) -> None:
    """Grade a class. If it's interrupted, run it again."""
    paths = paths or []
    if paths[:1] == ["override"]:  # as it was called before there were groups
        if len(paths) != 4 or len(exercise or []) > 1:
            said = "An override names a learner, a promise, and points."
            raise UserError(said, f"{OVERRIDE} LEARNER PROMISE POINTS --why TEXT")
        learner, promise, points = paths[1:]
        override(learner, promise, points, why=why, out=out, exercise=(exercise or [""])[0])
        return
    if why:
        raise UserError("--why belongs to an override.", f"{OVERRIDE} LEARNER PROMISE POINTS --why TEXT")
    from workbook.grader.request import GradeRequest

    from .grade import grade_class

    places = [Path(path) for path in paths]
    what = places, exercise or [], out, roster, lanes, scheduler, seed, limit, unsafe, force, title
    grade_class(GradeRequest(*what))


@group.command()
def override(
    learner: Annotated[str, typer.Argument(metavar="LEARNER", help="A learner's id.")],
    promise: Annotated[str, typer.Argument(metavar="PROMISE", help="The name of a promise's test.")],
    points: Annotated[str | None, typer.Argument(metavar="POINTS", help="What it's worth for them now.")] = None,
    why: Annotated[str, typer.Option(metavar="TEXT", help="The reason.")] = "",
    out: Out = Path("results"),
    exercise: Annotated[str, typer.Option(metavar="NAME", help="Where several have a promise of that name.")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take the decision back; its grading counts again.")] = False,
) -> None:
    """Set the points of one promise by hand, with a reason; it survives every later grading."""
    from .override import override_promise

    override_promise(learner, promise, points, why=why, out=out, exercise=exercise, undo=undo)


@group.command()
def assign(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file that wasn't matched, as it was listed.")],
    learner: Annotated[str, typer.Argument(metavar="LEARNER", help="The id on the roster, or - for no one.")],
    out: Out = Path("results"),
) -> None:
    """Say whose a file is; it stays so in every later grading."""
    from .assign import assign_file

    assign_file(file, learner, out)


@group.command("collect")
def collect_(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Clones, or folders that hold them.")],
    to: Annotated[Path, typer.Option(metavar="DIR", help="Where a zip of each project goes.")] = Path("class"),
) -> None:
    """Collect the projects of clones, as they are now, to be graded. May be repeated."""
    from .collect import collect_clones

    collect_clones(paths, to)


@group.command()
def comment(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What their pages say.")] = "",
    learner: Annotated[list[str] | None, typer.Option(metavar="ID", help="For this learner; may be repeated.")] = None,
    promise: Annotated[
        str, typer.Option(metavar="NAME", help="At this promise; without --learner, for all who didn't keep it.")
    ] = "",
    exercise: Annotated[str, typer.Option(metavar="NAME", help="At this exercise.")] = "",
    out: Out = Path("results"),
    undo: Annotated[bool, typer.Option("--undo", help="Take the comment back.")] = False,
) -> None:
    """Write a comment on learners' pages; it changes no points."""
    from .comment import comment_on

    comment_on(text, learner or [], promise=promise, exercise=exercise, out=out, undo=undo)


@group.command()
def publish(out: Out = Path("results")) -> None:
    """Note that learners see their marks now, so that their pages point out later changes."""
    from .publish import publish_marks

    publish_marks(out)


@group.command()
def report(
    journal: Annotated[Path, typer.Argument(metavar="JOURNAL", help="The journal of a grading: results/journal.db")],
    formats: Annotated[
        list[ReportFormat] | None,
        typer.Option("--format", help="Only this one; may be repeated [all but classroom50]."),
    ] = None,
    to: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where to; without it, report/ beside the journal.")
    ] = None,
    assignment: Annotated[
        list[str] | None, typer.Option(metavar="NAME=NUMBER", help="An exercise's number in Canvas.")
    ] = None,
    into: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A fresh export of Canvas's gradebook, or a worksheet of Moodle's."),
    ] = None,
    title: Annotated[str, typer.Option(metavar="TEXT", help="What the pages call the class.")] = "",
    learner: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="This learner's page only; may be repeated.")
    ] = None,
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="Pages and tables with codes in place of names.")
    ] = False,
    canvas: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Send marks to this course by Canvas's API; token: CANVAS_TOKEN.")
    ] = "",
    note: Annotated[str, typer.Option(metavar="TEXT", help="What each learner's page ends with: whom to ask.")] = "",
) -> None:
    """Write marks and feedback, for an LMS and each learner."""
    from .report import ReportRequest, write_reports

    names = [one.value for one in formats or []]
    what = journal, names, to, assignment or [], into or [], title, learner or [], anonymous, canvas, note
    write_reports(ReportRequest(*what))


@group.command()
def similar(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Zips, folders, or folders that hold them.")],
    exercise: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="This one only; may be repeated [what the files say].")
    ] = None,
    roster: Annotated[Path | None, typer.Option(metavar="FILE", help="The class, as CSV: id, name, email.")] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the page goes.")] = Path("results"),
    least: Annotated[
        float,
        typer.Option(min=0.1, max=1, metavar="SHARE", help="List pairs that share this much of the code they wrote."),
    ] = 0.5,
) -> None:
    """List submissions that share code, side by side, for a person to judge; it changes no points."""
    from .similar import SimilarRequest, show_similar

    show_similar(SimilarRequest(paths, exercise or [], out, roster, least))
