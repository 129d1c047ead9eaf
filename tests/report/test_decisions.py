"""What a person decides, says and publishes: by the commands, and on the pages."""

import csv
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from workbook.course.points import Grading, Late
from workbook.errors import UserError
from workbook.grader.folder import find_submissions
from workbook.grader.found import Found
from workbook.grader.hand_in_times import when_handed_in
from workbook.grader.results import COMMENT, Comment, Learner, Outcome, Override
from workbook.journal import Entry
from workbook.report import ClassMarks
from workbook.report.anonymous import anonymous
from workbook.report.attention import attention
from workbook.report.canvas_api import send_to_canvas
from workbook.report.pages import class_page, learner_page

from ..golden import Screens
from ..runners import Workbook
from .synthetic import BEGINNING, class_entry, class_of, graded, grading_of, overridden, result

FIRST, SECOND = "test_a_list_is_a_page", "test_pages_follow_each_other"
ADA, GRACE = Learner("ada", "Ada Lovelace", lms={"canvas": "1001"}), Learner("grace", "Grace Hopper")
DEADLINE = datetime.fromisoformat("2026-11-22T23:59:00+01:00")
BY_LETTER = "test_counts_by_letter"


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


def test_a_decision_can_be_taken_back(workbook: Workbook, journal: Path, screens: Screens) -> None:
    """An override counts until --undo, can't exceed the promise's points, and says what the tests said."""
    said = [workbook("class", "override", "ada", BY_LETTER, "20", "--why", "Seen.")]
    workbook("class", "report", "results/journal.db", "--format", "csv")
    (with_it,) = rows(workbook.root / "results/report/marks.csv")
    said.append(workbook("class", "override", "ada", BY_LETTER, "--undo"))
    workbook("class", "report", "results/journal.db", "--format", "csv")
    (without,) = rows(workbook.root / "results/report/marks.csv")

    screens("override-undone", "".join(one.out for one in said))
    assert (with_it["Count (100)"], with_it["Notes"]) == ("90", "decided by hand")
    assert (without["Count (100)"], without["Notes"]) == ("70", "")


def test_commands_that_decide_nothing_are_refused(workbook: Workbook, journal: Path, screens: Screens) -> None:
    """Too many points, nothing to undo, no one to comment for, no such learner: a sentence and exit 2, no entry."""
    lines = (
        f"class override ada {BY_LETTER} 31 --why x",
        f"class override ada {BY_LETTER} --undo",
        f"class override ada {BY_LETTER} 3 --undo",
        f"class override ad {BY_LETTER} 3 --why x",
        "class comment Hello",
        "class comment Hello --learner ad",
        "class comment --learner ada",
        "class comment Hello --promise test_nothing",
        "class comment Hello --learner ada --exercise sum",
    )
    before = journal.read_bytes()

    screens("decisions-refused", workbook.refusals(*lines))
    assert journal.read_bytes() == before


def test_comments_are_on_the_pages(workbook: Workbook, journal: Path) -> None:
    """A comment is on a learner's page or at a promise that they broke; it changes no points, and --undo removes it."""
    words = [("Well done <b>, =1+1", "--learner", "ada"), ("Try two letters.", "--promise", BY_LETTER)]
    for text, *where in words:
        assert workbook("class", "comment", text, *where).status == 0
    workbook("class", "report", "results/journal.db", "--format", "html", "--format", "csv")
    page = (workbook.root / "results/report/learners/ada.html").read_text(encoding="utf-8")
    (row,) = rows(workbook.root / "results/report/marks.csv")

    assert "Well done &lt;b&gt;, =1+1" in page
    assert "Try two letters." in page
    assert row["Count (100)"] == "70"
    workbook("class", "comment", "--undo", "--learner", "ada")
    workbook("class", "report", "results/journal.db", "--format", "html")
    assert "Well done" not in (workbook.root / "results/report/learners/ada.html").read_text(encoding="utf-8")


def test_publishing_is_what_makes_a_change_one(workbook: Workbook, journal: Path, screens: Screens) -> None:
    """Only after `class publish` does a page say that a mark has changed: from what of what, to what, and why."""
    workbook("class", "override", "ada", BY_LETTER, "10", "--why", "First.")
    published = workbook("class", "publish")
    workbook("class", "override", "ada", BY_LETTER, "30", "--why", "Second.")
    workbook("class", "report", "results/journal.db", "--format", "html")
    page = " ".join((workbook.root / "results/report/learners/ada.html").read_text(encoding="utf-8").split())

    screens("publish", published.out)
    assert "This mark has changed</strong> from 80 of 100 to 100 of 100 since it was published." in page
    assert "Second." in page


