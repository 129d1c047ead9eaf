"""What a failed assertion compared: what was expected, what came, and where the two differ."""

import ast
import pprint
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

WIDTH = 68  # of what's beside a label of 12 columns in a terminal of 80
ONE_OF = {"in": "one of", "not in": "none of"}
LEADS = {"==": "", "is": "", "!=": "not ", "is not": "not ", "in": "contains ", "not in": "doesn't contain "}
MOST_ITEMS, MOST_LETTERS, DEEPEST = 40, 1200, 8  # of a value that is shown: more than fits into 16 lines
MOST_VALUES = 60  # that hold others
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
SIGNS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
# What a test has from the app: a response's parts, a call of the client, what was logged, stored or mailed.
FROM_THE_APP = re.compile(
    r"\.(json|text|status_code|headers|cookies|content|log|files|read|to|wait_for)\b|\b(client|page|served|mailbox)\."
)
Section = tuple[str, list[str]]


class Different(AssertionError):
    """What came isn't what was expected. `sentence` says what's wrong, and stands for itself without the two."""

    def __init__(self, sentence: str, got: Any = None, expected: Any = None) -> None:
        super().__init__(sentence)
        self.sentence, self.got, self.expected = sentence, got, expected

    def sections(self) -> list[Section]:
        """Return what's wrong, and if there's something to compare, what was expected, what came and the difference."""
        said: list[Section] = [("It says", [self.sentence])]
        if self.got is None and self.expected is None:
            return said
        return said + Comparison("==", self.got, self.expected).sections("")


@dataclass(frozen=True)
class Comparison:
    """One comparison that did not hold."""

    op: str
    left: Any
    right: Any

    def sections(self, statement: str) -> list[Section]:
        """Return the sections expected, got, checked and differs; `statement` is the assertion's source."""
        left_code, right_code = self._operands(statement)
        expected, got, checked, op = self.right, self.left, left_code, self.op
        if op in {"in", "not in"} and _is_literal(right_code) and not _is_literal(left_code):
            op = ONE_OF[op]  # one of the values that the test names, and not a part of what came
        elif op in {"in", "not in"} or _is_the_expected(left_code, right_code):
            expected, got, checked, op = self.left, self.right, right_code, MIRRORED.get(op, op)
        lead = LEADS.get(op, f"{op} ")
        sections = [("Expected", show_value(expected, lead)), ("Got", show_value(got))]
        if checked and not _is_literal(checked):
            sections.append(("Checked", [cut(checked)]))
        if self.op == "==" and sum(len(lines) for _, lines in sections[:2]) > 4:
            sections.append(("Differs", list(islice(differences(got, expected), 6))))
        return [section for section in sections if section[1]]

    def _operands(self, statement: str) -> tuple[str, str]:
        """Return the source of the two sides; "" for both if it isn't clear which of several comparisons it was."""
        node = _parse(statement)
        test = node.test if isinstance(node, ast.Assert) else None
        if not isinstance(test, ast.Compare):
            return "", ""
        sides = [test.left, *test.comparators]
        pairs = [
            (ast.unparse(left), ast.unparse(right))
            for left, op, right in zip(sides, test.ops, sides[1:], strict=False)
            if SIGNS.get(type(op)) == self.op and _could_be(left, self.left) and _could_be(right, self.right)
        ]
        return pairs[0] if len(pairs) == 1 else ("", "")


def _could_be(node: ast.expr, value: object) -> bool:
    try:
        return bool(ast.literal_eval(node) == value)
    except (ValueError, TypeError, SyntaxError):
        return True


def _is_the_expected(left: str, right: str) -> bool:
    """Return whether the left side says what should be, and the right one what the app did."""
    if not left or not right:
        return False
    if _is_literal(left) != _is_literal(right):
        return _is_literal(left)
    return bool(FROM_THE_APP.search(right)) and not FROM_THE_APP.search(left)


def show_value(value: Any, lead: str = "", lines: int = 16) -> list[str]:
    """Return a value as lines that fit a card, at most `lines` of them and a “…”."""
    text = lead + pprint.pformat(shortened(value), width=WIDTH - len(lead), sort_dicts=False, underscore_numbers=False)
    whole = text.splitlines()
    return [cut(line, 200) for line in whole[:lines]] + (["…"] if len(whole) > lines else [])


class _Told:
    """Something that is shown as a text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def shortened(value: Any) -> Any:
    """Return a value that looks the same where it's short, and is never larger than a card can show."""
    return _shortened(value, DEEPEST, iter(range(MOST_VALUES)))


def _shortened(value: Any, levels: int, left: Iterator[int]) -> Any:
    kind = type(value)
    if kind in {str, bytes, bytearray}:
        return value[:MOST_LETTERS]
    if kind not in {dict, list, tuple, set, frozenset}:
        return _brief(value)
    if value and (not levels or next(left, None) is None):
        return _Told("…")
    if kind is dict:
        return {_key(key): _shortened(one, levels - 1, left) for key, one in islice(value.items(), MOST_ITEMS)}
    return kind(_shortened(one, levels - 1, left) for one in _first(value))


def _first(values: Iterable[Any]) -> Iterable[Any]:
    """Return the first of many values, and of a set the least ones."""
    if isinstance(values, set | frozenset) and len(values) > MOST_ITEMS:
        try:
            return sorted(values)[:MOST_ITEMS]
        except TypeError:
            pass
    return islice(values, MOST_ITEMS)


def _key(key: Any) -> Any:
    return key[:MOST_LETTERS] if isinstance(key, str | bytes) else key


