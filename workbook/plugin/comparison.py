"""What a failed assertion compared: what was expected, what came, and where the two differ."""

import ast
import pprint
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

WIDTH = 68  # of what stands beside a label of 12 columns in a terminal of 80
LEADS = {"==": "", "is": "", "!=": "not ", "is not": "not ", "in": "contains ", "not in": "does not contain "}
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
        left_code, right_code = _operands(statement)
        expected, got, checked = self.right, self.left, left_code
        if self.op in {"in", "not in"} or (_is_literal(left_code) and right_code and not _is_literal(right_code)):
            expected, got, checked = self.left, self.right, right_code
        lead = LEADS.get(self.op, f"{self.op} ")
        sections = [("Expected", show_value(expected, lead)), ("Got", show_value(got))]
        if checked and not _is_literal(checked):
            sections.append(("Checked", [cut(checked)]))
        if self.op == "==" and sum(len(lines) for _, lines in sections[:2]) > 4:
            sections.append(("Differs", list(islice(differences(got, expected), 6))))
        return [section for section in sections if section[1]]


def show_value(value: Any, lead: str = "", lines: int = 16) -> list[str]:
    """Return a value as lines that fit a card, at most `lines` of them and a “…”."""
    text = lead + pprint.pformat(value, width=WIDTH - len(lead), sort_dicts=False, underscore_numbers=False)
    whole = text.splitlines()
    return [cut(line, 200) for line in whole[:lines]] + (["…"] if len(whole) > lines else [])


def cut(text: str, width: int = 2 * WIDTH) -> str:
    """Return `text` on one line of at most `width` characters."""
    line = " ".join(text.split()) if "\n" in text else text
    return line if len(line) <= width else line[: width - 1] + "…"


def differences(got: Any, expected: Any, where: str = "") -> Iterator[str]:
    """Yield the differences of two values, as lines that name the place."""
    at = f"{where}: " if where else ""
    if isinstance(got, Mapping) and isinstance(expected, Mapping):
        for key in {**expected, **got}:
            if key not in got:
                yield f"{where}[{key!r}] is missing"
            elif key not in expected:
                yield f"{where}[{key!r}] is not expected"
            else:
                yield from differences(got[key], expected[key], f"{where}[{key!r}]")
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
        yield cut(f"{at}{got!r}, not {expected!r}")


def condition(statement: str) -> str:
    """Return a statement on one line; of an assertion, only its expression."""
    node = _parse(statement)
    return cut(ast.unparse(node.test) if isinstance(node, ast.Assert) else " ".join(statement.split()))


def wrong_assertion(error: str, statement: str, comparison: Comparison | None) -> list[Section]:
    """Return what a failed assertion says; `error` is pytest's text, `comparison` the last one that didn't hold."""
    message, _, explained = f"\n{error}".partition("\nassert ")
    says: list[Section] = [("It says", message.strip().splitlines())] if message.strip() else []
    if comparison and f" {comparison.op} " in explained:  # else it is of an earlier assertion
        return says + comparison.sections(statement)
    negated = explained.splitlines()[0].removeprefix("not ") if explained.startswith("not ") else ""
    return [*says, ("Expected", [condition(statement)]), *([("Got", [cut(negated)])] if negated else [])]


def _parse(statement: str) -> ast.stmt | None:
    try:
        nodes: Sequence[ast.stmt] = ast.parse(statement.strip()).body
    except SyntaxError:
        return None
    return nodes[0] if nodes else None


def _operands(statement: str) -> tuple[str, str]:
    """Return the source of an assertion's left and right; "" for both unless it's a single comparison."""
    node = _parse(statement)
    test = node.test if isinstance(node, ast.Assert) else None
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return ast.unparse(test.left), ast.unparse(test.comparators[0])
    return "", ""


def _is_literal(code: str) -> bool:
    try:
        ast.literal_eval(code)
    except (ValueError, SyntaxError):
        return False
    return True
