"""A zip of each stage: the same files give the same bytes, wherever and whenever it's made."""

import io
import zipfile
from pathlib import Path

from workbook.course.changes import left_out
from workbook.course.model import Course, Step

THEN = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
_README = """{title}: {concept}.

This is a copy of {place}/ from the workbook “{course}”.

To run the app alone: {run}

Its tests need the workbook, whose pytest plugin starts the app as a user would meet it. In the workbook's folder:

    uv run workbook check {name} --shipped
    uv run pytest {place}

To change it there, and have your copy checked at every save:

    uv run workbook start {name}
    uv run workbook
"""


def files_in(folder: Path) -> dict[str, bytes]:
    """Return the files of a step by their path in it, without what running leaves behind."""
    found = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and not any(left_out(str(folder), [part]) for part in inside.parts):
            found[inside.as_posix()] = path.read_bytes()
    return found


def archive(course: Course, step: Step) -> bytes:
    """Return the step's folder as a zip, with a README.txt that says where its tests run."""
    folder = course.folder(step)
    files = files_in(folder)
    module = "app.main:app" if "app/main.py" in files else "main:app"
    files["README.txt"] = _README.format(
        title=step.title,
        concept=step.concept,
        place=course.place(step),
        course=course.title,
        run=f"uvicorn {module}, with the packages of the workbook's requirements.txt",
        name=step.name,
    ).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as pack:
        for name in sorted(files):
            member = zipfile.ZipInfo(f"{step.name}/{name}", THEN)
            member.create_system = 3  # with Unix permissions, on every platform
            member.external_attr = 0o644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            pack.writestr(member, files[name])
    return packed.getvalue()