def _brief(value: Any) -> Any:
    try:
        text = repr(value)
    except Exception as error:  # of a value that an app had a part in: anything may be wrong with it
        return _Told(f"<{type(value).__name__}: {type(error).__name__}>")
    return value if len(text) <= MOST_LETTERS else _Told(text[:MOST_LETTERS] + "…")


def cut(text: str, width: int = 2 * WIDTH) -> str:
    """Return `text` on one line of at most `width` characters."""
    text = text[: 16 * width]
    line = " ".join(text.split()) if "\n" in text else text
    return line if len(line) <= width else line[: width - 1] + "…"


def differences(got: Any, expected: Any, where: str = "") -> Iterator[str]:
    """Yield the differences of two values, as lines that name the place."""
    at = f"{where}: " if where else ""
    if isinstance(got, Mapping) and isinstance(expected, Mapping):
        for key in {**expected, **got}:
            place = f"{where}[{cut(repr(key))}]"
            if key not in got:
                yield f"{place} is missing"
            elif key not in expected:
                yield f"{place} isn't expected"
            else:
                yield from differences(got[key], expected[key], place)
    elif isinstance(got, str) and isinstance(expected, str) and max(len(got), len(expected)) > 40:
        pairs = enumerate(zip(got, expected, strict=False))
        n = next((n for n, (a, b) in pairs if a != b), min(len(got), len(expected)))
        if got != expected:
            yield f"{at}from character {n + 1}: {got[n : n + 20]!r}, not {expected[n : n + 20]!r}"
    elif isinstance(got, list | tuple) and type(got) is type(expected):
        if len(got) != len(expected):
            yield f"{at}{len(got)} items, not {len(expected)}"
        for n, (a, b) in enumerate(zip(got, expected, strict=False)):
            yield from differences(a, b, f"{where}[{n}]")
    elif got != expected:
        yield cut(f"{at}{shortened(got)!r}, not {shortened(expected)!r}")


def condition(statement: str) -> str:
    """Return a statement on one line; of an assertion, only its expression."""
    node = _parse(statement)
    return cut(ast.unparse(node.test) if isinstance(node, ast.Assert) else " ".join(statement.split()))


def wrong_assertion(error: str, statement: str, comparison: Comparison | None) -> list[Section]:
    """Return what a failed assertion says; `error` is pytest's text, `comparison` the last one that didn't hold."""
    message, _, explained = f"\n{error}".partition("\nassert ")
    says: list[Section] = [("It says", message.strip().splitlines())] if message.strip() else []
    if comparison and f" {comparison.op} " in explained:  # otherwise it's from an earlier assertion
        return says + comparison.sections(statement)
    got, *_ = explained.splitlines() or [""]
    node = _parse(statement)
    test = node.test if isinstance(node, ast.Assert) else None
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        told = "nothing: " + NOTHING.get(_kind(got.removeprefix("not ")), "it's false")
        return [*says, ("Expected", [told]), ("Got", [cut(got.removeprefix("not "))]), _checked(test.operand)]
    if test is None or not got:
        return says or [("It says", [condition(statement)])]
    return [*says, *_untrue(test, got, explained), _checked(test)]


LONGEST_CALL = 2300  # of a line in which pytest shows one
NOTHING = {"list": "an empty list", "str": "an empty text", "dict": "no entry", "NoneType": "None", "bool": "False"}
SOMETHING = {
    "list": "at least one",
    "str": "some text",
    "dict": "at least one entry",
    "NoneType": "something, not None",
}


def _kind(shown: str) -> str:
    try:
        return type(ast.literal_eval(shown)).__name__
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ""


def _untrue(test: ast.expr, got: str, explained: str) -> list[Section]:
    """Return what was expected of an expression that's true if all is well, and what it was."""
    called = ast.unparse(test.func).rpartition(".")[2] if isinstance(test, ast.Call) else ""
    if isinstance(test, ast.Call) and called in {"fullmatch", "match", "search"} and len(test.args) > 1:
        line = explained.splitlines()[1][:LONGEST_CALL] if "\n" in explained else ""
        given = re.search(r"\+  where None = .{0,300}?>?\((.{0,2000})\)$", line)
        values: Sequence[object] = ast.literal_eval(f"({given[1]},)") if given and _is_literal(f"({given[1]},)") else ()
        pattern = values[0] if len(values) > 1 else ast.unparse(test.args[0])
        text = values[1] if len(values) > 1 else ast.unparse(test.args[1])
        return [("Expected", [cut(f"a text that matches {pattern}")]), ("Got", [cut(repr(text))])]
    if isinstance(test, ast.Call) and any(isinstance(one, ast.Lambda) for one in test.args):
        body = next(ast.unparse(one.body) for one in test.args if isinstance(one, ast.Lambda))
        return [("Expected", [cut(f"to become true: {body}")]), ("Got", ["it didn't, until the time was up"])]
    if called in {"all", "any"} and isinstance(test, ast.Call) and isinstance(test.args[0], ast.GeneratorExp):
        each = "every" if called == "all" else "one"
        body = ast.unparse(test.args[0].elt)
        return [("Expected", [cut(f"true of {each}: {body}")]), ("Got", [f"it isn't true of {each}"])]
    return [("Expected", [SOMETHING.get(_kind(got), "True")]), ("Got", [cut(got)])]


def _checked(node: ast.expr) -> Section:
    return ("Checked", [cut(ast.unparse(node))])


def _parse(statement: str) -> ast.stmt | None:
    try:
        nodes: Sequence[ast.stmt] = ast.parse(statement.strip()).body
    except SyntaxError:
        return None
    return nodes[0] if nodes else None


def _is_literal(code: str) -> bool:
    try:
        ast.literal_eval(code)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False
    return True
