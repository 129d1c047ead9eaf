"""Where a named part of a file is. Pages use names, because line numbers would go out of date."""

import ast
import re
import textwrap
from pathlib import Path


def lines_of(file: Path, names: str) -> str:
    """Return the lines of `names` in `file`, as the snippets extension takes them: `12:30`, or the marker's own name.

    A Python file's parts are its functions, classes and variables, by name; `a..b` is all from one to the other.
    Any other part is between `[start:name]` and `[end:name]` in comments. Raises `LookupError`.
    """
    text = file.read_text(encoding="utf-8")
    if re.search(rf"\[start:{re.escape(names)}\]", text):
        return names
    parts = _parts(text) if file.suffix == ".py" else {}
    first, _, last = names.partition("..")
    for name in (first, last or first):
        if name not in parts:
            raise LookupError(f"{file.name} has no {name}; there are {', '.join(parts) or 'no named parts'}")
    return f"{parts[first][0]}:{parts[last or first][1]}"


def section_text(file: Path, names: str) -> str:
    """Return the text of `names` in `file`; `all` is the whole file. Raises `LookupError`."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    if names == "all":
        return "".join(lines)
    where = lines_of(file, names)
    if where == names:
        first, last = (
            next(n for n, line in enumerate(lines) if f"[{end}:{names}]" in line) for end in ("start", "end")
        )
        return textwrap.dedent("".join(lines[first + 1 : last]))
    first, last = map(int, where.split(":"))
    return textwrap.dedent("".join(lines[first - 1 : last]))


def _parts(text: str) -> dict[str, tuple[int, int]]:
    """Return the first and last line of everything that the module names, by its name; methods as `Class.method`."""
    found: dict[str, tuple[int, int]] = {}

    def look(body: list[ast.stmt], before: str) -> None:
        for node in body:
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                    found[before + name] = first, node.end_lineno or first
                    if isinstance(node, ast.ClassDef):
                        look(node.body, f"{before}{name}.")
                case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                    found[before + name] = node.lineno, node.end_lineno or node.lineno

    look(ast.parse(text).body, "")
    return found
