"""Files and diffs on a generated page: under separate headings, and folded if they're long."""

import difflib
import re

MOST_LINES = 40  # of a file that is shown without being asked for
_KINDS = {".py": "python", ".html": "html"}


_BARE = re.compile(r'^(?P<mark>`{3,})(?P<kind>\w+)(?P<words>(?: [\w-]+)*)(?P<title> title="[^"]*")?$')
_OF_CONSOLE = {"log", "mail"}  # what the served step writes


def braced(line: str) -> str:
    """Return the opening line of a fence as the site's Markdown takes it: a word behind the kind becomes a class.

    A code host ignores such words, so a README has them bare: ```console no-run
    """
    found = _BARE.match(line)
    if not found:
        return line
    kinds = ["console", found["kind"]] if found["kind"] in _OF_CONSOLE else [found["kind"]]
    classes = " ".join(f".{word}" for word in [*kinds, *found["words"].split()])
    simple = not (found["words"] or found["title"] or len(kinds) > 1)
    return line if simple else f"{found['mark']} {{ {classes}{found['title'] or ''} }}"


def diff(old: str, new: str) -> list[str]:
    return list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=3))[2:]


def block(kind: str, title: str, lines: list[str]) -> str:
    return "\n".join([f'``````{{ .{kind} title="{title}" }}', *lines, "``````"])


def fold_block(title: str, text: str, kind: str = "example") -> str:
    indented = "\n".join("    " + line if line else "" for line in text.splitlines())
    return f'??? {kind} "{title}"\n\n{indented}'


def under_a_heading(name: str, word: str, kind: str, lines: list[str], length: str) -> str:
    shown = block(kind, name, lines)
    if len(lines) > MOST_LINES:
        shown = fold_block(f"{name}, {length}", shown)
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
