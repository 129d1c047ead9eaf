"""What a source file uses that only a newer Python has: its syntax, and names of the standard library.

Run as a script, it reads a source on its standard input and prints which Python it needs, and for what. The source
could be anyone's, and parsing it could take any amount of stack and memory. So that happens in a separate process
with limits.
"""

import ast
import json
import re
import subprocess
import sys
from dataclasses import dataclass, field

LARGEST = 256 * 1024
SECONDS, MEMORY = 5, 1 << 30
DEEPEST = 20
Version = tuple[int, int]
STRING = re.compile(r"(?<![\w.])([A-Za-z]{0,2})('''|\"\"\"|'|\")")
TYPE_PARAMETERS = re.compile(r"\b(?:def|class|type)[ \t]+\w+[ \t]*\[")
TYPE_STATEMENT = re.compile(r"(?m)^([ \t]*)type[ \t]+(?=\w+[ \t]*=)")
SEVERAL_EXCEPT = re.compile(r"(?m)^([ \t]*except\*?)[ \t]+([^:()\n]{1,200},[^:()\n]{1,200}):")
# What `from MODULE import NAME` needs.
NAMES: dict[tuple[str, str], Version] = {
    ("collections.abc", "Buffer"): (3, 12),
    ("itertools", "batched"): (3, 12),
    ("typing", "TypeAliasType"): (3, 12),
    ("typing", "override"): (3, 12),
    ("types", "get_original_bases"): (3, 12),
    ("copy", "replace"): (3, 13),
    ("pathlib", "UnsupportedOperation"): (3, 13),
    ("queue", "ShutDown"): (3, 13),
    ("typing", "NoDefault"): (3, 13),
    ("typing", "ReadOnly"): (3, 13),
    ("typing", "TypeIs"): (3, 13),
    ("typing", "get_protocol_members"): (3, 13),
    ("typing", "is_protocol"): (3, 13),
    ("warnings", "deprecated"): (3, 13),
    ("typing", "evaluate_forward_ref"): (3, 14),
    ("uuid", "uuid6"): (3, 14),
    ("uuid", "uuid7"): (3, 14),
    ("uuid", "uuid8"): (3, 14),
}
MODULES: dict[str, Version] = {
    "dbm.sqlite3": (3, 13),
    "annotationlib": (3, 14),
    "compression": (3, 14),
    "concurrent.interpreters": (3, 14),
    "pathlib.types": (3, 14),
    "string.templatelib": (3, 14),
}
NOT_A_NAME = re.compile(r"cannot import name '(\w{1,80})' from '([\w.]{1,80})'")
NOT_AN_ATTRIBUTE = re.compile(r"module '([\w.]{1,80})' has no attribute '(\w{1,80})'")
NOT_A_MODULE = re.compile(r"No module named '([\w.]{1,80})'")


@dataclass(frozen=True)
class Need:
    """A Python that's needed, as `3.12`, and what for."""

    python: str
    what: str


def syntax_needs(source: bytes) -> Need | None:
    """Return the newer Python whose syntax the source is written in; None if it's wrong in every Python."""
    if len(source) > LARGEST:
        return None
    try:
        ended = subprocess.run(
            [sys.executable, "-I", "-S", __file__], input=source, capture_output=True, timeout=SECONDS, check=True
        )
        python, what = json.loads(ended.stdout)
    except (OSError, ValueError, TypeError, subprocess.SubprocessError):
        return None
    return Need(str(python), str(what))


def error_needs(text: str, here: Version = sys.version_info[:2]) -> Need | None:
    """Return what an error at import says of a module or a name that only a newer Python's library has."""
    for found in NOT_A_MODULE.findall(text):
        version = next((version for name, version in MODULES.items() if f"{found}.".startswith(f"{name}.")), here)
        if version > here:
            return Need(_written(version), f"imports {found}")
    names = [(module, name) for name, module in NOT_A_NAME.findall(text)] + NOT_AN_ATTRIBUTE.findall(text)
    for module, name in names:
        if NAMES.get((module, name), here) > here:
            return Need(_written(NAMES[module, name]), f"uses {module}.{name}")
    return None


def _written(version: Version) -> str:
    return ".".join(map(str, version))


