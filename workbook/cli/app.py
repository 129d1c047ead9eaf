"""The commands and their options. What a command does is in a module of its name, imported when it is called.

What instructors and authors use is in two groups, `class` and `author`. Their commands' old places, without the group,
still work and are not listed.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from workbook.errors import UserError

SETTINGS: dict[str, Any] = {
    "add_completion": False,
    "rich_markup_mode": None,
    "pretty_exceptions_enable": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}


class _Sections(TyperGroup):
    """The help lists what learners use, and below it the groups for others."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        shown = [(name, command) for name, command in commands if command and not command.hidden]
        for title, is_group in (("Commands", False), ("For instructors and authors", True)):
            rows = [
                (n, c.get_short_help_str(formatter.width)) for n, c in shown if isinstance(c, TyperGroup) == is_group
            ]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


app = typer.Typer(
    name="workbook",
    cls=_Sections,
    help="Learn to take a FastAPI app to production. Without a command: where you are, and what is next.",
    no_args_is_help=False,
    **SETTINGS,
)
class_ = typer.Typer(help="Grade a class, and report its marks.", no_args_is_help=True, **SETTINGS)
author = typer.Typer(help="Prove the course, and release the learner edition.", no_args_is_help=True, **SETTINGS)
app.add_typer(class_, name="class")
app.add_typer(author, name="author")

StepName = Annotated[
    str | None, typer.Argument(metavar="[STEP]", help="A step's name or number; without it, the one you are in.")
]
Tier = StrEnum("Tier", ["fork", "bubblewrap"])
ReportFormat = StrEnum("ReportFormat", ["csv", "canvas", "moodle", "feedback", "gradescope", "junit", "html"])
Out = Annotated[Path, typer.Option(metavar="DIR", help="Where the journal is.")]
OVERRIDE = "workbook class override"
Shipped = Annotated[bool, typer.Option("--shipped", help="The step as the course ships it, not your copy.")]


@app.callback(invoke_without_command=True)
def session(
    context: typer.Context,
    plain: Annotated[bool, typer.Option("--plain", help="No colour, no redraw, no single keys.")] = False,
    version: Annotated[bool, typer.Option("--version", help="The workbook's version.")] = False,
) -> None:
    if version:
        from .doctor import describe_version

        typer.echo(describe_version())
        raise typer.Exit
    if context.invoked_subcommand is None:
        from .session import open_session

        open_session()


@app.command("list")
def list_() -> None:
    """Every step, its minutes, its state."""
    from .list_ import list_steps

    list_steps()


@app.command()
def start(step: StepName = None) -> None:
    """Put a step into work/, and show its tasks. Overwrites nothing."""
    from .start import start_step

    start_step(step)


@app.command()
def reset(
    step: Annotated[str, typer.Argument(metavar="STEP", help="A step's name or number.")],
    to: Annotated[Path | None, typer.Option(metavar="BACKUP", help="To what is in this backup of it.")] = None,
) -> None:
    """Put your copy of a step back to how it was, after a backup."""
    from .reset import reset_step

    reset_step(step, to)


@app.command()
def hint(step: StepName = None) -> None:
    """The next hint for your task: nudge, approach, shape of the code."""
    from .hint import give_next_hint

    give_next_hint(step)


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
    from .check import check_step

    check_step(step, shipped=shipped, show_all=show_all, launcher=launcher, submission=submission)


@app.command()
def watch(step: StepName = None, shipped: Shipped = False) -> None:
    """Check again at every save, until Ctrl-C."""
    from .watch import watch_step

    watch_step(step, shipped=shipped)


@app.command("break")
def break_(
    stage: StepName = None,
    number: Annotated[int | None, typer.Argument(metavar="[N]", help="Which experiment.", min=1)] = None,
    predict: Annotated[
        str, typer.Option(help="Your prediction without being asked: promises by number, or none.")
    ] = "",
) -> None:
    """List a stage's experiments, or try one on a scratch copy."""
    from .break_ import break_stage

    break_stage(stage, number, predict)


