"""Marks for “Upload grading worksheet” of a Moodle assignment.

You can read what the importer does in mod/assign/feedback/offline of moodle/moodle. It compares headings with those of
the language that the person sees, and finds a learner by Identifier only. It skips a grade above the maximum without a
word, and one whose “Last modified (grade)” is older than what's in the gradebook. So a worksheet goes back as it came.
Only the lines of those who have a mark get the mark, and the comment if the worksheet has a column for it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from markupsafe import escape

from workbook.grader.exports import Export, amount, moodle_columns
from workbook.wording import number_of

from .csv_file import write_table
from .lms import moodle_participants
from .marks import ClassMarks, Graded, Mark, Row
from .scaling import Scale
from .visible import runs_in_a_spreadsheet, spreadsheet_cell, visible_line
from .writing import Target, Written, number

HEADER = (
    "Identifier",
    "Full name",
    "Email address",
    "Grade",
    "Maximum grade",
    "Last modified (grade)",
    "Feedback comments",
)
OURS = re.compile(r"(?:<br>)?\d[\d.]{0,20} of \d[\d.]{0,20} points\.")  # begins a comment of an earlier report
NEVER = "-"  # instead of a date


def write_moodle(marks: ClassMarks, target: Target) -> Iterator[Written]:
    """Write moodle-NAME.csv for each exercise that came through Moodle."""
    numbers = {one.name: moodle_participants(marks, one.name) for one in marks.exercises}
    exports = [export for one in marks.exercises if (export := target.export_of(one)) and export.kind == "moodle"]
    if not any(numbers.values()) and not exports:
        yield Written(None, "no Moodle worksheet: no file name and no roster has a number of Moodle's")
        return
    for exercise in marks.exercises:
        rows = [row for row in marks.rows if row.marks[exercise.name].counts]
        if not rows:
            continue
        export = target.export_of(exercise)
        if export and export.kind == "moodle":
            if word := _word_for_a_grade(export):
                why = f"the worksheet has “{word}” as a grade, so it's graded by a scale"
                cure = "set the assignment's grade to points, and download the worksheet again"
                yield Written(None, f"no moodle-{exercise.name}.csv: {why}; {cure}")
                continue
            lines, scale = _into(export, exercise, rows, target)
        elif export is None:
            theirs = [row for row in rows if row.learner.id in numbers[exercise.name]]
            if not theirs:
                continue
            lines, scale = _by_numbers(exercise, theirs, numbers[exercise.name], target)
        else:
            continue
        said = [f"{number_of(lines, 'mark')} for the Moodle assignment {exercise.title}", scale.in_words]
        above = sum(scale(row.marks[exercise.name].points) < _uncapped(scale, row.marks[exercise.name]) for row in rows)
        if above:
            said.append(f"{number_of(above, 'mark')} cut to the maximum, because Moodle refuses more")
        if left_out := len(rows) - lines:
            said.append(f"without {number_of(left_out, 'learner')} of whom no number of Moodle's is known")
        yield Written(target.place(f"moodle-{exercise.name}.csv"), "; ".join(filter(None, said)))


def _word_for_a_grade(export: Export) -> str:
    """Return a grade that's a word, which a number of points would replace; "" if there's none."""
    grade, most, _ = moodle_columns(export)
    cells = export.column(grade) if grade is not None and most is None else []
    return next((cell.strip() for cell in cells if re.search(r"[^\W\d_]", cell)), "")


def _uncapped(scale: Scale, mark: Mark) -> float:
    return Scale(scale.full, scale.possible)(mark.points)


def _into(export: Export, exercise: Graded, rows: Sequence[Row], target: Target) -> tuple[int, Scale]:
    """Write the worksheet's own lines of those who have a mark, with mark and comment in them."""
    grade, most, comments = moodle_columns(export)
    maximum = (
        next((points for cell in export.column(most) if (points := amount(cell)) is not None), None) if most else None
    )
    scale = Scale.of(exercise, maximum, capped=True)
    lines = []
    as_they_are = set(range(len(export.header))) - {1, grade, comments}  # 1: the name, which learners write
    for row in rows:
        if cells := list(export.rows.get(row.learner.id, ())):
            cells += [""] * (len(export.header) - len(cells))
            mark = row.marks[exercise.name]
            if grade is not None:
                cells[grade] = number(scale(mark.points))
            if comments is not None:
                own = OURS.split(cells[comments], maxsplit=1)[0].strip()
                cells[comments] = "<br>".join(filter(None, [own, _comment(mark, exercise, row)]))
            lines.append([_as_it_came(cell) if place in as_they_are else cell for place, cell in enumerate(cells)])
    write_table(target.place(f"moodle-{exercise.name}.csv"), export.header, lines, verbatim=as_they_are)
    return len(lines), scale


def _as_it_came(cell: str) -> str:
    """Return a cell as the worksheet has it, unless a spreadsheet would run it: learners write some of them."""
    return cell if cell == NEVER or not runs_in_a_spreadsheet(cell) else spreadsheet_cell(cell)


def _by_numbers(exercise: Graded, rows: Sequence[Row], numbers: Mapping[str, str], target: Target) -> tuple[int, Scale]:
    """Write an English worksheet for those whose number is known."""
    scale = Scale.of(exercise, None, capped=True)
    lines = [
        [
            f"Participant {numbers[row.learner.id]}",
            row.name,
            row.learner.email,
            number(scale(row.marks[exercise.name].points)),
            number(scale.possible),
            "",
            _comment(row.marks[exercise.name], exercise, row),
        ]
        for row in rows
    ]
    write_table(target.place(f"moodle-{exercise.name}.csv"), HEADER, lines)
    return len(lines), scale


def _comment(mark: Mark, exercise: Graded, row: Row) -> str:
    """Return the points, what isn't kept, and what a person said, as HTML with a line each."""
    lines = [f"{number(mark.points)} of {number(exercise.full)} points."]
    lines += [visible_line(mark.trouble)] if mark.trouble else []
    if mark.delay and mark.penalty:
        lines.append(f"{mark.delay.in_words}, which costs {number(mark.penalty)} points")
    lines += [
        f"{'Kept in part' if item.is_kept_in_part else 'Not kept'}: {visible_line(item.text)}"
        for item in mark.items
        if item.points < item.worth
    ]
    lines += [visible_line(said) for said in (mark.comment, row.comment) if said]
    return "<br>".join(str(escape(line)) for line in lines)
