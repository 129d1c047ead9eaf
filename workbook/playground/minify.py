"""Python without its comments and docstrings: the same program on the same lines, in fewer bytes.

Half of what a reader would wait for is text that no one reads in a browser. Lines stay where they are, so a traceback
still fits the published source.
"""

import ast
import bisect
import io
import re
import sys
import tokenize
from collections.abc import Iterator

# Up to Python 3.11 a quote ends a string wherever it is, in an f-string's braces too.
_STRING_OR_COMMENT = re.compile(
    r'''
    """ [^"\\]* (?: (?: \\. | "(?!"") ) [^"\\]* )* """
    | \'{3} [^'\\]* (?: (?: \\. | '(?!\'\') ) [^'\\]* )* \'{3}
    | " [^"\\\n]* (?: \\. [^"\\\n]* )* "
    | ' [^'\\\n]* (?: \\. [^'\\\n]* )* '
    | \# [^\n]*
    ''',
    re.VERBOSE | re.DOTALL,
)


def shorten(source: bytes) -> bytes:
    """Return `source` with comments, docstrings and `Doc(…)` texts emptied, or unchanged if it can't be parsed."""
    try:
        text = source.decode("utf-8")
        tree = ast.parse(text)
        lines = text.splitlines(keepends=True)
        for first, last in sorted(_comments(text) + _documentation(tree, text, lines), reverse=True):
            _empty(lines, first, last)
        short = "".join(lines)
        ast.parse(short)
    except (SyntaxError, ValueError, tokenize.TokenError):  # newer syntax than this interpreter's, or no UTF-8
        return source
    return short.encode("utf-8")


Place = tuple[int, int]  # line from 1, column in characters


def _comments(text: str) -> list[tuple[Place, Place]]:
    """Return where comments are, except on the first two lines, which may name an encoding."""
    if sys.version_info >= (3, 12):  # whose tokenizer is written in C, and knows quotes inside an f-string's braces
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        found = [(one.start, one.end) for one in tokens if one.type == tokenize.COMMENT]
    else:
        starts = [0, *(match.end() for match in re.finditer("\n", text))]
        found = []
        for match in _STRING_OR_COMMENT.finditer(text):
            if match[0][0] == "#":
                line = bisect.bisect(starts, match.start())
                found.append(((line, match.start() - starts[line - 1]), (line, match.end() - starts[line - 1])))
    return [place for place in found if place[0][0] > 2]


def _documentation(tree: ast.Module, text: str, lines: list[str]) -> list[tuple[Place, Place]]:
    found: list[ast.expr] = []
    for node in _statements(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            match node.body:
                case [ast.Expr(value=ast.Constant(value=str()) as words), *_]:
                    found.append(words)
    for node in ast.walk(tree) if "Doc(" in text else ():
        match node:
            case ast.Call(func=ast.Name(id="Doc"), args=[ast.Constant(value=str()) as words]):
                found.append(words)
    places = []
    for one in found:
        assert one.end_lineno is not None
        assert one.end_col_offset is not None
        places.append(
            (
                (one.lineno, _column(lines[one.lineno - 1], one.col_offset)),
                (one.end_lineno, _column(lines[one.end_lineno - 1], one.end_col_offset)),
            )
        )
    return places


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the module and all of its statements; looking into their expressions would take most of the time."""
    left: list[ast.AST] = [tree]
    while left:
        node = left.pop()
        yield node
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            inside = getattr(node, block, ())
            left += inside if isinstance(inside, list) else ()


def _column(line: str, offset: int) -> int:
    """Return the column in characters of an `offset` that ast counts in bytes."""
    return len(line.encode("utf-8")[:offset].decode("utf-8"))


def _empty(lines: list[str], first: Place, last: Place) -> None:
    """Remove what's between the two places; a text becomes an empty one over as many lines."""
    (from_line, from_column), (to_line, to_column) = first, last
    start, end = lines[from_line - 1][:from_column], lines[to_line - 1][to_column:]
    if lines[from_line - 1][from_column] == "#":
        lines[from_line - 1] = start.rstrip() + end
    elif from_line == to_line:
        lines[from_line - 1] = f'{start}""{end}'
    else:
        lines[from_line - 1] = f'{start}"""\n'
        for number in range(from_line, to_line - 1):
            lines[number] = "\n"
        lines[to_line - 1] = f'"""{end}'
