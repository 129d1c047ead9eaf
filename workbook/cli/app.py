"""The commands and their options. Each command's work is in a module of its own, imported when it is called."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from workbook.errors import UserError

app = typer.Typer(
    name="workbook",
    help="Learn to take a FastAPI app to production. Without a command: where you are, and what is next.",
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

StepName = Annotated[
    str | None, typer.Argument(metavar="[STEP]", help="A step's name or number; without it, the one you are in.")
]
Tier = StrEnum("Tier", ["fork", "bubblewrap"])
ReportFormat = StrEnum("ReportFormat", ["csv", "canvas", "moodle", "feedback", "gradescope", "junit", "html"])
Shipped = Annotated[bool, typer.Option("--shipped", help="The step as the course ships it, not your copy.")]


@app.callback(invoke_without_command=True)
def session(
    context: typer.Context,
    plain: Annotated[bool, typer.Option("--plain", help="No colour, no redraw, no single keys.")] = False,
) -> None:
    if context.invoked_subcommand is None:
        from .session import session

        session()


@app.command("list")
def list_() -> None:
    """Every step, its minutes, its state."""
    from .steps import list_steps

    list_steps()


@app.command()
def start(step: StepName = None) -> None:
    """Put a step into work/, and show its tasks. Overwrites nothing."""
    from .steps import start

    start(step)


@app.command()
def reset(
    step: Annotated[str, typer.Argument(metavar="STEP", help="A step's name or number.")],
    to: Annotated[Path | None, typer.Option(metavar="BACKUP", help="To what is in this backup of it.")] = None,
) -> None:
    """Put your copy of a step back to how it was, after a backup."""
    from .steps import reset

    reset(step, to)


@app.command()
def hint(step: StepName = None) -> None:
    """The next hint for your task: nudge, approach, shape of the code."""
    from .steps import hint

    hint(step)


@app.command()
def check(
    step: StepName = None,
    shipped: Shipped = False,
    show_all: Annotated[bool, typer.Option("--all", help="Every failure card.")] = False,
    submission: Annotated[
        Path | None, typer.Option(metavar="PATH", help="An exercise in this folder or zip; it runs without a sandbox.")
    ] = None,
    launcher: Annotated[Literal["auto", "spawn", "fork"], typer.Option(help="How apps are started.")] = "auto",
) -> None:
    """Run a step's tests. Exits 1 if a promise is broken."""
    from .check import check

    check(step, shipped=shipped, show_all=show_all, launcher=launcher, submission=submission)


@app.command()
def watch(step: StepName = None, shipped: Shipped = False) -> None:
    """Check again at every save, until Ctrl-C."""
    from .check import watch

    watch(step, shipped=shipped)


@app.command("break")
def break_(
    stage: StepName = None,
    number: Annotated[int | None, typer.Argument(metavar="[N]", help="Which experiment.", min=1)] = None,
    predict: Annotated[
        str, typer.Option(help="Your prediction without being asked: promises by number, or none.")
    ] = "",
) -> None:
    """List a stage's experiments, or try one on a scratch copy."""
    from .break_ import break_

    break_(stage, number, predict)


@app.command()
def tour(
    step: Annotated[
        str | None, typer.Argument(metavar="[STEP]", help="A project's name; without it, the course's only one.")
    ] = None,
    number: Annotated[int | None, typer.Argument(metavar="[N]", help="Which question, once more.", min=1)] = None,
) -> None:
    """Questions on a project: which file does it, and why there?"""
    from .tour import tour

    tour(step, number)


@app.command()
def run(
    step: StepName = None,
    shipped: Shipped = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The app's port.")] = 8000,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin with an empty data folder; the old one is kept.")
    ] = False,
) -> None:
    """Serve a step, and again after every save, until Ctrl-C."""
    from .run import run

    run(step, shipped=shipped, port=port, fresh=fresh)


@app.command()
def submit(
    exercise: Annotated[str, typer.Argument(metavar="EXERCISE", help="An exercise's name.")],
) -> None:
    """Make the zip to hand in."""
    from .handing_in import submit

    submit(exercise)


