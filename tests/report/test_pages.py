"""The html report: whole, self-contained, and safe from what submissions put into it."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from workbook.grader.results import Learner, Override
from workbook.report import ClassMarks
from workbook.report.charts import histogram
from workbook.report.pages import class_page, learner_page

from .conftest import Report, counted
from .synthetic import BEGINNING, HOSTILE, class_entry, class_of, graded, grading_of, overridden, result

FIRST = "test_a_list_is_a_page"
ADA, GRACE = Learner("ada", "Ada Lovelace"), Learner("grace", "Grace Hopper")
UNSEEN = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class Page(HTMLParser):
    """A page's elements, its text, and where its links lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.elements = text, list[tuple[str, dict[str, str | None]]]()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def pages_of(report: Report) -> list[Page]:
    files = [report.folder / "index.html", *sorted((report.folder / "learners").iterdir())]
    return [Page(file.read_text(encoding="utf-8")) for file in files]


@pytest.fixture(scope="module")
def pages(reported: Report) -> list[Page]:
    """Return the class page, then all learners' pages."""
    return pages_of(reported)


def of_two(**more: object) -> ClassMarks:
    entries = [
        class_entry([ADA, GRACE], ["pagination"], **more),
        graded(result(ADA, "pagination", {FIRST: "broken"}, evidence="ADA-EVIDENCE", seconds=1.0)),
        graded(
            result(GRACE, "pagination", {FIRST: "broken"}, evidence="GRACE-EVIDENCE", flags=("slow",), seconds=99.0)
        ),
        overridden(Override("grace", "pagination", FIRST, 10, "GRACE-WHY")),
    ]
    return class_of(entries, {"pagination": grading_of("pagination")}, {"pagination": "Pagination"})


def test_everybody_has_a_page_and_the_class_links_it(reported: Report, pages: list[Page]) -> None:
    """Each learner has a page, and every link of the class page leads to something that exists."""
    links = {str(link["href"]) for link in pages[0].all("a")}
    ids = {attributes.get("id") for _, attributes in pages[0].elements}

    assert len(pages) == 61
    assert [link for link in links if link[0] == "#" and link[1:] not in ids] == []
    assert [link for link in links if link[0] != "#" and not (reported.folder / link).is_file()] == []
    assert len([link for link in links if link[0] != "#"]) == 60


def test_a_page_loads_nothing(pages: list[Page]) -> None:
    """No page refers to anything that a browser would load, and its policy wouldn't allow it."""
    for page in pages:
        names = {tag for tag, _ in page.elements}
        assert names & {"link", "img", "iframe", "object", "embed", "audio", "video", "form", "base", "use"} == set()
        assert [1 for _, attributes in page.elements if {"src", "style", "srcset", "action"} & attributes.keys()] == []
        policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv"))
        assert policy
        assert policy.startswith("default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-")
        assert "unsafe" not in policy


def test_only_the_class_page_has_a_script(pages: list[Page]) -> None:
    """Only the class page has a script, which is ours; no name or evidence adds one."""
    assert [len(page.all("script")) for page in pages] == [1] + [0] * 60
    assert all(not name.startswith("on") for page in pages for _, attributes in page.elements for name in attributes)


