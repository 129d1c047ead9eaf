"""What a card says of two values that should be equal."""

import ast
import re
from typing import Any

import pytest
from _pytest.assertion.rewrite import rewrite_asserts

from workbook.plugin.comparison import Comparison, condition, differences, show_value, wrong_assertion

A = "a" * 50


@pytest.mark.parametrize(
    "got, expected, told",
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1, "c": 3}, {"a": 2, "b": 2}, ["['a']: 1, not 2", "['b'] is missing", "['c'] isn't expected"]),
        ({"a": [{"b": None}]}, {"a": [{"b": 1}]}, ["['a'][0]['b']: None, not 1"]),
        ([1, 2], [1], ["2 items, not 1"]),
        ([1, 2], [3], ["2 items, not 1", "[0]: 1, not 3"]),
        ((1, 2), [1, 2], ["(1, 2), not [1, 2]"]),
        ("one", "two", ["'one', not 'two'"]),
        (f"{A}bcd", f"{A}xyz", ["from character 51: 'bcd', not 'xyz'"]),
        (A, f"{A}xyz", ["from character 51: '', not 'xyz'"]),
        ({"a": A}, {"a": A}, []),
    ],
)
def test_differences_name_their_place(got: Any, expected: Any, told: list[str]) -> None:
    """If two values differ, the card shows the path to the difference."""
    assert list(differences(got, expected)) == told


@pytest.mark.parametrize(
    "op, left, right, statement, sections",
    [
        ("==", 1, 2, "assert got == 2", [("Expected", ["2"]), ("Got", ["1"]), ("Checked", ["got"])]),
        ("==", 2, 1, "assert 2 == got", [("Expected", ["2"]), ("Got", ["1"]), ("Checked", ["got"])]),
        ("!=", 1, 1, "assert got != 1", [("Expected", ["not 1"]), ("Got", ["1"]), ("Checked", ["got"])]),
        ("is not", 0, 0, "assert f(x) is not 0", [("Expected", ["not 0"]), ("Got", ["0"]), ("Checked", ["f(x)"])]),
        ("in", 3, [1], "assert 3 in got", [("Expected", ["contains 3"]), ("Got", ["[1]"]), ("Checked", ["got"])]),
        ("in", 500, {422}, "assert a in {422}", [("Expected", ["one of {422}"]), ("Got", ["500"]), ("Checked", ["a"])]),
        ("not in", 5, [5], "assert a not in [5]", [("Expected", ["none of [5]"]), ("Got", ["5"]), ("Checked", ["a"])]),
        ("<", 0, -1, "assert 0 < got", [("Expected", ["> 0"]), ("Got", ["-1"]), ("Checked", ["got"])]),
        ("<=", 3, 2, "assert 1 <= got <= 2", [("Expected", ["<= 2"]), ("Got", ["3"]), ("Checked", ["got"])]),
        ("<", 1, 0, "assert 1 < got < 9", [("Expected", ["> 1"]), ("Got", ["0"]), ("Checked", ["got"])]),
        (
            "==", 1, 2, "assert before == response.json()",
            [("Expected", ["1"]), ("Got", ["2"]), ("Checked", ["response.json()"])],
        ),
        ("==", 1, 2, "assert a == b and c", [("Expected", ["2"]), ("Got", ["1"])]),
    ],
)  # fmt: skip
def test_sections_tell_the_tested_value(
    op: str, left: Any, right: Any, statement: str, sections: list[tuple[str, list[str]]]
) -> None:
    """What you got is the value from the app, on whichever side of the comparison it is."""
    assert Comparison(op, left, right).sections(statement) == sections


@pytest.mark.parametrize(
    "code, values, expected, got",
    [
        ("lines_of(app)", {"lines_of": lambda _: [], "app": 1}, "at least one", "[]"),
        ("response.get('x')", {"response": {}}, "something, not None", "None"),
        ("ok", {"ok": False}, "True", "False"),
        ("not left", {"left": ["name"]}, "nothing: an empty list", "['name']"),
        ("re.fullmatch('[0-9a-f]{4}', given)", {"re": re, "given": "xyz"}, "a text that matches [0-9a-f]{4}", "'xyz'"),
        ("re.fullmatch('[0-9a-f]{4}', given)", {"re": re, "given": ""}, "a text that matches [0-9a-f]{4}", "''"),
        (
            "wait(lambda: seen == 1)", {"wait": lambda _: False, "seen": 0},
            "to become true: seen == 1", "it didn't, until the time was up",
        ),
        ("all(n > 1 for n in found)", {"found": [1]}, "true of every: n > 1", "it isn't true of every"),
        ("first and second", {"first": True, "second": False}, "True", "(True and False)"),
    ],
)  # fmt: skip
def test_what_is_not_compared_has_both_sides_too(code: str, values: dict[str, Any], expected: str, got: str) -> None:
    """An assertion without a comparison says what was expected and what came, never a bare expression."""
    explained = explanation_of(code, values)

    sections = dict(wrong_assertion(explained, f"assert {code}", None))
    assert (sections["Expected"], sections["Got"]) == ([expected], [got])


def explanation_of(code: str, values: dict[str, Any]) -> str:
    """Return what pytest says of `assert code` that fails with these values."""
    source = f"def test_it():\n    assert {code}\n"
    tree = ast.parse(source)
    rewrite_asserts(tree, source.encode())
    names = dict(values)
    exec(compile(tree, "test_it.py", "exec"), names)
    with pytest.raises(AssertionError) as raised:
        names["test_it"]()
    return str(raised.value)


def test_long_values_are_cut() -> None:
    """A value with many lines is cut after some of them, and a long line after some columns."""
    assert show_value(list(range(1000)), lines=3) == ["[0,", " 1,", " 2,", "…"]
    assert [len(line) for line in show_value(b"x" * 50)] == [53]
    assert max(len(line) for line in show_value({"key": "word " * 100})) <= 68


def test_a_statement_is_one_line() -> None:
    """A statement over several lines is shown on one, and an assertion without its message."""
    assert condition("assert response.json() == {\n    'a': 1,\n}, 'no'") == "response.json() == {'a': 1}"
    assert condition("response = client.get(\n    '/a'\n)") == "response = client.get( '/a' )"
