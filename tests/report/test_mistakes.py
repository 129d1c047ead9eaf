"""What a class didn't understand: a red submission looks like a kind of mistake, or none is named."""

import ast
from pathlib import Path

import pytest

from workbook.course.model import Course
from workbook.course.promises import read_promises
from workbook.errors import UserError
from workbook.grader.evidence import UNTOLD
from workbook.grader.results import Learner, Outcome
from workbook.report.collecting import collect
from workbook.report.counting import Exercises, count
from workbook.report.marks import Item
from workbook.report.mistakes import ANY, Kind, likely_mistake, read_kinds
from workbook.report.pages import class_page, learner_page

from .synthetic import ROOT, class_entry, graded, result

LAST, FIRST, SECOND = "test_the_last_page_is_told", "test_a_list_is_a_page", "test_pages_follow_each_other"
NEXT = "What is wrong:\n  the last page says that there\n  is another one\nDiffers:\n  ['has_next']: True, not False\n"
COUNT = "Differs:\n  ['total_pages']: 3, not 4\n"
NARROW = Kind("has_next is true on the last page", ((LAST, "there is another one"),))
ANYWHERE = Kind("total_pages is wrong", ((ANY, "total_pages"),))
WIDE = Kind("the last page is wrong", ((LAST, ""),))
KNOWN = [NARROW, ANYWHERE, WIDE]


def items(*broken: tuple[str, str], kept: int = 1) -> list[Item]:
    outcomes: list[tuple[str, str, str]] = [(promise, "broken", text) for promise, text in broken]
    outcomes += [(f"test_{n}", "kept", "") for n in range(kept)]
    return [Item(promise, promise, False, outcome, 10, False, text) for promise, outcome, text in outcomes]


@pytest.mark.parametrize(
    "broken, says",
    [
        ([(LAST, NEXT)], NARROW.says),
        ([(LAST, COUNT)], ANYWHERE.says),
        ([(FIRST, COUNT), (SECOND, COUNT), (LAST, NEXT)], ANYWHERE.says),  # it explains more of what broke
        ([(LAST, "Differs:\n  ['page']: 2, not 1\n")], WIDE.says),
        ([(FIRST, NEXT)], ""),
        ([(LAST, NEXT), *((f"test_other_{n}", NEXT) for n in range(3))], ""),  # one of four explains too little
        ([], ""),
    ],
)
def test_a_kind_is_named_by_its_signs(broken: list[tuple[str, str]], says: str) -> None:
    """The kind that explains most of what broke is named, of several the first; if it explains little, none is."""
    assert likely_mistake(items(*broken), KNOWN) == says


def test_a_kind_may_decide_by_one_sign() -> None:
    """A kind of which other broken promises are a consequence is named by a single sign."""
    decisive = Kind("it's still a plain list", ((ANY, "another one"),), decides=True)

    assert likely_mistake(items((FIRST, COUNT), (SECOND, COUNT), (LAST, NEXT)), [*KNOWN, decisive]) == decisive.says


def test_nothing_is_named_without_a_ground() -> None:
    """If nothing at all is kept, the course doesn't know any kinds, or the evidence says nothing, none is named."""
    assert likely_mistake(items((LAST, NEXT), kept=0), KNOWN) == ""
    assert likely_mistake(items((LAST, NEXT)), []) == ""
    assert likely_mistake(items((LAST, UNTOLD)), KNOWN) == ""
    assert likely_mistake(items((LAST, NEXT), *((f"test_other_{n}", UNTOLD) for n in range(9))), KNOWN) == NARROW.says


def test_the_class_page_counts_mistakes_and_the_learners_page_names_theirs() -> None:
    """The class page lists mistakes by how many made them; each learner's page has theirs, as a guess."""
    people = [Learner(f"s{n}", f"Learner {n}") for n in range(4)]
    evidence = [NEXT, NEXT, COUNT, ""]
    entries = [class_entry(people, ["pagination"])]
    for one, text in zip(people, evidence, strict=True):
        broken: dict[str, Outcome] = {LAST: "broken"} if text else {}
        entries.append(graded(result(one, "pagination", broken, evidence=text)))
    marks = count(collect(entries), Exercises(titles={"pagination": "Pagination"}, kinds={"pagination": KNOWN}))

    page = "".join(class_page(marks)).partition("What they didn’t understand</h2>")[2]
    assert page.index(NARROW.says) < page.index(ANYWHERE.says)
    assert [row.marks["pagination"].mistake for row in marks.rows] == [
        NARROW.says,
        NARROW.says,
        ANYWHERE.says,
        "",
    ]
    assert f"What it looks like:</strong> {NARROW.says}." in learner_page(marks, marks.rows[0])
    assert "What it looks like" not in learner_page(marks, marks.rows[3])


def test_the_file_is_read_or_said_to_be_wrong(tmp_path: Path) -> None:
    """Without the file, no kind is known; a damaged one is named."""
    assert read_kinds(tmp_path) == []
    file = tmp_path / "hidden/kinds.toml"
    file.parent.mkdir()
    file.write_text(
        '[[kind]]\nsays = "so"\nsigns = ["test_a: words: more", "*: any", "test_b"]\ndecides = true\n', encoding="utf-8"
    )
    signs = ("test_a", "words: more"), (ANY, "any"), ("test_b", "")
    assert read_kinds(tmp_path) == [Kind("so", signs, decides=True)]

    file.write_text("kind = 1", encoding="utf-8")
    with pytest.raises(UserError, match=r"kinds.toml can't be read"):
        read_kinds(tmp_path)


def test_signs_are_what_tests_say() -> None:
    """Each sign names a promise of its exercise, and its words are in a message of a test or of a conformance walk."""
    course = Course(ROOT)
    walks = list((ROOT / "workbook/conformance").glob("*.py"))
    for exercise in course.exercises():
        promises = {one.name for part in ("", "hidden") for one in read_promises(exercise.folder / part)}
        said = " ".join(_texts([*exercise.public_tests, *exercise.hidden_tests, *walks]).split())
        kinds = read_kinds(exercise.folder)
        signs = [sign for kind in kinds for sign in kind.signs]
        assert len({kind.says for kind in kinds}) == len(kinds) >= (10 if exercise.is_for_authors else 0)
        assert {promise for promise, _ in signs} - {ANY} <= promises
        unsaid = [words for _, words in signs if words not in said and words not in CARDS]
        assert [words for words in unsaid if words.partition(" ")[2] not in said] == []  # its first word is a value


CARDS = {"Expected"}  # what a card says of a comparison without a message


def _texts(files: list[Path]) -> str:
    """Return all texts in these files; where a value is put into one, it's cut."""
    found = []
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return "\n".join(found)