def test_one_learners_page(workbook: Workbook, journal: Path) -> None:
    """--learner writes that page only; an id that no one has is refused with the nearest."""
    ended = workbook(
        "class", "report", "results/journal.db", "--learner", "ada", "--title", "Autumn", "--note", "Ask me."
    )

    assert ended.status == 0
    assert [path.name for path in (workbook.root / "results/report").rglob("*") if path.is_file()] == ["ada.html"]
    page = (workbook.root / "results/report/learners/ada.html").read_text(encoding="utf-8")
    assert ("Autumn" in page, "Ask me." in page) == (True, True)
    assert "Did you mean ada?" in workbook.refusals("class report results/journal.db --learner ad")


def test_pages_without_names(workbook: Workbook, journal: Path) -> None:
    """--anonymous writes pages and tables in which no name, id, email or file is, with the same code every time."""
    codes = []
    for _ in range(2):
        assert workbook("class", "report", "results/journal.db", "--anonymous").status == 0
        folder = workbook.root / "results/report-anonymous"
        texts = [path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()]
        assert [text for text in texts if "Lovelace" in text or "lovelaceada" in text or ">ada<" in text] == []
        codes.append(sorted(path.name for path in (folder / "learners").iterdir()))
    assert codes[0] == codes[1]
    assert "no canvas, because it leads back to people" in workbook.refusals(
        "class report results/journal.db --anonymous --format canvas"
    )


def test_nothing_personal_is_left_without_names() -> None:
    """Names, files, comments, reasons and the lists of files are gone; points and evidence stay."""
    entries = [
        class_entry([ADA, GRACE], ["pagination"], unmatched=[{"file": "eve.zip", "why": "?"}]),
        graded(
            result(ADA, "pagination", {FIRST: "broken"}, file="lovelace.zip", evidence="What is wrong:\n  wrong page")
        ),
        overridden(Override("ada", "pagination", SECOND, 10, "Ada said so.")),
        Entry(BEGINNING, COMMENT, "", asdict(Comment("ada", "", "", "Dear Ada"))),
    ]
    marks = anonymous(class_of(entries), "secret")

    pages = "".join(["".join(class_page(marks)), *(learner_page(marks, row) for row in marks.rows)])

    assert [word for word in ("Ada", "Grace", "lovelace.zip", "eve.zip", "1001") if word in pages] == []
    assert "wrong page" in pages
    assert [row.total for row in marks.rows if row.counts] == [70]


LATE = Late(
    deadline=DEADLINE,
    grace_minutes=10,
    percent_per_day=10,
    most_percent=30,
    until={"grace": DEADLINE + timedelta(days=7)},
    excused=("alan",),
)


def late_mark(learner: str, handed_in: str = "", *, late: bool = False) -> tuple[float, str]:
    """The points of full marks that came then, and what the table says."""
    one = replace(ADA, id=learner)
    entries = [class_entry([one], ["pagination"])]
    entries += [graded(replace(result(one, "pagination"), handed_in=handed_in, late=late))]
    marks = class_of(entries, {"pagination": grading_of("pagination").model_copy(update={"late": LATE})})
    return marks.rows[0].total, marks.late(marks.rows[0])


@pytest.mark.parametrize(
    "learner, handed_in, points, said",
    [
        ("ada", "2026-11-22T23:59:00+01:00", 100, ""),
        ("ada", "2026-11-22T23:08:00+00:00", 100, ""),  # nine minutes late, in another timezone
        ("ada", "2026-11-22T23:10:00+00:00", 90, "11 minutes late"),
        ("ada", "2026-11-23T00:10:00", 90, "11 minutes late"),  # a stamp has the deadline's timezone
        ("ada", "2026-11-24T23:59:00+01:00", 80, "48 hours late"),
        ("ada", "2026-12-24T23:59:00+01:00", 70, "32 days late"),
        ("grace", "2026-11-28T23:59:00+01:00", 100, ""),
        ("grace", "2026-11-30T12:00:00+01:00", 90, "13 hours late"),
        ("alan", "2026-12-30T12:00:00+01:00", 100, ""),
    ],
)
def test_late_costs_what_the_rule_says(learner: str, handed_in: str, points: float, said: str) -> None:
    """Each day that has begun costs its share, up to the most; grace, own deadlines and excuses count."""
    assert late_mark(learner, handed_in) == (points, said)


