"""The commands and their options. What a command does is in a module of its name, imported when it is called.

What instructors and authors use is in two groups, `class` and `author`. Their commands' old places, without the group,
still work and are not listed.
"""

import importlib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from . import SETTINGS
from .edition import COMMANDS, OLD_PLACES, add_refusal, is_here, refuse


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
    help="Learn to take a FastAPI app to production. Without a command: where you are, and what's next.",
    no_args_is_help=False,
    **SETTINGS,
)

StepName = Annotated[
    str | None, typer.Argument(metavar="STEP", help="A step's name or number (default: the one you're in).")
]
Tier = StrEnum("Tier", ["fork", "bubblewrap"])
Way = StrEnum("Way", ["export", "import"])
Shipped = Annotated[bool, typer.Option("--shipped", help="The course's original, not your copy.")]


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
    """Every step, how long it takes, and how far you are."""
    from .list_ import list_steps

    list_steps()


@app.command()
def start(step: StepName = None) -> None:
    """Put a step into work/, and show its tasks. It never overwrites your files."""
    from .start import start_step

    start_step(step)


@app.command()
def reset(
    step: Annotated[str, typer.Argument(metavar="STEP", help="A step's name or number.")],
    to: Annotated[
        Path | None, typer.Option(metavar="BACKUP", help="A backup to restore (default: the original).")
    ] = None,
) -> None:
    """Back up your copy of a step, then restore the original."""
    from .reset import reset_step

    reset_step(step, to)


@app.command()
def hint(step: StepName = None) -> None:
    """The next hint for your task: nudge, approach, shape of the code."""
    from .hint import give_next_hint

    give_next_hint(step)


@app.command()
def compare(
    step: StepName = None,
    number: Annotated[
        int | None, typer.Argument(metavar="N", help="Which task; without it, all that are done.", min=1)
    ] = None,
) -> None:
    """Our solution of a task that you have done, to compare with yours."""
    from .compare import compare_solutions

    compare_solutions(step, number)


@app.command()
def read(step: StepName = None) -> None:
    """A step's lesson, in the terminal."""
    from .read import read_lesson

    read_lesson(step)


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
    number: Annotated[int | None, typer.Argument(metavar="N", help="Which experiment.", min=1)] = None,
    predict: Annotated[
        str, typer.Option(help="Your prediction without being asked: promises by number, or none.")
    ] = "",
) -> None:
    """List a stage's experiments, or try one on a scratch copy."""
    from .break_ import break_stage

    break_stage(stage, number, predict)


@app.command()
def review() -> None:
    """Earlier predictions that are due, asked again."""
    from .review import review_predictions

    review_predictions()


@app.command()
def progress(
    way: Annotated[Way, typer.Argument(metavar="WAY", help="export writes the file, import adds what's in it.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file.")],
) -> None:
    """Take your progress into the page, or bring it back, by a file."""
    from .progress import export_progress, import_progress

    export_progress(file) if way == "export" else import_progress(file)


@app.command()
def tour(
    step: Annotated[
        str | None, typer.Argument(metavar="STEP", help="A project's name (default: the course's only one).")
    ] = None,
    number: Annotated[int | None, typer.Argument(metavar="N", help="A question to answer again.", min=1)] = None,
) -> None:
    """Questions about a project: which file does what, and why there?"""
    from .tour import tour_project

    tour_project(step, number)


@app.command()
def run(
    step: StepName = None,
    shipped: Shipped = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The app's port.")] = 8000,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="An empty data folder to begin with; the old one is kept.")
    ] = False,
    show_all: Annotated[bool, typer.Option("--all", help="Whole tracebacks, not only your own files' lines.")] = False,
) -> None:
    """Serve a step until Ctrl-C, and restart it at every save."""
    from .run import run_step

    run_step(step, shipped=shipped, port=port, fresh=fresh, whole=show_all)


@app.command()
def submit(
    exercise: Annotated[
        str | None, typer.Argument(metavar="EXERCISE", help="An exercise's name (default: the one that you're in).")
    ] = None,
) -> None:
    """Make the zip to hand in."""
    from .submit import submit_exercise

    submit_exercise(exercise)


@app.command(hidden=not is_here("docs"))
def docs(
    build: Annotated[
        Path | None,
        typer.Option("--build", metavar="DIR", help="A folder to build the site into, instead of serving it."),
    ] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The site's port (default: a free one).")] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="With --build: pages that you can open without a server.")
    ] = False,
) -> None:
    """Serve the site, so that you can read the course in a browser."""
    if not is_here("docs"):
        refuse("The site's builder")
    from .docs import open_docs

    open_docs(build, port, offline)


@app.command()
def doctor(
    grading: Annotated[
        bool, typer.Option("--grading", help="For instructors: all known attacks on this machine's sandbox.")
    ] = False,
    tier: Annotated[
        list[Tier] | None,
        typer.Option("--tier", help="With --grading: only this sandbox (default: every one that works)."),
    ] = None,
) -> None:
    """What this machine can do, what's missing, and how to get it."""
    if grading:
        if not is_here("doctor_grading"):
            refuse("Grading")
        from .doctor_grading import try_sandbox

        try_sandbox([one.value for one in tier or []])
    from .doctor import show_findings

    show_findings()


def _add_groups() -> None:
    """Add the groups `class` and `author`, and their commands' old places."""
    for name, module in COMMANDS.items():
        if not is_here(module):
            add_refusal(app, name, name)
            for command in OLD_PLACES[name]:
                add_refusal(app, command, f"{name} {command}")
            continue
        loaded = importlib.import_module(f".{module}", __package__)
        app.add_typer(loaded.group, name=name)
        for command in OLD_PLACES[name]:
            app.command(hidden=True)(getattr(loaded, command))


_add_groups()
