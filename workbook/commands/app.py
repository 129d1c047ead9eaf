"""The commands and their options. Each command's work is in a module of its own, imported when it is called."""

from pathlib import Path
from typing import Annotated, Literal

import typer

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
    from .breaking import break_

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
def doctor() -> None:
    """What this machine can do, what is missing, and how to get it."""
    from .doctor import doctor

    doctor()
