"""Reports: renderings of a grading's journal, for people and for other programs."""

from collections.abc import Callable, Iterator

from .autograder import write_classroom50, write_gradescope_autograders
from .canvas import write_canvas
from .feedback import write_feedback
from .machines import write_gradescope, write_junit
from .marks import ClassMarks
from .moodle import write_moodle
from .pages import write_html
from .tables import write_csv
from .writing import Target, Written


def _write_gradescope(marks: ClassMarks, target: Target) -> Iterator[Written]:
    yield from write_gradescope(marks, target)
    yield from write_gradescope_autograders(marks, target)


FORMATS: dict[str, Callable[[ClassMarks, Target], Iterator[Written]]] = {
    "csv": write_csv,
    "canvas": write_canvas,
    "moodle": write_moodle,
    "feedback": write_feedback,
    "gradescope": _write_gradescope,
    "classroom50": write_classroom50,
    "junit": write_junit,
    "html": write_html,
}

__all__ = ["FORMATS", "ClassMarks", "Target", "Written"]
