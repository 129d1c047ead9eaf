"""Python without its comments and its documentation: the same program on the same lines, in fewer bytes.

Half of what a reader would wait for is text that nobody reads in a browser. Lines stay where they are, so a traceback
still fits the published source.
"""

import ast
import io
import tokenize


def shorter(source: bytes) -> bytes:
    """Return `source` with comments, docstrings and `Doc(…)` texts emptied; unchanged if this Python can't read it."""
    try:
        text = source.decode("utf-8")
        tree = ast.parse(text)
        lines = text.splitlines(keepends=True)
        for first, last in sorted(_comments(text) + _documentation(tree, lines), reverse=True):
            _empty(lines, first, last)
        short = "".join(lines)
        compile(short, "shorter", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, tokenize.TokenError):  # newer syntax than this interpreter's, or no UTF-8
        return source
    return short.encode("utf-8")


Place = tuple[int, int]  # line from 1, column in characters


def _comments(text: str) -> list[tuple[Place, Place]]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return [(one.start, one.end) for one in tokens if one.type == tokenize.COMMENT and one.start[0] > 2]


def _documentation(tree: ast.Module, lines: list[str]) -> list[tuple[Place, Place]]:
    found: list[ast.expr] = []
    for node in ast.walk(tree):
        match node:
            case (
                ast.Module(body=body)
                | ast.ClassDef(body=body)
                | ast.FunctionDef(body=body)
                | ast.AsyncFunctionDef(body=body)
            ):
                match body:
                    case [ast.Expr(value=ast.Constant(value=str()) as text), *_]:
                        found.append(text)
            case ast.Call(func=ast.Name(id="Doc"), args=[ast.Constant(value=str()) as text]):
                found.append(text)
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
