"""What the learner edition leaves out of the command, and the sentence in its place."""

from importlib.util import find_spec
from typing import NoReturn

import typer

from workbook.errors import UserError

COMMANDS = {"class": "class_", "author": "author"}  # the groups for instructors and authors, and their modules
OLD_PLACES = {"class": ("grade", "report"), "author": ("release", "verify")}  # where commands were without the group
ANYTHING = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


def is_here(module: str) -> bool:
    """Return whether the module of this package is in this copy of the course."""
    return find_spec(f"{__package__}.{module}") is not None


def refuse(what: str) -> NoReturn:
    """Raise `UserError`: the full course has this, a learner edition hasn't."""
    raise UserError(f"{what} isn't part of the learner edition.", "use a clone of the full course")


def add_refusal(app: typer.Typer, name: str, shown: str) -> None:
    """Add a hidden command that refuses whatever follows it."""

    @app.command(name, hidden=True, context_settings=ANYTHING)
    def command(context: typer.Context) -> None:
        refuse(f"`workbook {shown}`")
