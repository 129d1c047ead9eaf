"""From the journal to marks: the latest result, today's points, a person's decisions, and what changed."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from workbook.course.points import Grading
from workbook.grader.results import FAILED, GRADED, Learner, Outcome, Override
from workbook.journal import Entry
from workbook.report import ClassMarks
from workbook.report.collecting import BadEntry, collect
from workbook.report.marks import Mark

from .synthetic import BEGINNING, class_entry, class_of, graded, grading_of, overridden, published, result

ADA, GRACE = Learner("ada", "Ada Lovelace"), Learner("grace", "Grace Hopper")
FIRST, SECOND = "test_a_list_is_a_page", "test_pages_follow_each_other"  # 20 points each
POINTS = grading_of("pagination")


def marks_of(entries: Iterable[Entry], grading: Grading = POINTS) -> ClassMarks:
    return class_of(entries, {"pagination": grading}, {"pagination": "Pagination"})


def ada(*entries: Entry, grading: Grading = POINTS) -> Mark:
    """Return Ada's mark for pagination, in a class with Grace."""
    marks = marks_of([class_entry([ADA, GRACE], ["pagination"]), *entries], grading)
    assert [row.name for row in marks.rows] == ["Ada Lovelace", "Grace Hopper"]
    return marks.rows[0].marks["pagination"]


def test_a_kept_promise_gives_its_points() -> None:
    """A kept promise gives its points; a broken one gives none and keeps its evidence."""
    mark = ada(graded(result(ADA, "pagination", {FIRST: "broken"}, evidence="a 500")))

    assert (mark.state, mark.points) == ("graded", 80)
    assert (mark.items[0].promise, mark.items[0].points, mark.items[0].evidence) == (FIRST, 0, "a 500")
    assert len(mark.items) == len(POINTS.points)


def test_bonus_comes_on_top_and_dropped_counts_for_no_one() -> None:
    """A [bonus] promise adds to the full marks; a [dropped] one doesn't count and is shown as dropped."""
    points = {name: worth for name, worth in POINTS.points.items() if name not in {FIRST, SECOND}}
    grading = Grading(points=points, bonus={FIRST: 7}, dropped={SECOND: 20})

    marks = marks_of([graded(result(ADA, "pagination"))], grading)

    mark = marks.rows[0].marks["pagination"]
    assert (mark.points, marks.full) == (67, 60)
    (dropped,) = [item for item in mark.items if item.promise == SECOND]
    assert (dropped.outcome, dropped.worth, dropped.points, dropped.evidence) == ("dropped", 0, 0, "")
    assert SECOND not in {tally.promise for tally in marks.exercises[0].tallies}


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_the_last_attempt_counts(order: tuple[int, int]) -> None:
    """The result of the latest attempt counts, even if an earlier one is graded again after it."""
    by_attempt = {1: result(ADA, "pagination"), 2: result(ADA, "pagination", {FIRST: "broken"}, attempt=2)}

    mark = ada(*(graded(by_attempt[attempt]) for attempt in order))

    assert (mark.attempt, mark.points) == (2, 80)


IN_WEEK_1, IN_WEEK_2 = ["/class/week 1"], ["/class/week 2"]


@pytest.mark.parametrize(
    ("later", "counts"),
    [(IN_WEEK_1, 1), (["/class/week 1/ada.zip"], 1), (["/class"], 1), ([*IN_WEEK_2, *IN_WEEK_1], 1), (IN_WEEK_2, 2)],
    ids=["the same folder", "a file in it", "a folder around it", "another folder too", "another folder"],
)
def test_what_is_in_the_folder_now_counts(later: list[str], counts: int) -> None:
    """If an attempt isn't in the folder any more, the one graded last counts; in another folder, the later one."""
    second = result(ADA, "pagination", {FIRST: "broken"}, attempt=2)

    mark = ada(
        class_entry([ADA, GRACE], ["pagination"], paths=IN_WEEK_1),
        graded(second),
        class_entry([ADA, GRACE], ["pagination"], paths=later),
        graded(result(ADA, "pagination")),
    )

    assert mark.attempt == counts


def test_the_last_grading_of_an_attempt_counts() -> None:
    """If one attempt has been graded several times, the last grading counts."""
    assert ada(graded(result(ADA, "pagination", {FIRST: "broken"})), graded(result(ADA, "pagination"))).points == 100


def test_an_unstable_promise_waits_for_a_person() -> None:
    """If two sandboxes disagree on a promise, it's listed and gives no points until a person decides."""
    unstable = graded(result(ADA, "pagination", {FIRST: "unstable"}, flags=("unstable",)))
    decision = overridden(Override("ada", "pagination", FIRST, 12, "Seen."))

    undecided, decided = ada(unstable), ada(unstable, decision)

    assert (undecided.points, [item.promise for item in undecided.undecided]) == (80, [FIRST])
    assert undecided.notes == ["undecided"]
    assert (decided.points, decided.undecided) == (92, [])
    assert decided.notes == ["decided by hand"]