@app.command()
def grade(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="Zips, folders, or folders that hold them. Or: override LEARNER PROMISE POINTS, with --why, "
            "which sets the points of one promise by hand.",
        ),
    ],
    exercise: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="For this one; may be repeated. Else the files' names say.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the journal is.")] = Path("results"),
    roster: Annotated[Path | None, typer.Option(metavar="FILE", help="The class, as CSV: id, name, email.")] = None,
    lanes: Annotated[int | None, typer.Option(min=1, max=256, help="How many at once; else one per core.")] = None,
    scheduler: Annotated[str, typer.Option(metavar="ADDRESS", help="Grade on the workers of Dask at tcp://...")] = "",
    seed: Annotated[int | None, typer.Option(min=0, help="Of the random values; else that of last time.")] = None,
    limit: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="For one submission and exercise.")] = 180,
    unsafe: Annotated[bool, typer.Option("--unsafe", help="Without a sandbox; every report says so.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Grade again what is graded.")] = False,
    why: Annotated[str, typer.Option(metavar="TEXT", help="Of an override: the reason.")] = "",
) -> None:
    """For instructors: grade a class. Ended and started again, it goes on."""
    if paths[0] == "override":
        if len(paths) != 4 or len(exercise or []) > 1:
            said = "An override names a learner, a promise, and points."
            raise UserError(said, "workbook grade override LEARNER PROMISE POINTS --why TEXT")
        from .override import override

        override(*paths[1:], why=why, out=out, exercise=(exercise or [""])[0])
        return
    if why:
        raise UserError("--why belongs to an override.", "workbook grade override LEARNER PROMISE POINTS --why TEXT")
    from workbook.grader.request import GradeRequest

    from .grade import grade

    places = [Path(path) for path in paths]
    grade(GradeRequest(places, exercise or [], out, roster, lanes, scheduler, seed, limit, unsafe, force))


@app.command()
def report(
    journal: Annotated[Path, typer.Argument(metavar="JOURNAL", help="The journal of a grading: results/journal.db")],
    formats: Annotated[
        list[ReportFormat] | None, typer.Option("--format", help="This one alone; may be repeated. Without it, all.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where to; without it, report/ beside the journal.")
    ] = None,
    assignment: Annotated[
        list[str] | None, typer.Option(metavar="NAME=NUMBER", help="An exercise's number in Canvas.")
    ] = None,
) -> None:
    """For instructors: marks and feedback, for an LMS and each learner."""
    from .report import report

    report(journal, [one.value for one in formats or []], to, assignment or [])


@app.command()
def release(
    dest: Annotated[Path, typer.Argument(metavar="DEST", help="A new folder.")],
    solutions: Annotated[bool, typer.Option("--solutions", help="With the solutions, for afterwards.")] = False,
) -> None:
    """For instructors: write the learner edition, searched for leaks."""
    from .handing_in import release

    release(dest, solutions=solutions)


@app.command()
def verify(
    only: Annotated[list[str] | None, typer.Option(metavar="STEP", help="These steps alone.")] = None,
) -> None:
    """For authors: prove that everything in the course holds."""
    from .verify import verify

    verify(only or [])


@app.command()
def docs(
    build: Annotated[
        Path | None, typer.Option("--build", metavar="DIR", help="Build it into this folder instead of serving it.")
    ] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The site's port; without it, a free one.")] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="With --build: pages that open from the file system, without a server.")
    ] = False,
) -> None:
    """Serve the site: the course to read in a browser."""
    from .docs import docs

    docs(build, port, offline)


@app.command()
def doctor(
    grading: Annotated[
        bool, typer.Option("--grading", help="For instructors: try the attack suite on this machine's sandbox.")
    ] = False,
    tier: Annotated[
        list[Tier] | None, typer.Option("--tier", help="With --grading, this one alone; without it, all that hold.")
    ] = None,
) -> None:
    """What this machine can do, what is missing, and how to get it."""
    if grading:
        from .doctor_grading import doctor_grading

        doctor_grading([one.value for one in tier or []])
    from .doctor import doctor

    doctor()