@dataclass
class _Older:
    """A source, rewritten piece by piece as an older Python would read it; `used` is what had to be rewritten."""

    used: dict[str, Version] = field(default_factory=dict)

    def note(self, what: str, version: Version) -> None:
        self.used[what] = max(version, self.used.get(what, version))

    def rewrite(self, source: str, depth: int = 0) -> list[str]:
        """Return the source without new syntax, and each expression in its f-strings. Raises `ValueError`."""
        if depth > DEEPEST:
            raise ValueError("nested too deeply")
        out, expressions, place = [], [], 0
        while place < len(source):
            character = source[place]
            if character == "#":
                end = source.find("\n", place)
                place = len(source) if end < 0 else end
            elif (character in "'\"" or character.isalpha()) and (match := STRING.match(source, place)):
                prefix = match[1].lower()
                if "f" in prefix or "t" in prefix:
                    self.note("t-strings" if "t" in prefix else "f-strings", (3, 14) if "t" in prefix else (3, 12))
                    inside, place = self._fields(source, match.end(), match[2], raw="r" in prefix)
                    for one in inside:
                        expressions += self.rewrite(f"({one}\n)", depth + 1)
                    out.append('""')
                else:
                    place = _end_of_string(source, match.end(), match[2])
                    out.append('b""' if "b" in prefix else '""')
            else:
                word = re.compile(r"\w+|.", re.DOTALL).match(source, place)
                assert word
                out.append(word[0])
                place = word.end()
        return [self._without_statements("".join(out)), *expressions]

    def _fields(self, source: str, place: int, quote: str, *, raw: bool) -> tuple[list[str], int]:
        """Return the expressions of an f-string whose text begins at `place`, and where it ends."""
        found: list[str] = []
        while place < len(source):
            if source.startswith(quote, place):
                return found, place + len(quote)
            if source[place] == "\\" and not raw and not source.startswith("\\N{", place):
                place += 2
            elif source[place] == "\\":
                place += 2 if source[place + 1 : place + 2] in quote else 1
                if source.startswith("N{", place):
                    place = source.find("}", place) + 1 or len(source)
            elif source.startswith(("{{", "}}"), place):
                place += 2
            elif source[place] == "{":
                place = self._field(source, place + 1, found)
            else:
                place += 1
        raise ValueError("a string without an end")

    def _field(self, source: str, place: int, found: list[str]) -> int:
        """Add the expression that begins at `place`, and those in its format; return where the field ends."""
        begin, depth = place, 0
        while place < len(source):
            character = source[place]
            if match := STRING.match(source, place):
                if {"f", "t"} & set(match[1].lower()):
                    _, place = self._fields(source, match.end(), match[2], raw="r" in match[1].lower())
                else:
                    place = _end_of_string(source, match.end(), match[2])
                continue
            if character == "#":
                place = source.find("\n", place)
                if place < 0:
                    break
            elif character in "([{":
                depth += 1
            elif character in ")]}" and depth:
                depth -= 1
            elif depth == 0 and (character in "}:" or (character == "!" and source[place + 1 : place + 2] != "=")):
                found.append(re.sub(r"(?<![=!<>:])=\s*$", "", source[begin:place]))
                return self._format(source, place, found)
            place += 1
        raise ValueError("a field without an end")

    def _format(self, source: str, place: int, found: list[str]) -> int:
        while place < len(source) and source[place] != "}":
            place = self._field(source, place + 1, found) if source[place] == "{" else place + 1
        return place + 1

    def _without_statements(self, code: str) -> str:
        """Return code, whose strings and comments are gone, without type parameters, `type`, and bare tuples."""
        while match := TYPE_PARAMETERS.search(code):
            end = _end_of_brackets(code, match.end())
            self.note("type parameters", (3, 13) if "=" in code[match.end() : end] else (3, 12))
            code = code[: match.end() - 1] + " " + code[end:]
        if TYPE_STATEMENT.search(code):
            self.note("the type statement", (3, 12))
            code = TYPE_STATEMENT.sub(r"\1", code)
        if SEVERAL_EXCEPT.search(code):
            self.note("except without parentheses", (3, 14))
            code = SEVERAL_EXCEPT.sub(r"\1 (\2):", code)
        return code


def _end_of_string(source: str, place: int, quote: str) -> int:
    while place < len(source):
        if source[place] == "\\":
            place += 2
        elif source.startswith(quote, place):
            return place + len(quote)
        else:
            place += 1
    raise ValueError("a string without an end")


def _end_of_brackets(code: str, place: int) -> int:
    depth = 1
    while depth and place < len(code):
        depth += {"[": 1, "]": -1}.get(code[place], 0)
        place += 1
    return place


def find_need(source: str) -> tuple[str, str] | None:
    """Return the Python that the source needs, and what for; None if this one reads it, or no other one does."""
    try:
        ast.parse(source)
        return None
    except SyntaxError:
        older = _Older()
    try:
        for part in older.rewrite(source):
            ast.parse(part)
    except (SyntaxError, ValueError, IndexError, RecursionError):
        return None
    here = sys.version_info[:2]
    newer = {what: version for what, version in older.used.items() if version > here}
    if not newer:
        return None
    # An f-string is as old as Python 3.6, so it's the reason only where there's no other.
    others = {what: version for what, version in newer.items() if what != "f-strings"} or newer
    what = max(others, key=lambda one: others[one])
    name = "f-strings of a newer kind" if what == "f-strings" else what
    return _written(others[what]), name


if __name__ == "__main__":
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print(json.dumps(find_need(sys.stdin.buffer.read().decode("utf-8-sig", "replace"))))