def test_the_last_override_counts_and_survives_a_regrade() -> None:
    """The last override of a promise counts, whatever is graded afterwards."""
    first = overridden(Override("ada", "pagination", FIRST, 5, "Half of it."))
    last = overridden(Override("ada", "pagination", FIRST, 15, "More than half."))

    mark = ada(graded(result(ADA, "pagination")), first, last, graded(result(ADA, "pagination", tests="t2")))

    assert mark.points == 95
    assert [item.override.why for item in mark.overrides if item.override] == ["More than half."]


def test_an_override_without_a_submission_is_a_mark() -> None:
    """Points that a person gives to a learner who handed in nothing count."""
    mark = ada(overridden(Override("ada", "pagination", FIRST, 20, "Shown in class.")))

    assert (mark.file, mark.counts, mark.points) == ("", True, 20)


def test_a_promise_that_is_dropped_takes_its_override_along() -> None:
    """A dropped promise counts for no one, even if a person gave points for it."""
    grading = Grading(points={SECOND: 20}, dropped={FIRST: 20})

    assert ada(overridden(Override("ada", "pagination", FIRST, 20, "Seen.")), grading=grading).points == 0


def test_a_promise_younger_than_the_grading_is_told() -> None:
    """A promise added after the grading is “not graded” and doesn't count in the class's rate."""
    grading = Grading(points=POINTS.points | {"test_new": 10})

    marks = marks_of([graded(result(ADA, "pagination"))], grading)

    assert (marks.rows[0].marks["pagination"].items[-1].outcome, marks.full) == ("not graded", 110)
    assert marks.exercises[0].tallies[-1].of == 0


def first_grading(grading: Grading = POINTS) -> list[Entry]:
    """Return what Ada's grading, 80 points, leaves in the journal once it's published."""
    entries = [class_entry([ADA, GRACE], ["pagination"]), graded(result(ADA, "pagination", {FIRST: "broken"}))]
    return [*entries[1:], published(marks_of(entries, grading))]


MOVES: dict[str, tuple[dict[str, Any], str]] = {
    "attempt": ({"attempt": 2}, "Attempt 2 counts now; attempt 1 was graded before."),
    "files": ({"submission": "other"}, "Other files were handed in and graded."),
    "tests": ({"tests": "t2"}, "It was graded again with other tests."),
    "environment": ({"environment": "e2"}, "It was graded again with other versions of Python or its packages."),
    "nothing": ({}, "It was graded again, and the result differs although nothing else has changed."),
}


@pytest.mark.parametrize("what", MOVES)
def test_a_mark_that_moved_says_why(what: str) -> None:
    """If a mark differs from the published one, it says what it was, what it is, and why."""
    change, why = MOVES[what]

    moved = ada(*first_grading(), graded(result(ADA, "pagination", **change))).moved

    assert moved
    assert (moved.before, moved.after, moved.reasons) == (80, 100, (why,))


def test_another_seed_is_a_reason() -> None:
    """If a mark changed because of another seed, it says so."""
    again = result(ADA, "pagination")
    again = replace(again, key=replace(again.key, seed=2))

    moved = ada(*first_grading(), graded(again)).moved

    assert moved
    assert moved.reasons == ("It was graded again with another seed.",)


def test_points_that_changed_say_so() -> None:
    """If a mark changed because of grading.toml, it names the promises with their old and new points."""
    points = POINTS.points | {SECOND: 1.0}
    del points["test_the_last_page_is_told"]
    grading = Grading(points=points, dropped={"test_the_last_page_is_told": 20})

    moved = ada(*first_grading(), grading=grading).moved

    assert moved
    assert (moved.before, moved.of_before, moved.after, moved.of_after) == (80, 100, 41, 61)
    assert moved.reasons == (
        "“The pages one after the other hold every row once, by id, and page 1 begins with the first row.” counts 1 "
        "point; it counted 20.",
        "“`total_pages`, `has_next` and `has_prev` are right on the first, a middle and the last page.” is dropped and "
        "counts for no one; it counted 20.",
    )


def test_an_override_is_a_reason() -> None:
    """If a mark changed because of an override, it shows the override's reason."""
    moved = ada(*first_grading(), overridden(Override("ada", "pagination", FIRST, 10, "Half of it."))).moved

    assert moved
    assert moved.reasons[0].startswith("Given by hand, 10 points of 20 for “GET /posts, ")
    assert moved.reasons[0].endswith("”: Half of it.")


def test_a_mark_that_stayed_has_not_moved() -> None:
    """If a regrade doesn't change any points, no mark counts as changed."""
    assert ada(*first_grading(), graded(result(ADA, "pagination", {FIRST: "broken"}, tests="t2"))).moved is None


def test_a_mark_that_no_one_has_seen_does_not_move() -> None:
    """No page shows a change before marks are published; after another publishing, the new mark is the base."""
    again = graded(result(ADA, "pagination", tests="t2"))
    unpublished = [entry for entry in first_grading() if entry.kind == GRADED]

    assert ada(*unpublished, again).moved is None
    seen = [class_entry([ADA, GRACE], ["pagination"]), *unpublished, again]
    assert ada(*first_grading(), again, published(marks_of(seen))).moved is None


