"""Shortcodes: `{{ name words }}` in a page, replaced by what the course's own files say.

If one fills its line, it may become many lines, indented like it; one within a line becomes a few words.
"""

import re
from collections.abc import Callable

from .blocks import BLOCKS, WORDS, Page

_ALONE = re.compile(r"^(?P<indent> *)\{\{ (?P<name>[\w-]+)(?P<words>[^{}]*) \}\} *$")
_WITHIN = re.compile(r"\{\{ (?P<name>[\w-]+)(?P<words>[^{}]*) \}\}")
_FENCE = re.compile(r"^ *(?P<mark>`{3,}|~{3,})")


class BadShortcode(Exception):
    """A shortcode with an unknown name, or with words that don't name anything in the course."""


def expand(page: Page, text: str) -> str:
    """Return `text` with every shortcode replaced, except those shown between fences. Raises `BadShortcode`."""
    lines, fence = [], ""
    for line in text.splitlines():
        if mark := _FENCE.match(line):
            if not fence:
                fence = mark["mark"]
            elif line.strip() == fence:
                fence = ""
        lines.append(line if fence or mark else _line(page, line))
    return "\n".join(lines) + "\n"


def _line(page: Page, line: str) -> str:
    if alone := _ALONE.match(line):
        indent = alone["indent"]
        block = _say(page, alone, BLOCKS | WORDS)
        return "\n".join(indent + part if part else "" for part in block.splitlines())
    return _WITHIN.sub(lambda found: _say(page, found, WORDS), line)


def _say(page: Page, found: re.Match[str], known: dict[str, Callable[..., str]]) -> str:
    where = f"{page.path}: {found[0].strip()}"
    if found["name"] not in known:
        raise BadShortcode(f"{where}: there are {', '.join(sorted(known))}")
    try:
        return known[found["name"]](page, *found["words"].split())
    except (LookupError, TypeError, OSError, ValueError) as error:
        raise BadShortcode(f"{where}: {error}") from error
