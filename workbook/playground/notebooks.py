"""What a notebook needs in the page: its cells, and the files of its stage, which they serve."""

import json
from collections.abc import Iterator
from typing import Any

from workbook.course.model import Course, Step

from . import examples

NOTEBOOK = "explore.ipynb"


def notebook_files(course: Course) -> Iterator[tuple[str, str]]:
    """Yield what the site serves for notebooks, by its path below the playground's folder."""
    for step in examples.stages(course):
        if has_notebook(course, step):
            yield f"notebooks/{step.name}.json", json.dumps(notebook_job(course, step), ensure_ascii=False)


def has_notebook(course: Course, step: Step) -> bool:
    """Return whether a step has a notebook that can run in the page."""
    return examples.has_example(step) and (course.folder(step) / NOTEBOOK).is_file()


def notebook_job(course: Course, step: Step) -> dict[str, Any]:
    """Return what the page gets of a notebook."""
    example, folder = examples.read_example(step), course.folder(step)
    cells = json.loads((folder / NOTEBOOK).read_text(encoding="utf-8"))["cells"]
    return {
        "files": examples.app_files(folder),
        "needs": example.needs,
        "notes": example.notes[-1:] if example.needs else (),
        "cells": ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"],
        "elsewhere": example.cells_elsewhere,
    }