def test_the_platforms_word_counts_where_no_time_is_known() -> None:
    """Late by the platform's word alone costs one day; without a rule it's only said."""
    assert late_mark("ada", late=True) == (90, "late")
    assert late_mark("alan", late=True) == (100, "")
    entries = [class_entry([ADA], ["pagination"]), graded(replace(result(ADA, "pagination"), late=True))]
    marks = class_of(entries)
    assert (marks.rows[0].total, marks.late(marks.rows[0])) == (100, "late")


def test_a_stamp_does_not_overrule_the_platform() -> None:
    """If the platform says late and the file's own time says in time, the platform is right; grace still holds."""
    assert late_mark("ada", "2026-11-20T12:00:00", late=True) == (90, "late")
    assert late_mark("ada", "2026-11-23T00:05:00", late=True) == (100, "")
    assert late_mark("grace", "2026-11-20T12:00:00", late=True) == (100, "")


def test_a_learners_page_says_what_late_costs() -> None:
    """Points before and after are on the page."""
    entries = [class_entry([ADA], ["pagination"])]
    entries += [graded(replace(result(ADA, "pagination"), handed_in="2026-11-23T12:00:00+01:00"))]
    marks = class_of(entries, {"pagination": grading_of("pagination").model_copy(update={"late": LATE})})

    page = learner_page(marks, marks.rows[0])

    assert "Handed in 13 hours late.</strong> That costs 10%: 100 points are 90." in page
    assert "Due 22 November 2026, 23:59 +01:00." in page


def late_class(*people: Learner, **rule: object) -> ClassMarks:
    """A class that handed in on 25 November, under a rule."""
    entries = [class_entry(people, ["pagination"])]
    entries += [graded(replace(result(one, "pagination"), handed_in="2026-11-25T12:00:00+00:00")) for one in people]
    late = Late.model_validate({"deadline": "2026-11-24T00:00:00+09:00", "percent_per_day": 10, **rule})
    return class_of(entries, {"pagination": grading_of("pagination").model_copy(update={"late": late})})


def test_each_page_has_its_learners_own_deadline() -> None:
    """A page shows the deadline that holds for its learner, in the timezone of the file; who's excused has none."""
    ada, grace, alan = (replace(ADA, id=name, name=name) for name in ("ada", "grace", "alan"))
    marks = late_class(ada, grace, alan, until={"grace": "2026-11-30T23:59:00-08:00"}, excused=["alan"])

    due = {row.learner.id: re.findall(r"Due ([^<]*?)\.<", learner_page(marks, row)) for row in marks.rows}

    assert due == {"ada": ["24 November 2026, 00:00 +09:00"], "grace": ["30 November 2026, 23:59 -08:00"], "alan": []}
    assert [row.total for row in marks.rows] == [80, 100, 100]


def test_an_exception_for_no_one_is_said() -> None:
    """An id in the rule about late work that no one has, such as one in another case, is listed for a person."""
    marks = late_class(ADA, excused=["Ada"], until={"grace": "2026-11-30T23:59:00+09:00"})

    (group,) = [one for one in attention(marks) if one.title == "Exceptions for no one"]

    assert [one.what for one in group.matters] == ["Ada", "grace"]
    assert not group.pressing


def test_members_with_different_marks_are_listed() -> None:
    """If members of a group handed in different files, a person sees whose marks differ; equal ones aren't listed."""
    people = [Learner(f"s{n}", f"Name {n}", group="Beta" if n < 3 else "Gamma") for n in range(1, 5)]
    broken: dict[str, Outcome] = {"test_a_list_is_a_page": "broken"}
    entries = [class_entry(people, ["pagination"])]
    entries += [graded(result(one, "pagination", broken if one.id == "s2" else {})) for one in people]

    (group,) = [one for one in attention(class_of(entries)) if one.title == "Groups with different marks"]

    assert [(one.what, one.about) for one in group.matters] == [("Beta, pagination", "Name 1 100; Name 2 80")]


def test_a_decision_is_never_worth_more_than_its_promise() -> None:
    """If grading.toml gives a promise fewer points after a decision, the decision gives no more than those."""
    entries = [class_entry([ADA], ["pagination"]), graded(result(ADA, "pagination"))]
    entries += [overridden(Override("ada", "pagination", "test_a_list_is_a_page", 20, "Seen."))]
    less = Grading(points={"test_a_list_is_a_page": 5})

    assert class_of(entries, {"pagination": less}).rows[0].total == 5


