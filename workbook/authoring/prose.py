"""Everything that people read, as prose with its place: pages, hints, experiments, promises, messages, comments."""

import ast
import io
import json
import re
import tokenize
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook.course.changes import left_out

# A text's kind, by the file that holds it: the first pattern that matches.
KINDS = {
    "lessons": ("stages/*/README.md", "stages/*/explore.ipynb", "final/README.md"),
    "tasks": ("stages/*/tasks/**/*.md", "stages/*/experiments.toml", "stages/review.toml", "final/tour.toml"),
    "exercises": ("exercises/*/*.md",),
    "instructors": ("docs/instructors/*.md", "docs/publish.md"),
    "pages": ("*.md", "docs/**/*.md", "workbook/README.md", "workbook.toml", "workbook/playground/examples/*.toml"),
}
_COURSE = ("stages", "final", "exercises")  # whose tests make the failure cards
_PYTHON = ("workbook", *_COURSE, "tests", "benchmarks")
# Of a TOML table, what a learner reads.
_SPOKEN = {"title", "question", "why", "says", "about", "concept", "outcome", "name", "notes"}
_FENCE = re.compile(r"^(?P<indent>[ >]*)(?P<mark>`{3,}|~{3,}).*?^(?P=indent)(?P=mark) *$", re.MULTILINE | re.DOTALL)
_FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_FILLED_IN = re.compile(
    r"^<!-- (?!not for learners|part )\w[^>]*-->\n(?:(?!<!--).)*?^<!-- end -->$", re.MULTILINE | re.DOTALL
)
_BOX = re.compile(r'^ *(?:!!!|\?\?\?\+?|===\+?) +\w*(?: +"([^"]*)")?.*$', re.MULTILINE)
_NOT_PROSE = re.compile(r"^ *\|[ :|-]+\|$|\{\{.*?\}\}|\{[:.#][^}]*\}|<!--.*?-->|<[^>]+>", re.MULTILINE | re.DOTALL)
_SENTENCE = re.compile(r"(?:^|(?<=\s))\. |(?<=[.!?:])[\"”’)]*\s+(?=[\"“‘(`A-Z0-9])|\n\s*\n")


@dataclass(frozen=True)
class Passage:
    """A piece of prose: where it is, what kind of text it's part of, and its words."""

    path: str
    line: int
    kind: str
    text: str

    @property
    def sentences(self) -> list[str]:
        """Its sentences, each on one line."""
        parts = (" ".join(part.split()) for part in _SENTENCE.split(self.text))
        return [part for part in parts if part]


def passages(root: Path) -> Iterator[Passage]:
    """Yield all prose of the repository at `root`, file by file."""
    yield from pages(root)
    for folder in _PYTHON:
        for path in sorted((root / folder).rglob("*.py")):
            place = path.relative_to(root).as_posix()
            if not left_out(str(path.parent), [path.name]) and ".venv" not in path.parts:
                yield from _python(place, path.read_text(encoding="utf-8"))


def pages(root: Path) -> Iterator[Passage]:
    """Yield the prose that isn't in Python files, which take ten times as long to read."""
    seen: set[Path] = set()
    for kind, patterns in KINDS.items():
        for path in (path for pattern in patterns for path in sorted(root.glob(pattern))):
            if path.is_file() and path not in seen:
                seen.add(path)
                text = path.read_text(encoding="utf-8")
                for line, words in _READ.get(path.suffix, _markdown)(text):
                    yield Passage(path.relative_to(root).as_posix(), line, kind, words)


def plain(text: str) -> str:
    """Return Markdown as prose: no fences, shortcodes or marks; code within a sentence becomes one word."""
    text = _FRONT.sub(lambda front: "\n" * front[0].count("\n"), text)
    text = _FILLED_IN.sub(lambda block: "\n" * block[0].count("\n"), text)  # it's written, and counted, elsewhere
    text = _FENCE.sub(lambda fence: "\n" * fence[0].count("\n"), text)
    text = _BOX.sub(lambda box: box[1] or "", text)
    text = re.sub(r"`[^`\n]+`", "`code`", text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = _NOT_PROSE.sub(lambda mark: "\n" * mark[0].count("\n"), text)
    text = re.sub(r"^ *(?:#+|[-*+]|\d+\.|>) +(?:\[[ x]\] +)?", ". ", text, flags=re.MULTILINE)
    return text.replace("|", " . ").replace("**", "").replace("*", "")


def _markdown(text: str) -> Iterator[tuple[int, str]]:
    line = 1
    for part in re.split(r"(\n\s*\n)", plain(text)):
        if part.strip():
            yield line, part
        line += part.count("\n")


def _toml(text: str) -> Iterator[tuple[int, str]]:
    """Yield a TOML file's sentences; a string's line is where its first words are."""
    for words in _spoken(tomllib.loads(text)):
        first = words.strip().partition("\n")[0]
        yield text[: max(text.find(first), 0)].count("\n") + 1, plain(words)


def _notebook(text: str) -> Iterator[tuple[int, str]]:
    """Yield the cells of a notebook that aren't code, each with the line of its first words."""
    for cell in json.loads(text)["cells"]:
        if cell["cell_type"] == "markdown":
            first = json.dumps(cell["source"][0], ensure_ascii=False)
            yield text[: max(text.find(first), 0)].count("\n") + 1, plain("".join(cell["source"]))


_READ = {".toml": _toml, ".ipynb": _notebook}


def _spoken(table: Any, key: str = "") -> Iterator[str]:
    if isinstance(table, dict):
        for name, value in table.items():
            yield from _spoken(value, name)
    elif isinstance(table, list):
        for value in table:
            yield from _spoken(value, key)
    elif isinstance(table, str) and key in _SPOKEN and " " in table:
        yield table


def _python(place: str, text: str) -> Iterator[Passage]:
    tree = ast.parse(text)
    tests = Path(place).name.startswith("test_")
    of_course = Path(place).parts[0] in _COURSE
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if words := ast.get_docstring(node):
                promise = tests and isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
                yield Passage(place, getattr(node, "lineno", 1), "promises" if promise else "docstrings", plain(words))
        elif words := _message(node) or (_on_a_card(node) if of_course else ""):
            yield Passage(place, getattr(node, "lineno", 1), "messages", plain(words))
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and not re.match(r"#( type:| noqa|!|:)", token.string):
            yield Passage(place, token.start[0], "comments", plain(token.string.lstrip("# ")))


def _message(node: ast.AST) -> str:
    """Return the words of `UserError("…")`, `say("…")` or `help="…"`; values in them become one word each."""
    if not isinstance(node, ast.Call):
        return ""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    found = list(node.args) if name in {"UserError", "say", "tell"} else []
    found += [keyword.value for keyword in node.keywords if keyword.arg in {"help", "description"}]
    return ". ".join(filter(None, map(_words, found)))


def _on_a_card(node: ast.AST) -> str:
    """Return what a failure card says: the message of an assertion, or the text that a test calls `said`."""
    if isinstance(node, ast.Assert) and node.msg:
        return _words(node.msg)
    if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["said"]:
        return _words(node.value)
    return ""


def _words(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_words(part) if isinstance(part, ast.Constant) else "value" for part in node.values)
    if isinstance(node, ast.BinOp):
        return _words(node.left) + _words(node.right)
    if isinstance(node, ast.IfExp):
        return ". ".join(filter(None, (_words(node.body), _words(node.orelse))))
    return ""
