"""Feedback zips that Canvas and Moodle route back, a page for each learner and exercise in them."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import PurePosixPath

from workbook.submissions.projects import NOT_IN_A_NAME
from workbook.wording import number_of

from .lms import canvas_file, canvas_users, moodle_folder, moodle_participants
from .marks import ClassMarks, Graded, Row
from .pages import learner_page
from .writing import LONG_AGO, Target, Written

# What Windows takes for the end of a folder's name, or for no part of a name. Both systems find the learner by numbers
# between underscores, so there mustn't be more of those.
ODD = dict.fromkeys([*map(ord, NOT_IN_A_NAME), *range(32)], "-")


def write_feedback(marks: ClassMarks, target: Target) -> Iterator[Written]:
    """Write feedback-canvas-NAME.zip and feedback-moodle-NAME.zip for files that came from there.

    Canvas: “Upload submissions as comments”, Assignment#infer_comment_context_from_filename of instructure/canvas-lms.
    It finds the learner by the name of the file that it gave out, and shows the comment's file under the name that the
    learner gave theirs. So a zip comes back as a zip of that name with the page in it, and anything else as .html.

    Moodle: “Upload multiple feedback files in a zip”, mod/assign/feedback/file/importziplib.php of moodle/moodle.
    It finds the learner by the number in a folder's name; the page in the folder keeps its own name.
    """
    routed: set[str] = set()
    in_groups: set[str] = set()
    users = canvas_users(marks)
    for exercise in marks.exercises:
        rows = [row for row in marks.rows if row.marks[exercise.name].counts]
        folders = _moodle_folders(marks, exercise)
        for system, entry in (("canvas", _for_canvas), ("moodle", partial(_for_moodle, folders))):
            theirs = [row for row in rows if entry(row, exercise, b"")]
            if not theirs:
                continue
            if system == "canvas":  # a group's file leads to the member whose number is in its name
                theirs.sort(key=lambda row: not _is_their_number(users[row.learner.id], row, exercise))
            path = target.place(f"feedback-{system}-{exercise.name}.zip")
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for row in theirs:
                    page = learner_page(marks, row, only=exercise.name).encode()
                    if not (named := entry(row, exercise, page)):
                        continue
                    name = named[0].translate(ODD)
                    if name not in archive.NameToInfo:  # no one may get another's page
                        archive.writestr(_member(name), named[1])
                        routed.add(row.learner.id)
                    elif row.learner.group:
                        in_groups.add(row.learner.id)
                many = len(archive.NameToInfo)
            yield Written(path, f"{number_of(many, 'page')}, back through {system.capitalize()}")
    in_groups -= routed
    if in_groups:
        said = (
            f"no feedback zip for {number_of(len(in_groups), 'learner')} whose group's file has another member's page"
        )
        yield Written(None, f"{said}; theirs are in learners/ of the html")
    others = sum(row.counts and row.learner.id not in routed | in_groups for row in marks.rows)
    if others:
        why = "no file of theirs is named as Canvas or Moodle name downloads; their pages are in learners/ of the html"
        yield Written(None, f"no feedback zip for {number_of(others, 'learner')}: {why}")


def _is_their_number(user: str, row: Row, exercise: Graded) -> bool:
    file = canvas_file(row.marks[exercise.name].file)
    return file is not None and file.user == user


def _for_canvas(row: Row, exercise: Graded, page: bytes) -> tuple[str, bytes] | None:
    if not (file := canvas_file(row.marks[exercise.name].file)):
        return None
    name = PurePosixPath(file.name)
    if name.suffix.lower() != ".zip":
        return f"{name.stem}.html", page
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_member(f"{exercise.name}.html"), page)
    return file.name, packed.getvalue()


def _for_moodle(folders: Mapping[str, str], row: Row, exercise: Graded, page: bytes) -> tuple[str, bytes] | None:
    folder = folders.get(row.learner.id)
    return (f"{folder}/{exercise.name}.html", page) if folder else None


def _moodle_folders(marks: ClassMarks, exercise: Graded) -> dict[str, str]:
    """Return the folder that leads to each learner: as Moodle made it, or with their number if theirs was a team's."""
    numbers = moodle_participants(marks, exercise.name)
    found = {}
    for row in marks.rows:
        folder, number = moodle_folder(row.marks[exercise.name].file), numbers.get(row.learner.id)
        if folder and number:
            is_theirs = folder.split("_assignsubmission_")[0].endswith(f"_{number}")
            name = row.name.replace("_", " ").replace("/", " ")
            found[row.learner.id] = folder if is_theirs else f"{name}_{number}_assignsubmission_file_"
    return found


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, LONG_AGO)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info
