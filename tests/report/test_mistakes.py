"""What a class didn't understand: a red submission is named after the known mistake that it looks like, or isn't."""

import json
from pathlib import Path

import pytest

from workbook.course.model import Course
from workbook.errors import UserError
from workbook.grader.results import Learner, Outcome
from workbook.report.collecting import collect
from workbook.report.counting import Exercises, count
from workbook.report.marks import Item
from workbook.report.mistakes import Mistake, likely_mistake, pattern_of, read_mistakes
from workbook.report.pages import class_page, learner_page

from .synthetic import ROOT, class_entry, graded, result

LAST, FIRST, SECOND = "test_the_last_page_is_told", "test_a_list_is_a_page", "test_pages_follow_each_other"
NEXT = "What is wrong:\n  the last page says that there is another one\nDiffers:\n  ['has_next']: True, not False\n"
PREVIOUS = "What is wrong:\n  the first page says that there is one before\nDiffers:\n  ['has_prev']: True, not False\n"
COUNT = "Differs:\n  ['total_pages']: 3, not 4\n"


def known(name: str, *broken: tuple[str, str]) -> Mistake:
    return Mistake(name, frozenset(promise for promise, _ in broken), pattern_of(broken))


KNOWN = [
    known("the last page has a next one", (LAST, NEXT)),
    known("the first page has one before it", (LAST, PREVIOUS)),
    known("total_pages is rounded down", (LAST, COUNT)),
    known("page 1 begins with row 11", (FIRST, "Differs:\n  ['data'][0]: 'a', not 'b'\n"), (SECOND, COUNT)),
]


def items(*broken: tuple[str, str], kept: int = 1) -> list[Item]:
    outcomes: list[tuple[str, str, str]] = [(promise, "broken", text) for promise, text in broken]
    outcomes += [(f"test_{n}", "kept", "") for n in range(kept)]
    return [Item(promise, promise, False, outcome, 10, False, text) for promise, outcome, text in outcomes]


@pytest.mark.parametrize(
    "broken, name",
    [
        ([(LAST, NEXT)], "the last page has a next one"),
        ([(LAST, COUNT.replace("3, not 4", "11, not 12"))], "total_pages is rounded down"),
        ([(LAST, PREVIOUS)], "the first page has one before it"),
        ([(LAST, "Differs:\n  ['page']: 2, not 1\n")], ""),
        ([(FIRST, NEXT)], ""),
        ([("test_other", "What is wrong:\n  something new\n")], ""),
        ([], ""),
    ],
)
def test_a_mistake_is_named_if_it_looks_like_one(broken: list[tuple[str, str]], name: str) -> None:
    """The same promises broken in the same way, whatever the values, name the mistake; anything else names none."""
    assert likely_mistake(items(*broken), KNOWN) == name


def test_two_that_look_alike_are_not_told_apart() -> None:
    """If two known mistakes look the same, or nothing at all is kept, none is named."""
    twins = [known("one", (LAST, NEXT)), known("other", (LAST, NEXT))]

    assert likely_mistake(items((LAST, NEXT)), twins) == ""
    assert likely_mistake(items((LAST, NEXT), kept=0), KNOWN) == ""
    assert likely_mistake(items((LAST, NEXT)), []) == ""


def test_the_class_page_counts_mistakes_and_the_learners_page_names_theirs() -> None:
    """The class page lists mistakes by how many made them; each learner's page has theirs, as a guess."""
    people = [Learner(f"s{n}", f"Learner {n}") for n in range(4)]
    evidence = [NEXT, NEXT, COUNT, ""]
    entries = [class_entry(people, ["pagination"])]
    for one, text in zip(people, evidence, strict=True):
        broken: dict[str, Outcome] = {LAST: "broken"} if text else {}
        entries.append(graded(result(one, "pagination", broken, evidence=text)))
    marks = count(collect(entries), Exercises(titles={"pagination": "Pagination"}, mistakes={"pagination": KNOWN}))

    page = "".join(class_page(marks)).partition("What they didn’t understand</h2>")[2]
    assert page.index("the last page has a next one") < page.index("total_pages is rounded down")
    assert [row.marks["pagination"].mistake for row in marks.rows] == [
        "the last page has a next one",
        "the last page has a next one",
        "total_pages is rounded down",
        "",
    ]
    assert "This looks like a mistake we know:</strong> the last page has a next one." in learner_page(
        marks, marks.rows[0]
    )
    assert "looks like a mistake" not in learner_page(marks, marks.rows[3])


def test_the_file_is_read_or_said_to_be_wrong(tmp_path: Path) -> None:
    """Without the file, no mistake is known; a damaged one is named with the command that writes it again."""
    assert read_mistakes(tmp_path) == []
    file = tmp_path / "hidden/mistakes.json"
    file.parent.mkdir()
    told = {"canary": "", "mistakes": [{"name": "n", "red": [LAST], "said": [[LAST, "line"]]}]}
    file.write_text(json.dumps(told), encoding="utf-8")
    assert read_mistakes(tmp_path) == [Mistake("n", frozenset({LAST}), frozenset({(LAST, "line")}))]

    file.write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match=r"mistakes.json can't be read"):
        read_mistakes(tmp_path)


def test_known_mistakes_are_wrong_solutions_of_today() -> None:
    """Each mistake that's written down is a mutant of its exercise, and breaks a promise."""
    course = Course(ROOT)
    for exercise in course.exercises():
        if exercise.is_for_authors:
            names = {mutant.name for mutant in exercise.mutants()}
            written = read_mistakes(exercise.folder)
            assert {one.name for one in written} <= names
            assert all(one.red and one.said for one in written)
