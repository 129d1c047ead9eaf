"""Reports: renderings of a grading's journal, for people and for other programs."""

from collections.abc import Callable, Iterator

from .feedback import write_feedback
from .machines import write_gradescope, write_junit
from .marks import ClassMarks
from .pages import write_html
from .tables import write_canvas, write_csv, write_moodle
from .writing import Target, Written

FORMATS: dict[str, Callable[[ClassMarks, Target], Iterator[Written]]] = {
    "csv": write_csv,
    "canvas": write_canvas,
    "moodle": write_moodle,
    "feedback": write_feedback,
    "gradescope": write_gradescope,
    "junit": write_junit,
    "html": write_html,
}

__all__ = ["FORMATS", "ClassMarks", "Target", "Written"]