@app.command()
def tour(
    step: Annotated[
        str | None, typer.Argument(metavar="[STEP]", help="A project's name; without it, the course's only one.")
    ] = None,
    number: Annotated[int | None, typer.Argument(metavar="[N]", help="Which question, once more.", min=1)] = None,
) -> None:
    """Questions on a project: which file does it, and why there?"""
    from .tour import tour_project

    tour_project(step, number)


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
    from .run import run_step

    run_step(step, shipped=shipped, port=port, fresh=fresh)


@app.command()
def submit(
    exercise: Annotated[str, typer.Argument(metavar="EXERCISE", help="An exercise's name.")],
) -> None:
    """Make the zip to hand in."""
    from .submit import submit_exercise

    submit_exercise(exercise)


@class_.command()
def grade(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Zips, folders, or folders that hold them.")],
    exercise: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="For this one; may be repeated. Else the files' names say.")
    ] = None,
    out: Out = Path("results"),
    roster: Annotated[Path | None, typer.Option(metavar="FILE", help="The class, as CSV: id, name, email.")] = None,
    lanes: Annotated[int | None, typer.Option(min=1, max=256, help="How many at once; else one per core.")] = None,
    scheduler: Annotated[str, typer.Option(metavar="ADDRESS", help="Grade on the workers of Dask at tcp://...")] = "",
    seed: Annotated[int | None, typer.Option(min=0, help="Of the random values; else that of last time.")] = None,
    limit: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="For one submission and exercise.")] = 180,
    unsafe: Annotated[bool, typer.Option("--unsafe", help="Without a sandbox; every report says so.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Grade again what is graded.")] = False,
    why: Annotated[str, typer.Option(metavar="TEXT", hidden=True)] = "",
) -> None:
    """Grade a class. Ended and started again, it goes on."""
    if paths[0] == "override":  # as it was called before there were groups
        if len(paths) != 4 or len(exercise or []) > 1:
            said = "An override names a learner, a promise, and points."
            raise UserError(said, f"{OVERRIDE} LEARNER PROMISE POINTS --why TEXT")
        learner, promise, points = paths[1:]
        override(learner, promise, points, why=why, out=out, exercise=(exercise or [""])[0])
        return
    if why:
        raise UserError("--why belongs to an override.", f"{OVERRIDE} LEARNER PROMISE POINTS --why TEXT")
    from workbook.grader.request import GradeRequest

    from .grade import grade_submissions

    places = [Path(path) for path in paths]
    grade_submissions(GradeRequest(places, exercise or [], out, roster, lanes, scheduler, seed, limit, unsafe, force))


@class_.command()
def override(
    learner: Annotated[str, typer.Argument(metavar="LEARNER", help="A learner's id.")],
    promise: Annotated[str, typer.Argument(metavar="PROMISE", help="The name of a promise's test.")],
    points: Annotated[str, typer.Argument(metavar="POINTS", help="What it is worth now.")],
    why: Annotated[str, typer.Option(metavar="TEXT", help="The reason.")] = "",
    out: Out = Path("results"),
    exercise: Annotated[str, typer.Option(metavar="NAME", help="Where several have a promise of that name.")] = "",
) -> None:
    """Set the points of one promise by hand, with a reason; it survives every later grading."""
    from .override import override_promise

    override_promise(learner, promise, points, why=why, out=out, exercise=exercise)


@class_.command()
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
    """Write marks and feedback, for an LMS and each learner."""
    from .report import write_reports

    write_reports(journal, [one.value for one in formats or []], to, assignment or [])


@author.command()
def release(
    dest: Annotated[Path, typer.Argument(metavar="DEST", help="A new folder.")],
    solutions: Annotated[bool, typer.Option("--solutions", help="With the solutions, for afterwards.")] = False,
) -> None:
    """Write the learner edition, searched for leaks."""
    from .release import release_edition

    release_edition(dest, solutions=solutions)


@author.command()
def verify(
    only: Annotated[list[str] | None, typer.Option(metavar="STEP", help="These steps alone.")] = None,
) -> None:
    """Prove that everything in the course holds."""
    from .verify import verify_course

    verify_course(only or [])


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
    from .docs import open_docs

    open_docs(build, port, offline)


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
        from .doctor_grading import try_sandbox

        try_sandbox([one.value for one in tier or []])
    from .doctor import show_findings

    show_findings()


for command in (grade, report, release, verify):  # where they were before there were groups
    app.command(hidden=True)(command)
