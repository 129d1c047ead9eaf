"""Tables for a spreadsheet. UTF-8 with a mark, so that a spreadsheet shows every script."""

from collections.abc import Iterator

from workbook.wording import number_of

from .csv_file import write_table
from .marks import ClassMarks, Item, Mark
from .visible import spreadsheet_cell
from .writing import Target, Written, number


def write_csv(marks: ClassMarks, target: Target) -> Iterator[Written]:
    """Write marks.csv, a line for each learner, and promises.csv, which has a column for each promise as well."""
    path = target.place("marks.csv")
    header = ["Name", "ID", *(f"{exercise.title} ({number(exercise.full)})" for exercise in marks.exercises)]
    rows = (
        [
            row.name,
            row.learner.id,
            *(_points(mark) for mark in row.marks.values()),
            number(row.total) if row.counts else "",
            marks.late(row),
            "; ".join(marks.notes(row)),
        ]
        for row in marks.rows
    )
    header = [spreadsheet_cell(name) for name in [*header, f"Total ({number(marks.full)})", "Late", "Notes"]]
    write_table(path, header, rows)
    yield Written(path, f"{number_of(len(marks.rows), 'learner')}, for a spreadsheet")
    path = target.place("promises.csv")
    columns = [(exercise, tally) for exercise in marks.exercises for tally in exercise.tallies]
    header = ["Name", "ID", *(f"{one.name}: {tally.promise} ({number(tally.worth)})" for one, tally in columns)]
    rows = (
        [row.name, row.learner.id, *(_promise(row.marks[one.name], tally.promise) for one, tally in columns)]
        for row in marks.rows
    )
    write_table(path, [spreadsheet_cell(name) for name in header], rows)
    yield Written(path, f"the same with the points of {number_of(len(columns), 'promise')}")


def _points(mark: Mark) -> str:
    """Return the points as text; "" if there's no mark."""
    return number(mark.points) if mark.counts else ""


def _promise(mark: Mark, promise: str) -> str:
    """Return the points of a promise; "" if no one knows them yet."""
    item: Item | None = next((one for one in mark.items if one.promise == promise), None)
    if item is None or not mark.counts or item.is_undecided or (item.outcome == "not graded" and not item.override):
        return ""
    return number(item.points)
