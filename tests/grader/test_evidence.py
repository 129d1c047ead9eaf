"""Evidence: what a learner reads about a broken promise, without test code, scripts or what differs by run."""

import sys
from pathlib import Path

import pytest

from workbook.course.model import Course
from workbook.grader.evidence import LARGEST, NOT_REACHED, UNTOLD, Sheet, harmless, together
from workbook.grader.sanitize import bounded, one_line, visible
from workbook.testrun import Check, Promise

from .classes import course_in

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF123-_x"


@pytest.fixture
def sheet(tmp_path: Path) -> Sheet:
    course = Course(course_in(tmp_path / "course"))
    return Sheet(course.exercise(course.step("count")))


def checked(*sections: tuple[str, list[str]], outcome: str = "broken", cards: int = 1) -> Check:
    """Return a check whose first promise has cards with these sections."""
    card = {"sections": sections}
    found = Promise("test_counts_books", "", Path("x.py"), 1, False, outcome, [card] * cards)
    return Check([found])


@pytest.mark.parametrize(
    "text, shown",
    [
        ("a\x1b[31mb\x07\x9bc", "a\\x1b[31mb\\x07\\x9bc"),
        ("user\u202egpj.exe\u2066", "user\\u202egpj.exe\\u2066"),
        ("line\r\nnext\ttab\rend", "line\nnext    tab\\x0dend"),
        ("\ud800 \u2028 \ufeff \U000e0041", "\\ud800 \\u2028 \\ufeff \\U000e0041"),
        ("محمد علی\u200cپور 山田 Zoë 🦊", "محمد علی\u200cپور 山田 Zoë 🦊"),
    ],
)
def test_what_acts_is_written_out(text: str, shown: str) -> None:
    """Escape sequences, direction marks and broken characters are written out; letters of any script stay."""
    assert visible(text) == shown
    visible(text).encode()


def test_names_are_one_bounded_line() -> None:
    """A name is one composed line of limited length; a text is never cut within a character."""
    assert one_line("  A\u0301da \n\n Love\tlace ") == "\u00c1da Love lace"
    assert len(one_line("x" * 1000)) == 200
    assert bounded("ä" * 100, 20) == "ä" * 8 + "…"
    assert bounded("ä" * 10, 20) == "ä" * 10


@pytest.mark.parametrize(
    "text, shown",
    [
        (f'"access_token": "{TOKEN}"', '"access_token": "<token>"'),
        (f"authorization: Bearer {TOKEN}", "authorization: Bearer <token>"),
        ("authorization: Bearer $TOKEN", "authorization: Bearer $TOKEN"),
        ("x-request-id: 0f8fad5b-d9cb-469f-a165-70867728950e", "x-request-id: <uuid>"),
        ("x-request-id: 0f8fad5bd9cb469fa16570867728950e", "x-request-id: <hex>"),
        ('"avatar_url": "/files/3f0c9a.png"', '"avatar_url": "/files/<name>.png"'),
        (
            "http://127.0.0.1:41234/users http://127.0.0.1:8000/x",
            "http://127.0.0.1:<port>/users http://127.0.0.1:8000/x",
        ),
        ('"created_at": "2026-11-22T17:01:02.123456Z"', '"created_at": "<time>"'),
        ("last-modified: Sun, 22 Nov 2026 17:01:02 GMT", "last-modified: <time>"),
        ("[2026-11-22 17:01:02] GET /posts 200 12ms", "[<time>] GET /posts 200 <n>ms"),
        ("/tmp/pytest-of-root/pytest-367/test_an_avatar_survives_a_rest0/data/zz", "<folder>/zz"),
        ("/home/a b/pytest-of-ann/pytest-1/test_x0/log and more", "/home/a b<folder> and more"),
        ("ada-3f9c01@example.com and ada-deadbeef", "ada-a1b2c3@example.com and ada-deadbeef"),
        ("<object at 0x7f3a2b1c4d50>", "<object at <address>>"),
        ("{'id': 3, 'total_pages': 12}", "{'id': 3, 'total_pages': 12}"),
        ("test_a_list_is_a_page_of_2026", "test_a_list_is_a_page_of_2026"),
        ("\x1b[31m\u202e<b>", "\\x1b[31m\\u202e<b>"),
    ],
)
def test_generated_values_are_placeholders(text: str, shown: str) -> None:
    """What differs from run to run is a placeholder, but what the seed repeats stays."""
    assert harmless(text) == shown


