"""A promise that's kept in part: the kinds of cases that are kept give their share, wherever points are shown."""

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from junitparser import JUnitXml

from workbook.course.points import Grading, read_grading
from workbook.errors import UserError
from workbook.grader.class_grading import score
from workbook.grader.grade_one import _agreed, _differ
from workbook.grader.results import Learner, Override, Result, Verdict
from workbook.report import ClassMarks, Target
from workbook.report.machines import write_gradescope, write_junit
from workbook.report.pages import write_html
from workbook.report.tables import write_csv

from .synthetic import class_entry, class_of, graded, grading_of, overridden, published, result

ADA = Learner("ada", "Ada Lovelace")
LAST = "test_the_last_page_is_told"  # 20 points
KEYS = {"total_pages": 2.0, "has_next": 1.0, "has_prev": 1.0}
GRADING = Grading(points=grading_of("pagination").points, parts={LAST: KEYS})
ROUNDED = ("total_pages-/posts", "total_pages-/users", "total_pages")


def with_cases(*cases: str) -> Result:
    one = result(ADA, "pagination", {LAST: "broken"})
    verdicts = tuple(replace(each, cases=cases) if each.promise == LAST else each for each in one.verdicts)
    return replace(one, verdicts=verdicts)


def marks_of(cases: Sequence[str], *overrides: Override, grading: Grading = GRADING) -> ClassMarks:
    entries = [class_entry([ADA], ["pagination"]), graded(with_cases(*cases)), *map(overridden, overrides)]
    return class_of(entries, {"pagination": grading}, {"pagination": "Pagination"})


@pytest.mark.parametrize(
    "cases, points",
    [
        (ROUNDED, 10),
        (("has_next-/posts",), 15),
        (("has_next-/posts", "has_prev"), 10),
        (("total_pages", "has_next", "has_prev"), 0),
        (("total_pages", "first-/posts"), 0),
        (("",), 0),
        ((), 0),
    ],
    ids=["one kind", "another", "two", "all", "a case of no kind", "a test without parameters", "unknown"],
)
def test_the_kinds_that_are_kept_give_their_share(cases: tuple[str, ...], points: float) -> None:
    """A broken promise gives the share of its kept kinds; nothing if a broken case is of no kind, or isn't known."""
    mark = marks_of(cases).rows[0].marks["pagination"]

    assert mark.points == 80 + points
    assert score(with_cases(*cases).as_dict(), GRADING, {}) == 80 + points
    assert score(with_cases(*cases).as_dict(), GRADING, {LAST: 3}) == 83


def test_without_parts_it_is_all_or_nothing() -> None:
    """A promise that grading.toml gives no parts earns nothing when a case of it is broken."""
    assert marks_of(ROUNDED, grading=grading_of("pagination")).rows[0].marks["pagination"].points == 80


def test_what_a_person_decides_counts_instead() -> None:
    """An override takes the place of the share."""
    (item,) = marks_of(ROUNDED, Override("ada", "pagination", LAST, 4, "Seen.")).rows[0].marks["pagination"].overrides

    assert (item.points, item.is_kept_in_part) == (4, False)


def test_everything_with_points_knows_it(tmp_path: Path) -> None:
    """The page, the table of promises, Gradescope's results and JUnit show the share, and what isn't kept."""
    marks = marks_of(ROUNDED)
    for write in (write_html, write_csv, write_gradescope, write_junit):
        list(write(marks, Target(tmp_path)))

    (page,) = [file.read_text(encoding="utf-8") for file in tmp_path.rglob("*.html") if "ada" in file.name]
    assert "Kept in part" in page
    assert "What isn’t kept: total_pages." in page
    assert "<b>10</b> of 20" in page
    with (tmp_path / "promises.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row[f"pagination: {LAST} (20)"] == "10"
    (results,) = [json.loads(file.read_text(encoding="utf-8")) for file in tmp_path.rglob("results.json")]
    (told,) = [test for test in results["tests"] if test["score"] == 10 and test["max_score"] == 20]
    assert (told["status"], results["score"]) == ("failed", 90)
    assert told["output"].startswith("kept in part, 10 of 20 points; not kept: total_pages")
    (case,) = [case for suite in JUnitXml.fromfile(str(tmp_path / "junit.xml")) for case in suite if case.result]
    assert case.result[0].message == "kept in part, 10 of 20 points; not kept: total_pages"


def test_a_share_that_moved_says_why() -> None:
    """If grading.toml gets other weights after the marks were published, the mark says which promise moved it."""
    entries = [class_entry([ADA], ["pagination"]), graded(with_cases(*ROUNDED)), published(marks_of(ROUNDED))]
    other = Grading(points=GRADING.points, parts={LAST: KEYS | {"total_pages": 8.0}})

    moved = class_of(entries, {"pagination": other}, {"pagination": "Pagination"}).rows[0].marks["pagination"].moved

    assert moved is not None
    assert (moved.before, moved.after) == (90, 84)
    assert "gives 4 points of 20 for the part that's kept." in moved.reasons[0]


@pytest.mark.parametrize(
    "first, second, outcome, cases",
    [
        (("a", "b"), ("b", "c"), "broken", ("b",)),
        (("a",), ("b",), "unstable", ("b",)),
        (("a",), ("a",), "broken", ("a",)),
    ],
    ids=["one in both", "none in both", "the same"],
)
def test_a_case_is_broken_if_both_runs_say_so(
    first: tuple[str, ...], second: tuple[str, ...], outcome: str, cases: tuple[str, ...]
) -> None:
    """Only cases that failed in both runs are broken; if there's none, a person decides. They see it if runs differ."""
    runs = [Verdict(LAST, "", False, "broken", "said", each) for each in (first, second)]
    agreed = _agreed(*runs)

    assert agreed.outcome == outcome
    assert outcome == "unstable" or agreed.cases == cases
    assert _differ(*runs) is (set(first) != set(second))


def test_parts_of_no_promise_are_refused(tmp_path: Path) -> None:
    """A `[parts]` table for a promise without points is an error that names it."""
    (tmp_path / "grading.toml").write_text("[points]\ntest_a = 1\n[parts.test_b]\nx = 1\n", encoding="utf-8")

    with pytest.raises(UserError, match="test_b has parts, but no points"):
        read_grading(tmp_path)