def test_hostile_text_is_shown(pages: list[Page], reported: Report) -> None:
    """Markup in a name or in evidence is shown as text, and no invisible character has an effect."""
    hostile = next(page for page in pages[1:] if "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text)

    assert HOSTILE not in "".join(page.text for page in pages)
    assert r"\x1b[2J\u202eexe.gpj" in hostile.text
    assert [found[0] for page in pages if (found := UNSEEN.search(page.text))] == []


def test_a_learners_page_is_theirs_alone(reported: Report, pages: list[Page]) -> None:
    """A learner's page doesn't contain links, other learners' names or evidence, or the names of tests."""
    ids = {row.learner.id for row in reported.marks.rows}
    for page in pages[1:]:
        assert len({ident for ident in re.findall(r"\bs\d{5}\b", page.text) if ident in ids}) == 1
        assert [link for link in page.all("a") if not str(link["href"]).startswith("#")] == []
        assert "test_" not in page.text
    marks = of_two()
    ada = learner_page(marks, marks.rows[0])
    assert "ADA-EVIDENCE" in ada
    assert "GRACE" not in ada


def test_a_learners_page_explains_the_mark() -> None:
    """A learner's page has points, promises, evidence, and what a person decided and why."""
    marks = of_two()

    grace = " ".join(re.sub("<[^>]+>", " ", learner_page(marks, marks.rows[1]).partition("<body>")[2]).split())

    assert "Pagination 90 of 100 points" in grace
    assert "GET /posts, /posts/my and /users answer with a page" in grace
    assert "Decided by hand: 10 of 20 points. GRACE-WHY The tests said: not kept." in grace
    assert "This mark has changed" not in grace
    assert "GRACE-EVIDENCE" in grace
    assert "slow" not in grace


def test_feedback_for_one_exercise_tells_of_that_alone() -> None:
    """A page for one exercise doesn't have the promises or points of the others."""
    entries = [class_entry([ADA], ["pagination", "avatar"]), graded(result(ADA, "pagination"))]
    marks = class_of([*entries, graded(result(ADA, "avatar"))], {}, {"pagination": "Pagination", "avatar": "Avatar"})

    page = learner_page(marks, marks.rows[0], only="avatar")

    assert "<b>100</b> of 100 points" in page
    assert "Pagination" not in page


@pytest.mark.parametrize("unsafe", [True, False])
def test_every_page_says_that_it_was_unsafe(unsafe: bool) -> None:
    """If graded with --unsafe, the class page and every learner's page say so at the top; otherwise none does."""
    marks = of_two(unsafe=unsafe)

    pages = ["".join(class_page(marks)), *(learner_page(marks, row) for row in marks.rows)]

    for page in pages:
        assert ("Graded without isolation (--unsafe)." in page) is unsafe
        assert page.find("Graded without isolation") < page.find("<h1>")


TOLD: dict[str, tuple[dict[str, Any], str, str]] = {
    "unmatched": (
        {"unmatched": [{"file": "hw(1).zip", "why": "Nobody is called so."}]},
        "Unmatched files",
        "hw(1).zip",
    ),
    "not handed in": ({"not_handed_in": {"pagination": ["alan"]}}, "Not handed in", "Alan Turing"),
    "not used": (
        {"superseded": [{"file": "old.zip", "learner": "ada", "why": "A later one counts."}]},
        "Files that weren't used",
        "old.zip",
    ),
}


@pytest.mark.parametrize("what", TOLD)
def test_the_class_page_tells_what_needs_a_look(what: str) -> None:
    """Unmatched files, unused files and learners who haven't handed in each have a list."""
    more, title, name = TOLD[what]
    people = [ADA, Learner("alan", "Alan Turing")]
    marks = class_of([class_entry(people, ["pagination"], **more), graded(result(ADA, "pagination"))])

    page = "".join(class_page(marks))

    escaped = title.replace("'", "&#39;")
    (group,) = [part for part in page.split("<details")[1:] if escaped in part.partition("</summary>")[0]]
    assert name in group.partition("</details>")[0]


def test_the_class_page_gives_the_command_that_decides() -> None:
    """Each undecided promise is listed with the command that settles it, safe to copy whatever the id."""
    odd = Learner("$(rm -rf ~)", "Odd")
    entries = [class_entry([odd], ["pagination"]), graded(result(odd, "pagination", {FIRST: "unstable"}))]

    page = "".join(class_page(class_of(entries)))

    words = f"override &#39;$(rm -rf ~)&#39; {FIRST} 20 --exercise pagination --why &#39;…&#39;"
    command = f"uv run --group grading workbook class {words}"
    assert f"<pre>{command}</pre>" in page


def test_the_class_page_calls_out_what_is_slow() -> None:
    """The class page shows what a person decided, and what was flagged."""
    page = "".join(class_page(of_two()))

    assert "slow; 99 s" in page
    assert "Decided by hand" in page


def test_the_same_journal_gives_the_same_pages(reported: Report) -> None:
    """A report made again from the same journal is the same to the byte."""
    again = "".join(class_page(counted()))

    assert again == (reported.folder / "index.html").read_text(encoding="utf-8")


def test_a_class_without_a_mark_has_its_page() -> None:
    """A class without any mark yet has a page that says so."""
    page = "".join(class_page(class_of([class_entry([ADA, GRACE], ["pagination"])])))

    assert "No one has a mark yet." in page
    assert "Ada Lovelace" in page
    assert BEGINNING.strftime("%Y") not in page.partition("autumn 2026</bdi></h1>")[2]


@pytest.mark.parametrize(
    "shares, counts",
    [
        ([0.0], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ([0.3, 0.7, sum([0.1] * 8)], [0, 0, 0, 1, 0, 0, 0, 1, 1, 0]),
        ([0.999, 1.0], [0, 0, 0, 0, 0, 0, 0, 0, 0, 2]),
        ([0.999, 1.0, 1.05, 1.4], [0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2]),
    ],
)
def test_a_histogram_counts_everybody_once(shares: list[float], counts: list[int]) -> None:
    """Every mark is in one bar: on a border in the upper one, above full marks in a separate one."""
    chart = histogram(shares)

    assert chart
    assert [bar.count for bar in chart.bars] == counts
    assert max(bar.height for bar in chart.bars) == 104


def test_no_marks_no_histogram() -> None:
    """Without marks, there's no histogram."""
    assert histogram([]) is None
