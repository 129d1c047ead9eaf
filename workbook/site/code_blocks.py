"""Files and diffs on a generated page: under separate headings, and folded if they're long."""

import difflib
import re

MOST_LINES = 40  # of a file that is shown without being asked for
_KINDS = {".py": "python", ".html": "html"}


def diff(old: str, new: str) -> list[str]:
    return list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=3))[2:]


def block(kind: str, title: str, lines: list[str]) -> str:
    return "\n".join([f'``````{{ .{kind} title="{title}" }}', *lines, "``````"])


def fold_block(title: str, text: str, kind: str = "example") -> str:
    indented = "\n".join("    " + line if line else "" for line in text.splitlines())
    return f'??? {kind} "{title}"\n\n{indented}'


def under_a_heading(name: str, word: str, kind: str, lines: list[str], size: str) -> str:
    shown = block(kind, name, lines)
    if len(lines) > MOST_LINES:
        shown = fold_block(f"{name}, {size}", shown)
    return f"## `{name}` ({word}) {{ #{anchor(name)} }}\n\n{shown}"


def kind_of(name: str) -> str:
    return _KINDS.get(name[name.rfind(".") :], "text")


def anchor(name: str) -> str:
    return re.sub(r"[\W_]+", "-", name).strip("-")


def plus_minus(lines: list[str]) -> str:
    more, fewer = (sum(line.startswith(sign) for line in lines) for sign in "+-")
    return f"+{more} -{fewer}"


def size(text: str) -> str:
    return counted(len(text.splitlines()), "line")


def counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def in_words(told: list[str]) -> str:
    """Return the words as `a`, `a and b`, or `a, b and c`."""
    return ", ".join(told[:-1]) + (" and " if len(told) > 1 else "") + told[-1]
