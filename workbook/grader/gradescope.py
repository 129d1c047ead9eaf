"""Gradescope's “Export Submissions”: a folder for each submission, and one file that says whose they are.

    submission_metadata.yml      {"submission_4711": {":submitters": [{":name": …, ":sid": …, ":email": …}], …}, …}
    submission_4711/             the files of a zip that was uploaded, unpacked

A group's submission has several submitters, and counts for each.
"""

import re
from collections.abc import Callable
from typing import Any

from workbook.errors import UserError

from .file_names import Named
from .sanitize import one_line

FILE = "submission_metadata.yml"
SUBMISSION = re.compile(r"submission_\d{1,20}")
LARGEST = 256 * 1024 * 1024  # it also holds what a grader of Gradescope's printed, of every attempt


def submitters(read: Callable[[], bytes], where: str) -> dict[str, list[Named]]:
    """Return whose each submission is, by the name of its folder in the export. Raises `UserError`, `OSError`.

    `read` reads the file, and `where` is the folder that it's in.
    """
    import yaml  # late: of all classes few come from there

    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # every value is a text: 007 stays 007
    try:
        if len(content := read()) > LARGEST:
            raise ValueError(f"it is larger than {LARGEST // 2**20} MiB")
        told = yaml.load(content, Loader=loader)
        if not isinstance(told, dict):
            raise ValueError("it holds no submissions")
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        why = one_line(str(error), 200) or "it is nested too deeply"
        file = f"{where}/{FILE}"
        raise UserError(f"{file} isn't what Gradescope exports: {why}.", "export the submissions again") from error
    return {str(name): found for name, one in told.items() if (found := _named(one))}


def _named(submission: object) -> list[Named]:
    people = submission.get(":submitters") if isinstance(submission, dict) else None
    found = []
    for person in people if isinstance(people, list) else []:
        if isinstance(person, dict):
            name, number, email = (_text(person.get(key)) for key in (":name", ":sid", ":email"))
            if learner := number or email or name:
                found.append(Named("gradescope", learner, name or learner, "", 1, 0, email))
    return found


def _text(value: object) -> str:
    return one_line(value) if isinstance(value, str) else ""