@pytest.mark.parametrize(
    "name, handed_in, late",
    [
        ("lovelaceada_LATE_1001_5_pagination.zip", "", True),
        ("lovelaceada_1001_5_pagination.zip", "", False),
        ("hopper_1001_5_pagination-2026-11-22-174501.zip", "2026-11-22T17:45:01", False),
        ("pagination-2026-11-22-174501.zip", "2026-11-22T17:45:01", False),
        ("ada.zip", "1970-01-12T13:46:40+00:00", False),
        ("pagination-2026-99-99-999999.zip", "1970-01-12T13:46:40+00:00", False),
        ("anon_k3DfX_LATE_90001_pagination.zip", "", True),
        ("Pagination_s1_attempt_2026-11-22-17-45-01_pagination-2026-11-01-120000.zip", "2026-11-22T17:45:01", False),
        ("12-67 - Ada - Nov 22, 2026 545 PM - pagination-2026-11-01-120000.zip", "2026-11-22T17:45:00", False),
        ("12-67 - Ada - 22 November, 2026 1745 - pagination.zip", "2026-11-22T17:45:00", False),
        ("12-67 - Ada - 2. Nov. 2026 0905 - pagination.zip", "2026-11-02T09:05:00", False),
        ("12-67 - Ada - 22 nov 2026 17 h 45 - pagination.zip", "", False),  # and not when it was downloaded
        ("pagination-adal/", "", False),  # a folder's time is that of its unpacking
    ],
)
def test_times_come_from_the_platform_then_the_name(tmp_path: Path, name: str, handed_in: str, late: bool) -> None:
    """What the platform's name says, then the stamp of `submit`, then an archive's time, but not a download's."""
    if name.endswith("/"):
        (tmp_path / name / "app").mkdir(parents=True)
        (tmp_path / name / "app/main.py").touch()
    else:
        (tmp_path / name).touch()
    (found,) = find_submissions([tmp_path], ["pagination"])
    found = replace(found, modified=1_000_000.0)

    assert isinstance(found, Found)
    assert when_handed_in(found) == {"handed_in": handed_in, "late": late}


def two_commands(*, again: bool = False) -> ClassMarks:
    """A class whose two assignments were graded by a command each, the first with a stranger and a letter."""
    eve = Learner("1099", "eve", on_roster=False)
    first = class_entry(
        [ADA, GRACE, eve],
        ["avatar"],
        paths=["/class/avatar"],
        unmatched=[{"file": "eve_1099_1_avatar.zip", "why": "Nobody."}],
        superseded=[{"file": "old.zip", "learner": "ada", "why": "A later one counts."}],
        not_handed_in={"avatar": ["grace"]},
        title="Autumn",
    )
    second = class_entry([ADA, GRACE], ["pagination"], paths=["/class/pagination"], not_handed_in={"pagination": []})
    second.data.pop("title")
    entries = [first, graded(result(ADA, "avatar")), graded(result(eve, "avatar", file="eve_1099_1_avatar.zip"))]
    entries += [second, graded(result(ADA, "pagination")), graded(result(GRACE, "pagination"))]
    if again:
        entries += [
            class_entry([ADA, GRACE, replace(eve, id="eve", on_roster=True)], ["avatar"], paths=["/class/avatar"])
        ]
        entries += [graded(result(replace(eve, id="eve"), "avatar", file="eve_1099_1_avatar.zip"))]
    return class_of(entries, {}, {"avatar": "Avatar", "pagination": "Pagination"})


def test_the_class_is_what_all_commands_say() -> None:
    """Title, unmatched files and files not used of an earlier command stay, and figures leave strangers out."""
    marks = two_commands()

    assert (marks.title, [row.name for row in marks.rows]) == ("Autumn", ["Ada Lovelace", "eve", "Grace Hopper"])
    assert [one["file"] for one in marks.unmatched] == ["eve_1099_1_avatar.zip"]
    assert [one["file"] for one in marks.superseded] == ["old.zip"]
    assert [row.name for row in marks.enrolled] == ["Ada Lovelace", "Grace Hopper"]
    assert {tally.of for exercise in marks.exercises for tally in exercise.tallies} == {1, 2}
    grace = next(row for row in marks.rows if row.name == "Grace Hopper")
    assert [mark.state for mark in grace.marks.values()] == ["not handed in", "graded"]


def test_the_same_command_again_replaces_its_lists() -> None:
    """Once the stranger is on the roster and the command is repeated, they're a learner like any other."""
    marks = two_commands(again=True)

    assert (marks.unmatched, marks.superseded) == ([], [])
    assert [(row.learner.id, row.learner.on_roster) for row in marks.rows] == [
        ("ada", True),
        ("eve", True),
        ("grace", True),
    ]


