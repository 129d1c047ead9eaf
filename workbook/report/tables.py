"""Tables for a spreadsheet, for Canvas and for Moodle. UTF-8 with a mark, so that a spreadsheet shows every script."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from markupsafe import escape

from workbook.wording import number_of

from .lms import canvas_login, canvas_user, moodle_participant
from .marks import ClassMarks, Mark
from .visible import spreadsheet_cell, visible_line
from .writing import Target, Written, number


def write_csv(marks: ClassMarks, target: Target) -> Iterator[Written]:
    """Write marks.csv: name, id, the points of each exercise, the total, and what to know about the learner."""
    header = ["Name", "ID", *(f"{exercise.title} ({number(exercise.full)})" for exercise in marks.exercises)]
    rows = (
        [
            row.name,
            row.learner.id,
            *(_points(mark) for mark in row.marks.values()),
            number(row.total),
            "; ".join(marks.notes(row)),
        ]
        for row in marks.rows
    )
    path = target.place("marks.csv")
    _write(path, [*header, f"Total ({number(marks.full)})", "Notes"], rows)
    yield Written(path, f"{number_of(len(marks.rows), 'learner')}, for a spreadsheet")


def write_canvas(marks: ClassMarks, target: Target) -> Iterator[Written]:
    """Write canvas.csv, for Import in Canvas's gradebook.

    The columns are those of Canvas's own export, as lib/gradebook_importer.rb of instructure/canvas-lms reads them and
    the Canvas guides show them: Student, ID, SIS User ID, SIS Login ID, Section, then an assignment each, named
    `Title (number)`, and a row with the points possible. Canvas looks for a learner by ID, then by SIS User ID, SIS
    Login ID and name; for an assignment by its number, and without one by its title, which must then be the same. An
    empty cell is no mark.
    """
    names = [
        f"{exercise.title} ({target.assignments[exercise.name]})"
        if exercise.name in target.assignments
        else exercise.title
        for exercise in marks.exercises
    ]
    possible = ["    Points Possible", "", "", "", "", *(number(exercise.full) for exercise in marks.exercises)]
    rows = (
        [
            row.name,
            canvas_user(row),
            row.learner.id if row.learner.on_roster else "",
            canvas_login(row.learner),
            "",
            *(_points(mark) for mark in row.marks.values()),
        ]
        for row in marks.rows
    )
    path = target.place("canvas.csv")
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *names]
    _write(path, header, [possible, *rows])
    without = [exercise.name for exercise in marks.exercises if exercise.name not in target.assignments]
    hint = f"; Canvas finds {', '.join(without)} by title: --assignment NAME=NUMBER is surer" if without else ""
    yield Written(path, f"{number_of(len(marks.rows), 'learner')}, for Canvas's gradebook{hint}")


def write_moodle(marks: ClassMarks, target: Target) -> Iterator[Written]:
    """Write moodle-NAME.csv for each exercise, for “Upload grading worksheet” of a Moodle assignment.

    The columns are those of Moodle's offline grading worksheet, as mod/assign/feedback/offline/importgradeslib.php of
    moodle/moodle reads them: Identifier (`Participant 123`), Grade and Last modified (grade) must be there, Feedback
    comments is HTML. Moodle looks for a learner by Identifier only, so learners without one are left out. Grades given
    since then stay, unless the box for that is ticked.
    """
    known = [(row, ident) for row in marks.rows if (ident := moodle_participant(row))]
    if not known:
        yield Written(None, "no Moodle worksheet: neither a file's name nor the roster tells a number of Moodle's")
        return
    header = ["Identifier", "Full name", "Email address", "Grade", "Maximum grade", "Last modified (grade)"]
    for exercise in marks.exercises:
        rows = (
            [
                f"Participant {ident}",
                row.name,
                row.learner.email,
                _points(mark),
                number(exercise.full),
                "",
                _comment(mark, exercise.full),
            ]
            for row, ident in known
            if (mark := row.marks[exercise.name]).counts
        )
        path = target.place(f"moodle-{exercise.name}.csv")
        _write(path, [*header, "Feedback comments"], rows)
        yield Written(path, f"for the Moodle assignment {exercise.title}")
    if left_out := len(marks.rows) - len(known):
        who = number_of(left_out, "learner")
        yield Written(None, f"Not in a Moodle worksheet: {who}, of whom no number of Moodle's is known")


def _points(mark: Mark) -> str:
    """Return the points as text; "" if there's no mark."""
    return number(mark.points) if mark.counts else ""


def _comment(mark: Mark, full: float) -> str:
    """Return the points, and what isn't kept, as HTML with a line each."""
    lines = [f"{number(mark.points)} of {number(full)} points."]
    lines += [visible_line(mark.trouble)] if mark.trouble else []
    lines += [f"Not kept: {visible_line(item.text)}" for item in mark.items if item.points < item.worth]
    return "<br>".join(str(escape(line)) for line in lines)


def _write(path: Path, header: list[str], rows: Iterable[list[str]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow([spreadsheet_cell(name) for name in header])
        for row in rows:
            out.writerow([_cell(value) for value in row])


def _cell(value: str) -> str:
    """Return the cell as text; numbers stay numbers, and Canvas's indented heading stays indented."""
    try:
        float(value)
    except ValueError:
        return value if value == "    Points Possible" else spreadsheet_cell(value)
    return value
