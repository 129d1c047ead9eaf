"""The html report: one page for the class, one for each learner. Neither asks anything of any host."""

from collections.abc import Iterator
from dataclasses import dataclass

from workbook.grader.results import CAUSES
from workbook.wording import number_of

from .attention import attention
from .charts import Histogram, histogram
from .marks import ClassMarks, Row
from .proof import proof_of
from .templating import page_head, page_template
from .words import OUTCOMES, STATES
from .writing import Target, Written, file_name

LEARNERS = "learners"
GENERATOR = "workbook class report"  # a page says so in its head


def write_html(marks: ClassMarks, target: Target) -> Iterator[Written]:
    """Write index.html, and learners/ID.html for each learner."""
    wanted = {f"{file_name(row.learner.id)}.html" for row in marks.rows}
    for old in (target.folder / LEARNERS).glob("*.html"):
        if old.name not in wanted and GENERATOR in old.read_text(encoding="utf-8", errors="replace")[:1000]:
            old.unlink()  # of someone who's known by another id now
    for row in marks.rows:
        page = target.place(LEARNERS, f"{file_name(row.learner.id)}.html")
        page.write_text(learner_page(marks, row), encoding="utf-8")
    index = target.place("index.html")
    with index.open("w", encoding="utf-8") as file:
        file.writelines(class_page(marks))
    yield Written(target.folder / LEARNERS, f"{number_of(len(marks.rows), 'page')}, one for each learner")
    yield Written(index, "the class page: open it in a browser")


def class_page(marks: ClassMarks) -> Iterator[str]:
    """Return the class page in pieces, because it's long for a class of thousands."""
    counted = [row for row in marks.enrolled if row.counts]
    spread: list[tuple[str, float, Histogram]] = []
    if len(marks.exercises) > 1 and (chart := histogram([_share(row.total, marks.full) for row in counted])):
        spread.append(("Total", marks.full, chart))
    for exercise in marks.exercises:
        reached = [row.marks[exercise.name] for row in marks.enrolled]
        if chart := histogram([_share(mark.points, exercise.full) for mark in reached if mark.counts]):
            spread.append((exercise.title, exercise.full, chart))
    groups = attention(marks)
    return page_template("class.html").generate(
        marks=marks,
        counted=len(counted),
        strangers=len(marks.rows) - len(marks.enrolled),
        spread=spread,
        zeros=[one for one in groups if one.zeros],
        pressing=[one for one in groups if one.pressing],
        others=[one for one in groups if not one.pressing],
        mistakes=_mistakes(marks),
        page_of=lambda row: f"{LEARNERS}/{file_name(row.learner.id)}.html",
        **page_head("style.css", "table.js"),
    )


def learner_page(marks: ClassMarks, row: Row, *, only: str = "") -> str:
    """Return a learner's own page, with nothing of another learner's; `only` limits it to one exercise."""
    exercises = [one for one in marks.exercises if not only or one.name == only]
    return page_template("learner.html").render(
        marks=marks,
        row=row,
        exercises=exercises,
        counted=any(row.marks[one.name].counts for one in exercises),
        points=sum(row.marks[one.name].points for one in exercises),
        full=sum(one.full for one in exercises),
        outcomes=OUTCOMES,
        states=STATES,
        causes=CAUSES,
        proof_of=proof_of,
        **page_head("style.css"),
    )


@dataclass(frozen=True)
class Mistaken:
    """A kind of mistake, and the learners whose submissions look like it."""

    title: str
    text: str
    rows: list[Row]


def _mistakes(marks: ClassMarks) -> list[Mistaken]:
    """Return the kinds of mistakes in the class, the most frequent first."""
    found: dict[tuple[str, str], list[Row]] = {}
    titles = {one.name: one.title for one in marks.exercises}
    for row in marks.enrolled:
        for mark in row.marks.values():
            if mark.mistake:
                found.setdefault((titles[mark.exercise], mark.mistake), []).append(row)
    return sorted(
        (Mistaken(title, text, rows) for (title, text), rows in found.items()), key=lambda one: -len(one.rows)
    )


def _share(points: float, full: float) -> float:
    return points / full if full else 0.0