class CanvasServer(BaseHTTPRequestHandler):
    """What a Canvas answers, as its API's documentation says: one course with one assignment."""

    seen: ClassVar[list[tuple[str, str, dict[str, list[str]]]]] = []
    there: ClassVar[list[dict[str, Any]]] = [
        {"user_id": 1001, "score": None, "excused": None},
        {"user_id": 1002, "score": 55.0, "excused": True},
        {"user_id": 1003, "score": 100.0, "excused": False},
    ]

    def do_GET(self) -> None:
        """Answer an assignment, its submissions on two pages, or how far the writing is."""
        path = urlsplit(self.path).path
        type(self).seen.append(("GET", self.path, {}))
        if self.headers["Authorization"] != "Bearer right":
            self._send({"errors": [{"message": "Invalid access token."}]}, 401)
        elif path.endswith("/progress/7"):
            self._send({"id": 7, "workflow_state": "completed"})
        elif path.endswith("/submissions") and "page=2" not in self.path:
            here = f"http://{self.headers['Host']}{path}?page=2"
            self._send(self.there[:1], link=f'<{here}>; rel="next", <{here}>; rel="last"')
        elif path.endswith("/submissions"):
            self._send(self.there[1:])
        else:
            self._send({"id": 4711, "points_possible": 50.0})

    def do_POST(self) -> None:
        """Take the grades, and say that they're being written."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        type(self).seen.append(("POST", self.path, parse_qs(body)))
        self._send({"id": 7, "workflow_state": "queued"})

    def _send(self, content: Any, status: int = 200, link: str = "") -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        if link:
            self.send_header("Link", link)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def canvas() -> Iterator[str]:
    """The address of a course on such a server."""
    CanvasServer.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), CanvasServer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/courses/17"
    server.shutdown()
    server.server_close()
    thread.join()


def in_canvas() -> ClassMarks:
    """Four with a mark: one new, one excused, one whose mark is there already, and one whom Canvas doesn't know."""
    people = [replace(ADA, id=f"s{n}", name=f"S {n}", lms={"canvas": str(1000 + n)}) for n in range(1, 5)]
    entries = [class_entry(people, ["pagination"])]
    entries += [graded(result(one, "pagination", {FIRST: "broken"} if n == 0 else {})) for n, one in enumerate(people)]
    return class_of(entries, {}, {"pagination": "Pagination"})


def test_canvas_gets_marks_by_its_api(canvas: str) -> None:
    """Only marks that Canvas lacks are sent, out of the assignment's points; who is excused stays so."""
    CanvasServer.there[2]["score"] = 50.0

    (sent,) = send_to_canvas(in_canvas(), canvas, "right", {"pagination": "4711"})

    posts = [(path, form) for method, path, form in CanvasServer.seen if method == "POST"]
    place = "/api/v1/courses/17/assignments/4711/submissions/update_grades"
    assert posts == [(place, {"grade_data[1001][posted_grade]": ["40"]})]
    assert sent.about == (
        "Pagination: 1 mark sent to Canvas; scaled from 100 to the assignment's 50 points; 1 there already; "
        "1 excused, left so; 1 whom Canvas doesn't know in this course"
    )


def test_the_schools_id_does_not_reach_who_is_excused(canvas: str) -> None:
    """Learners known by the school's id get their mark, apart from who is excused and whom Canvas doesn't show."""
    shown = {1001: "s1", 1002: "s2"}
    there = [one | {"user": {"sis_user_id": shown.get(one["user_id"])}} for one in CanvasServer.there]
    people = [replace(ADA, id=f"s{n}", name=f"S {n}", lms={}) for n in range(1, 4)]
    entries = [class_entry(people, ["pagination"]), *(graded(result(one, "pagination")) for one in people)]
    marks = class_of(entries, {}, {"pagination": "Pagination"})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CanvasServer, "there", there)
        (sent,) = send_to_canvas(marks, canvas, "right", {"pagination": "4711"})

    assert [form for method, _, form in CanvasServer.seen if method == "POST"] == [
        {"grade_data[sis_user_id:s1][posted_grade]": ["50"]}
    ]
    assert "1 excused, left so; 1 whom Canvas doesn't know" in sent.about


REFUSED = {
    "wrong": ("", "Canvas refuses the token"),
    "": ("", "CANVAS_TOKEN is empty"),
    "right": ("/nowhere", "isn't a course in Canvas"),
}


@pytest.mark.parametrize("token", REFUSED)
def test_canvas_that_refuses_is_a_sentence(canvas: str, token: str) -> None:
    """A wrong token, no token, and no course's address each say what to do; nothing is sent."""
    behind, said = REFUSED[token]

    with pytest.raises(UserError, match=said):
        list(send_to_canvas(in_canvas(), canvas + behind, token, {"pagination": "4711"}))
    assert [method for method, _, _ in CanvasServer.seen if method == "POST"] == []
