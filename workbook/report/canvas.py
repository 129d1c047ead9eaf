"""Marks for “Import” in Canvas's gradebook.

You can read what the importer does in lib/gradebook_importer.rb of instructure/canvas-lms. It compares headings, and
finds a learner by ID, then by SIS User ID, SIS Login ID and name. An empty cell means “no mark”, so it erases one
that's there. It reads the points possible for new assignments only, and would take a byte order mark for a part of the
first heading. So our file has one assignment and the lines of those who have a mark for it, and everything else is as
the export had it.
"""

import re
from collections.abc import Iterator, Sequence

from workbook.grader.exports import Export, amount, canvas_columns
from workbook.wording import number_of

from .csv_file import write_table
from .lms import canvas_login, canvas_users
from .marks import ClassMarks, Graded, Row
from .scaling import Scale
from .visible import spreadsheet_cell
from .writing import Target, Written, number

HEADER = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
POINTS = "    Points Possible"
ASSIGNMENT = re.compile(r"(?P<title>.{1,500})\((?P<number>\d{1,18})\)", re.DOTALL)
NAMES = {"Student", "LastName", "FirstName"}  # the cells of an export that learners write themselves


def write_canvas(marks: ClassMarks, target: Target) -> Iterator[Written]:
    """Write canvas.csv, or canvas-NAME.csv for each of several exercises."""
    for exercise in marks.exercises:
        rows = [row for row in marks.rows if row.marks[exercise.name].counts]
        name = f"canvas-{exercise.name}.csv" if len(marks.exercises) > 1 else "canvas.csv"
        export = target.export_of(exercise)
        if export and export.kind == "canvas":
            yield _into(export, exercise, rows, target, name)
        elif export is None:
            yield _by_ids(marks, exercise, rows, target, name)


def _into(export: Export, exercise: Graded, rows: Sequence[Row], target: Target, name: str) -> Written:
    """Write the export's own lines of those who have a mark, with the mark in them."""
    wanted = target.assignments.get(exercise.name, "")
    place = _column(export, exercise, wanted)
    if place is None and not wanted:
        several = ", ".join(export.header[one] for one in _called_so(export, exercise))
        said = f"the export has several columns: {several}"
        if not several:
            said = f"the export has no column “{exercise.title} (number)”"
        return Written(None, f"no {name}: {said}; --assignment {exercise.name}=NUMBER says which assignment it is")
    heading = f"{exercise.title} ({wanted})" if place is None else export.header[place]
    possible = next((points for cells in export.before if (points := _amount(cells, place)) is not None), None)
    scale = Scale.of(exercise, possible)
    about = canvas_columns(export.header)
    first = next((cells[:about] for cells in export.before if "Points Possible" in (cells or ("",))[0]), None)
    head = [*(first or [POINTS, *[""] * (about - 1)])]
    known = [row for row in rows if row.learner.id in export.rows]
    excused = [row for row in known if _is_excused(export.rows[row.learner.id], place)]
    lines = [
        [*export.rows[row.learner.id][:about], number(scale(row.marks[exercise.name].points))]
        for row in known
        if row not in excused
    ]
    path = target.place(name)
    lines = [[*map(_name_cell, export.header, line[:-1]), line[-1]] for line in lines]
    everything = range(about + 1)
    write_table(
        path, [*export.header[:about], heading], _with_points(head, scale, lines), verbatim=everything, marked=False
    )
    left_out = len(rows) - len(known)
    about_it = [f"{number_of(len(lines), 'mark')} for Canvas's gradebook", scale.in_words]
    about_it += [f"without {number_of(left_out, 'learner')} whom the export doesn't have"] if left_out else []
    about_it += [f"without {number_of(len(excused), 'learner')} whom Canvas has as excused"] if excused else []
    if place is None:
        about_it.append(f"the export has no assignment {wanted}, so look whether Canvas would make one")
    return Written(path, "; ".join(filter(None, about_it)))


def _by_ids(marks: ClassMarks, exercise: Graded, rows: Sequence[Row], target: Target, name: str) -> Written:
    """Write lines in the shape of an export for those whom Canvas can find: by its number, or by the roster's ids."""
    wanted = target.assignments.get(exercise.name, "")
    enrolled, users = {row.learner.id for row in marks.enrolled}, canvas_users(marks)
    known = [row for row in rows if row.learner.id in enrolled and (row.learner.on_roster or users[row.learner.id])]
    if not known:
        return Written(None, f"no {name}: no file name and no roster says whom Canvas knows")
    scale = Scale.of(exercise, None)
    lines = [
        [
            row.name,
            users[row.learner.id],
            row.learner.id if row.learner.on_roster else "",
            canvas_login(row.learner),
            "",
            number(scale(row.marks[exercise.name].points)),
        ]
        for row in known
    ]
    path = target.place(name)
    heading = f"{exercise.title} ({wanted})" if wanted else exercise.title
    head = [POINTS, *[""] * (len(HEADER) - 1)]
    lines = [[*map(spreadsheet_cell, line[:-1]), line[-1]] for line in lines]
    everything = range(len(HEADER) + 1)
    write_table(path, [*HEADER, heading], _with_points(head, scale, lines), verbatim=everything, marked=False)
    said = [f"{number_of(len(lines), 'mark')} for Canvas's gradebook", scale.in_words]
    if not wanted:
        said.append(f"Canvas finds the assignment by its title; --assignment {exercise.name}=NUMBER is surer")
    if left_out := len(rows) - len(known):
        said.append(f"without {number_of(left_out, 'learner')} whom the roster doesn't have")
    return Written(path, "; ".join(filter(None, said)))


def _name_cell(heading: str, cell: str) -> str:
    """Return a cell as the export had it, unless it's a name that a spreadsheet would run."""
    return spreadsheet_cell(cell) if " ".join(heading.split()) in NAMES else cell


def _with_points(head: Sequence[str], scale: Scale, lines: Sequence[Sequence[str]]) -> Iterator[Sequence[str]]:
    yield [*head, number(scale.possible)]
    yield from lines


def _column(export: Export, exercise: Graded, wanted: str) -> int | None:
    """Return the place of the exercise's assignment: the one of this number, otherwise the only one of its title."""
    if not wanted:
        found = _called_so(export, exercise)
        return found[0] if len(found) == 1 else None
    matches = [ASSIGNMENT.fullmatch(heading.strip()) for heading in export.header]
    return next((place for place, match in enumerate(matches) if match and match["number"] == wanted), None)


def _called_so(export: Export, exercise: Graded) -> list[int]:
    """Return the places of the assignments that are called like the exercise."""
    titles = {exercise.title.casefold(), exercise.name.casefold()}
    matches = [(place, ASSIGNMENT.fullmatch(heading.strip())) for place, heading in enumerate(export.header)]
    return [place for place, match in matches if match and match["title"].strip().casefold() in titles]


def _is_excused(cells: Sequence[str], place: int | None) -> bool:
    return place is not None and place < len(cells) and cells[place].strip().upper() == "EX"


def _amount(cells: Sequence[str], place: int | None) -> float | None:
    return amount(cells[place]) if place is not None and place < len(cells) else None