def test_full_marks_of_fewer_points_say_so() -> None:
    """If a promise is dropped, full marks still say out of how many points, before and after."""
    grading = Grading(points={SECOND: 20}, dropped={FIRST: 20})
    kept = graded(result(ADA, "pagination"))
    shown = published(marks_of([class_entry([ADA, GRACE], ["pagination"]), kept]))

    moved = ada(kept, shown, grading=grading).moved

    assert moved
    assert (moved.before, moved.of_before, moved.after, moved.of_after) == (100, 100, 20, 20)


def failed() -> Entry:
    return Entry(BEGINNING, FAILED, "pagination", {"learner": "ada", "file": "ada.zip", "why": "The disk was full."})


def test_a_failure_is_told_until_it_is_graded() -> None:
    """If grading failed there's no mark, but a reason, until the submission is graded."""
    mark = ada(failed())
    assert (mark.state, mark.counts, mark.why) == ("failed", False, "The disk was full.")
    assert [one["why"] for one in marks_of([failed()]).failed] == ["The disk was full."]
    later = marks_of([class_entry([ADA], ["pagination"]), failed(), graded(result(ADA, "pagination"))])
    assert (later.failed, later.rows[0].total) == ([], 100)


def test_a_stranger_whose_work_could_not_be_graded_has_a_row() -> None:
    """Without a roster, too, everyone who handed in is in the tables, with or without a mark."""
    stranger = Learner("ada", "ada", on_roster=False)
    entries = [class_entry([stranger], ["pagination"]), failed()]

    (row,) = marks_of(entries).rows

    assert (row.learner, row.marks["pagination"].why) == (stranger, "The disk was full.")


def test_who_has_not_handed_in_is_not_who_is_not_graded_yet() -> None:
    """Without a result: “not handed in” if there was no file, otherwise not graded yet."""
    entries = [class_entry([ADA, GRACE], ["pagination"], not_handed_in={"pagination": ["grace"]})]

    states = [row.marks["pagination"].state for row in marks_of(entries).rows]

    assert states == ["not graded", "not handed in"]


def test_somebody_without_a_place_in_the_class_is_not_lost() -> None:
    """A result of an unknown learner has a row, under the id, as not on the roster."""
    marks = marks_of([class_entry([ADA], ["pagination"]), graded(result(GRACE, "pagination"))])

    assert [(row.name, row.learner.on_roster) for row in marks.rows] == [("Ada Lovelace", True), ("grace", False)]


def test_an_exercise_that_the_course_has_no_more_keeps_its_points() -> None:
    """Without a grading.toml, the points in the results count."""
    marks = class_of([graded(result(ADA, "pagination", {FIRST: "broken"}))])

    assert [(one.name, one.title, one.full) for one in marks.exercises] == [("pagination", "pagination", 100)]
    assert marks.rows[0].total == 80


def test_a_promise_that_tells_nobody_apart_is_called_out() -> None:
    """With ten or more results, a promise kept by 95 % or by 5 % is listed; unproven ones don't count."""
    people = [Learner(f"s{n:02}", f"Learner {n}") for n in range(22)]
    broken: list[dict[str, Outcome]] = [{SECOND: "broken"} for _ in people[:20]]
    broken[0][FIRST] = "broken"
    entries = [graded(result(one, "pagination", which)) for one, which in zip(people[:20], broken, strict=True)]
    entries += [graded(result(one, "pagination", {FIRST: "waiting"}, trouble="No app.")) for one in people[20:]]

    few, all_ = marks_of(entries[:9]), marks_of(entries)

    tallies = {tally.promise: (tally.kept, tally.of, tally.verdict) for tally in all_.exercises[0].tallies}
    assert tallies[FIRST] == (19, 20, "nearly all")
    assert tallies[SECOND] == (0, 20, "nearly none")
    assert {tally.verdict for tally in few.exercises[0].tallies} == {""}


def test_unsafe_is_seen_in_the_results_themselves() -> None:
    """If one result was graded with --unsafe, the class is unsafe, whatever the last run says."""
    entries = [class_entry([ADA, GRACE], ["pagination"]), graded(result(ADA, "pagination", tier="none"))]

    assert marks_of([*entries, graded(result(GRACE, "pagination"))]).unsafe
    assert not marks_of([entries[0], graded(result(GRACE, "pagination"))]).unsafe


@pytest.mark.parametrize("data", [{}, {"learner": "ada"}, result(ADA, "pagination").as_dict() | {"key": 1}])
def test_an_entry_that_no_grader_wrote_is_refused(data: dict[str, Any]) -> None:
    """An entry whose fields are wrong is refused with its kind and time."""
    with pytest.raises(BadEntry, match="an entry “graded” of 2026-11-20 08:00"):
        collect([Entry(BEGINNING, GRADED, "pagination", data)])


def test_points_that_are_no_number_are_refused() -> None:
    """An override of NaN or infinitely many points is refused."""
    for points in (float("nan"), float("inf")):
        with pytest.raises(BadEntry):
            collect([overridden(Override("ada", "pagination", FIRST, points, "?"))])
