"""What reads what someone else has written: no regular expression without a bound, and no picture of any kind."""

import ast
from collections.abc import Iterator
from pathlib import Path
from re import _parser as parser  # type: ignore[attr-defined]

import pytest

from .test_repo import ROOT

# Where what comes from a submission, its app or a class folder is looked at.
READING_FOREIGN_TEXT = ("plugin", "serving", "sandbox", "testrun", "conformance")
FILES = [file for room in READING_FOREIGN_TEXT for file in sorted((ROOT / "workbook" / room).rglob("*.py"))]
FILES += [
    ROOT / f"workbook/{file}.py" for file in ("grader/evidence", "grader/exports", "report/canvas", "report/moodle")
]
FILES += sorted(ROOT.glob("exercises/*/*.py"))
FILES += sorted(ROOT.glob("exercises/*/hidden/*.py"))
# Of these the text is ours: a browser's first line, a request that a test has made.
OURS = {"DevTools listening on (ws://\\S+)"}
FUNCTIONS = {"compile", "match", "search", "fullmatch", "findall", "finditer", "sub", "subn", "split"}
MOST_NESTED = 10_000  # repeats within repeats: how often the innermost is tried at one place


def expressions(file: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each expression in a file, with `x` for what's put into it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in FUNCTIONS and ast.unparse(node.func.value) == "re":
            yield node.lineno, text_of(node.args[0])


def text_of(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
        return node.value.decode() if isinstance(node.value, bytes) else node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "x" for part in node.values)  # type: ignore[misc]
    return "x"  # a name: what it stands for is found where it's made


def repeats(parsed: object, outer: int = 1) -> Iterator[int]:
    """Yield for each repeat how often it's done at one place; `parser.MAXREPEAT` if there's no bound."""
    for operation, argument in parsed:  # type: ignore[attr-defined]
        if operation in {parser.MAX_REPEAT, parser.MIN_REPEAT, parser.POSSESSIVE_REPEAT}:
            _, most, inside = argument
            times = parser.MAXREPEAT if most == parser.MAXREPEAT else int(most) * outer
            yield times
            yield from repeats(inside, times)
        else:
            yield from inner(argument, outer)


def inner(argument: object, outer: int) -> Iterator[int]:
    """Yield the repeats within groups, branches and looks ahead."""
    if isinstance(argument, parser.SubPattern):
        yield from repeats(argument, outer)
    elif isinstance(argument, tuple | list):
        for part in argument:
            yield from inner(part, outer)


def test_every_repeat_has_a_bound() -> None:
    """No expression on foreign text repeats without a bound, or repeats repeats more often than is cheap."""
    found = [(file, line, text) for file in FILES for line, text in expressions(file) if text not in OURS]
    assert len(found) > 25
    wrong = [
        f"{file.relative_to(ROOT)}:{line} {text}"
        for file, line, text in found
        if any(times >= min(parser.MAXREPEAT, MOST_NESTED) for times in repeats(parser.parse(text)))
    ]
    assert wrong == []


def test_pictures_are_opened_in_one_way() -> None:
    """Of all kinds that Pillow knows, only those that are expected are opened: one of them runs another program."""
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Image.open"
        if "formats" not in {keyword.arg for keyword in node.keywords}
    ]
    assert found == []


def test_placeholders_are_among_them() -> None:
    """The expressions that are compiled in a loop have bounds, too."""
    from workbook.grader.evidence import PLACEHOLDERS

    for pattern, _ in PLACEHOLDERS:
        flags = "(?i)" if "(?i)" in pattern.pattern else ""
        assert max(repeats(parser.parse(flags + pattern.pattern.removeprefix("(?i)"))), default=0) < MOST_NESTED


@pytest.mark.parametrize("text", ["a+b", "(ab)*", "[^)]*?x", "(?:a{1,200}){1,200}", "(?=.*x)", r"x(\s+|y)"])
def test_an_expression_without_a_bound_is_found(text: str) -> None:
    """The walk finds repeats of every kind, also in groups, branches and looks ahead."""
    assert max(repeats(parser.parse(text))) >= MOST_NESTED