def test_paths_of_the_machine_are_not_told(tmp_path: Path) -> None:
    """Paths in evidence don't show the submission's folder, and a run's other folders are placeholders."""
    text = f'File "{tmp_path}/app/main.py" in {tmp_path}; /tmp/workbook-app-x1_y/data/blog.db'

    assert harmless(text, tmp_path) == 'File "app/main.py" in <folder>; <folder>/blog.db'


def test_no_line_of_a_test_is_told(sheet: Sheet) -> None:
    """A card's lines of test code are left out, but its values stay."""
    condition = "(response.status_code, response.json()) == (200, {'count': len(client.get('/books').json())})"
    told = sheet.verdicts(
        checked(("Expected", ["200"]), ("Got", ["404"]), ("Checked", ["response.x"]), ("At", ["y()"]))
    )
    code = sheet.verdicts(checked(("Expected", [condition]), ("Got", ["False"]), ("Response", ["200 OK"])))
    only = sheet.verdicts(checked(("Expected", [condition]), ("Got", ["False"])))
    wrapped = sheet.verdicts(checked(("It says", [condition[:31], f"  {condition[31:]}"]), ("Response", ["200 OK"])))

    assert "".join(condition.split()) in sheet.conditions
    assert wrapped[0].evidence == "Response:\n  200 OK"
    assert told[0].evidence == "Expected:\n  200\nGot:\n  404"
    assert code[0].evidence == "Response:\n  200 OK"
    assert only[0].evidence == UNTOLD


def test_evidence_is_bounded(sheet: Sheet) -> None:
    """A promise's evidence has at most 4 KB, however much came back; of many cases it shows one."""
    found = sheet.verdicts(checked(("Response", ["ä" * 100] * 1000), cards=12))

    assert len(found[0].evidence.encode()) <= LARGEST
    assert found[0].evidence.startswith("12 cases of it failed, of which this is the first:\n")


def test_every_promise_has_a_verdict(sheet: Sheet) -> None:
    """Verdicts are complete and in order, even if the tests stopped early."""
    found = sheet.verdicts(checked(outcome="kept"))

    assert [(one.promise, one.hidden, one.outcome, one.evidence) for one in found] == [
        ("test_counts_books", False, "kept", ""),
        ("test_counts_by_letter", True, "broken", NOT_REACHED),
    ]
    assert [one.outcome for one in sheet.untouched()] == ["waiting", "waiting"]
    assert sheet.verdicts(checked(outcome="unknown"))[0].evidence == NOT_REACHED


def test_every_character_is_safe() -> None:
    """Of all characters, no control character is left."""
    everything = visible("".join(map(chr, range(sys.maxunicode + 1))))

    assert not set(everything) & {*map(chr, range(0x09 + 1)), "\x0b", "\r", "\x1b", "\x7f", "\x9b", "\u202e", "\u2028"}


@pytest.mark.parametrize(
    "outcomes, expected",
    [
        (["kept", "kept"], "kept"),
        (["kept", "broken"], "broken"),
        (["broken", "kept"], "broken"),
        (["waiting", "kept"], "waiting"),
        (["kept", "not proven"], "not proven"),
        (["kept", "unknown"], "unknown"),
    ],
)
def test_a_promise_in_public_and_hidden_tests_is_one(outcomes: list[str], expected: str) -> None:
    """A promise that two files name is kept if both are, and its evidence is that of both."""
    found = [
        Promise("test_x", "", Path("x.py"), 1, False, outcome, cards=[{"n": number}])
        for number, outcome in enumerate(outcomes)
    ]

    one = together(found)

    assert one is not None
    assert (one.outcome, one.cards) == (expected, [{"n": 0}, {"n": 1}])
