"""`workbook author`: the commands for authors, and their options."""

from pathlib import Path
from typing import Annotated

import typer

from . import SETTINGS

group = typer.Typer(help="Prove the course, and release the learner edition.", no_args_is_help=True, **SETTINGS)


@group.command()
def release(
    dest: Annotated[Path, typer.Argument(metavar="DEST", help="A new folder.")],
    solutions: Annotated[bool, typer.Option("--solutions", help="With the solutions, for afterwards.")] = False,
) -> None:
    """Write the learner edition, searched for leaks."""
    from .release import release_edition

    release_edition(dest, solutions=solutions)


@group.command()
def verify(
    only: Annotated[list[str] | None, typer.Option(metavar="STEP", help="Only these steps.")] = None,
) -> None:
    """Prove that everything in the course holds."""
    from .verify import verify_course

    verify_course(only or [])


new = typer.Typer(help="Begin something new.", no_args_is_help=True, **SETTINGS)
group.add_typer(new, name="new")


@new.command()
def exercise(name: Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits and hyphens.")]) -> None:
    """Write the folder of a new exercise, with all that proves it."""
    from .new import new_exercise

    new_exercise(name)
