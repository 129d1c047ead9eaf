"""Feedback zips that Canvas and Moodle route back, a page for each learner and exercise in them."""

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from workbook.submissions.projects import NOT_IN_A_NAME
from workbook.wording import number_of

from .lms import canvas_file, moodle_folder
from .marks import ClassMarks, Graded, Mark, Row
from .pages import learner_page
from .writing import LONG_AGO, Target, Written

# What Windows takes for the end of a folder's name, or for no part of a name. Both systems find the learner by numbers.
ODD = dict.fromkeys([*map(ord, NOT_IN_A_NAME), *range(32)], "_")


def write_feedback(marks: ClassMarks, target: Target) -> Iterator[Written]:
    """Write feedback-canvas-NAME.zip and feedback-moodle-NAME.zip for files that came from there.

    Canvas (“Upload submissions as comments”, Assignment#infer_comment_context_from_filename of instructure/canvas-lms)
    finds the learner by the name of the file that it gave out, and shows the comment's file under the name that the
    learner gave theirs. So a zip comes back as a zip of that name with the page in it; what was no zip, as .html.
    Moodle (“Upload multiple feedback files in a zip”, mod/assign/feedback/file/importziplib.php of moodle/moodle) finds
    the learner by the folder that it gave out; the page in it keeps its own name.
    """
    routed: set[str] = set()
    for exercise in marks.exercises:
        for system, entry in (("canvas", _for_canvas), ("moodle", _for_moodle)):
            pages = [(row, mark) for row, mark in _of(marks, exercise) if entry(mark, exercise, b"")]
            if not pages:
                continue
            path = target.place(f"feedback-{system}-{exercise.name}.zip")
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for row, mark in pages:
                    page = learner_page(marks, row, only=exercise.name).encode()
                    if not (named := entry(mark, exercise, page)):
                        continue
                    name = named[0].translate(ODD)
                    if name not in archive.NameToInfo:  # nobody may get another's page
                        archive.writestr(_member(name), named[1])
                        routed.add(row.learner.id)
                many = len(archive.NameToInfo)
            yield Written(path, f"{number_of(many, 'page')}, back through {system.capitalize()}")
    others = sum(row.counts and row.learner.id not in routed for row in marks.rows)
    if others:
        why = "no file of theirs is named as Canvas or Moodle name downloads; their pages are in learners/ of the html"
        yield Written(None, f"no feedback zip for {number_of(others, 'learner')}: {why}")


def _of(marks: ClassMarks, exercise: Graded) -> Iterator[tuple[Row, Mark]]:
    for row in marks.rows:
        if (mark := row.marks[exercise.name]).counts:
            yield row, mark


Entry = Callable[[Mark, Graded, bytes], tuple[str, bytes] | None]


def _for_canvas(mark: Mark, exercise: Graded, page: bytes) -> tuple[str, bytes] | None:
    if not (file := canvas_file(mark.file)):
        return None
    name = PurePosixPath(file.name)
    if name.suffix.lower() != ".zip":
        return f"{name.stem}.html", page
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_member(f"{exercise.name}.html"), page)
    return file.name, packed.getvalue()


def _for_moodle(mark: Mark, exercise: Graded, page: bytes) -> tuple[str, bytes] | None:
    folder = moodle_folder(mark.file)
    return (f"{folder}/{exercise.name}.html", page) if folder else None


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, LONG_AGO)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info
