"""`workbook author new`: the folder of a new exercise."""

from workbook.authoring.new_exercise import write_exercise

from .context import Context


def new_exercise(name: str) -> None:
    """Write the folder of a new exercise, and say what's next."""
    here = Context()
    for file in write_exercise(here.course, name):
        here.terminal.line(file.relative_to(here.course.root).as_posix())
    here.terminal.line(f"Fill them in. What's missing: uv run --all-groups workbook author verify --only {name}")
