"""`workbook class grade`: begins at once what takes long to start, and only then finds out what there is to grade."""

import contextlib
from typing import NoReturn

from workbook.grader.prewarm import warming_up
from workbook.grader.request import GradeRequest


def grade_class(request: GradeRequest) -> NoReturn:
    """Grade a class."""
    with contextlib.ExitStack() as stack:
        warm = None if request.scheduler else stack.enter_context(warming_up(unsafe=request.unsafe))
        from .grading_on_screen import show_grading  # late: it takes longer than all that this module needs

        show_grading(request, warm)
