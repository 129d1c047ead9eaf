"""Progress as a file: it adds what's new, whichever side it comes from, and nothing twice."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from workbook.course.model import Course
from workbook.errors import UserError
from workbook.journal import Journal
from workbook.learner.progress import Progress, is_begun
from workbook.learner.progress_file import merge_progress, read_progress_file, told_progress, write_progress_file

from ..conftest import COURSE

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TITLE = "Everybody is welcome"


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Course, Course]:
    """Return the same course on two machines."""
    for name in ("one", "two"):
        shutil.copytree(COURSE, tmp_path / name)
    return Course(tmp_path / "one"), Course(tmp_path / "two")


def record(course: Course, kind: str, days_ago: float, **data: object) -> None:
    Journal(course.work / "journal.sqlite").record_at(NOW - timedelta(days=days_ago), kind, "01-hello", data)


def answer(course: Course, kind: str, days_ago: float, *, right: bool) -> None:
    record(course, kind, days_ago, experiment=TITLE, prediction=[1], right=right, sure="certain")


def exchange(one: Course, two: Course, file: Path) -> None:
    write_progress_file(file, Progress(one))
    merge_progress(Progress(two), read_progress_file(file, two))


def test_both_sides_know_the_same_in_the_end(sides: tuple[Course, Course], tmp_path: Path) -> None:
    """After a file each way, both have every answer once, and the earlier time of a task that's done."""
    one, two = sides
    task = Course(COURSE).tasks(one.step("01-hello"))[0].folder.name
    answer(one, "predicted", 9, right=False)
    answer(one, "reviewed", 5, right=True)
    record(one, "solved", 4, task=task, code="x")
    answer(two, "predicted", 7, right=True)
    record(two, "solved", 6, task=task)
    for source, target in ((one, two), (two, one), (one, two)):
        exchange(source, target, tmp_path / "told.json")

    told = told_progress(Progress(one))
    assert told == told_progress(Progress(two))
    assert told.tasks == {f"01-hello/{task}": NOW - timedelta(days=6)}
    (key,) = told.experiments
    assert (key, told.experiments[key].when) == ("01-hello/1", NOW - timedelta(days=9))
    assert [review.when for review in told.reviews] == [NOW - timedelta(days=7), NOW - timedelta(days=5)]


def test_a_prediction_that_was_imported_is_not_asked_again(sides: tuple[Course, Course], tmp_path: Path) -> None:
    """What was predicted on one side is tried on the other, and where the learner was stays the same."""
    one, two = sides
    answer(one, "predicted", 9, right=False)
    exchange(one, two, tmp_path / "told.json")

    there = Progress(two)
    assert there.of(two.step("01-hello")).tried == {TITLE: False}
    assert there.current == two.steps[0]


def test_a_task_done_elsewhere_leaves_the_copy_as_it_is(sides: tuple[Course, Course], tmp_path: Path) -> None:
    """A copy that's unchanged hasn't begun, although its task was done elsewhere: what's red in it isn't a failure."""
    one, two = sides
    step = two.step("01-hello")
    record(one, "solved", 4, task=two.tasks(step)[0].folder.name, code="x")
    exchange(one, two, tmp_path / "told.json")
    shutil.copytree(two.folder(step), two.copy(step))

    assert two.tasks(step)[0].folder.name in Progress(two).of(step).solved
    assert not is_begun(two, Progress(two), step)


def test_what_the_course_does_not_have_is_counted(sides: tuple[Course, Course], tmp_path: Path) -> None:
    """Lines about a step, a task or an experiment that the course doesn't have are left out and counted."""
    one, _ = sides
    file = tmp_path / "told.json"
    when = '"2026-01-01T00:00:00Z"'
    file.write_text(
        f'{{"course": "{one.title}", "tasks": {{"01-hello/9-no": {when}, "99-no/1-x": {when}}}, '
        f'"experiments": {{"01-hello/99": {{"right": true, "when": {when}}}}}}}',
        encoding="utf-8",
    )
    merged = merge_progress(Progress(one), read_progress_file(file, one))
    assert (merged.unknown, merged.tasks, merged.predictions) == (3, 0, 0)


@pytest.mark.parametrize("text", ["", "[" * 100_000, '{"course": 1}', "\0", '{"course": "Another"}'])
def test_a_file_of_another_kind_is_refused(sides: tuple[Course, Course], tmp_path: Path, text: str) -> None:
    """A file that's broken, foreign or empty can't be imported, and one sentence says why."""
    file = tmp_path / "told.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"isn't a progress file|another course"):
        read_progress_file(file, sides[0])
