"""Console blocks of a page: commands after `$ `, and below each the output that's expected.

In what is expected `…` stands for anything within a line, and a line of `…` alone for any lines.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from .code_blocks import braced

ANY = "…"
_FENCE = re.compile(r"^(?P<indent> *)(?P<mark>`{3,}) *(?:console|\{(?P<attributes>[^}]*\.console[^}]*)\}) *$")
_SHOWS = {".log": "errors", ".mail": "out"}
# What differs from run to run, so that you don't have to put the `…` there by hand.
_CHANGING = (
    (re.compile(r"^(date: ).+"), rf"\1{ANY}"),
    (re.compile(r"^(x-request-id: ).+", re.IGNORECASE), rf"\1{ANY}"),
    (re.compile(r"^(x-process-time: )[\d.]+", re.IGNORECASE), rf"\1{ANY}"),
    (re.compile(r"(process )\[\d+\]"), rf"\1[{ANY}]"),
    (re.compile(r"(127\.0\.0\.1):\d{5}\b"), rf"\1:{ANY}"),
    (re.compile(r"\bin [\d.]+ ?s\b"), f"in {ANY} s"),
    (re.compile(r"\b[\d.]+ ?ms\b"), f"{ANY}ms"),
    (re.compile(r"\b(id=)[0-9a-f]{32}\b"), rf"\1{ANY}"),
)


@dataclass(frozen=True)
class Command:
    """A command, and where its expected output is: lines `first` to `last` of the page, without `last`.

    The text is empty for a block that shows what the served step has written.
    """

    text: str
    expected: tuple[str, ...]
    first: int
    last: int
    indent: str


@dataclass(frozen=True)
class Block:
    """One console block: its commands, whether they're run, and which output of the served step it shows instead."""

    line: int
    commands: tuple[Command, ...]
    runs: bool
    shows: str = ""


def blocks_of(page: str) -> list[Block]:
    """Return the console blocks of a page, in order."""
    lines, found, at = page.splitlines(), [], 0
    while at < len(lines):
        opened = _FENCE.match(braced(lines[at]))
        at += 1
        if not opened:
            continue
        attributes = (opened["attributes"] or "").split()
        start, end = at, at
        while end < len(lines) and lines[end].strip() != opened["mark"]:
            end += 1
        shows = next((stream for name, stream in _SHOWS.items() if name in attributes), "")
        read = _shown if shows else _commands
        found.append(Block(start, tuple(read(lines, start, end, opened["indent"])), ".no-run" not in attributes, shows))
        at = end + 1
    return found


def _shown(lines: list[str], start: int, end: int, indent: str) -> list[Command]:
    return [Command("", tuple(line[len(indent) :] for line in lines[start:end]), start, end, indent)]


def _commands(lines: list[str], start: int, end: int, indent: str) -> list[Command]:
    inside = [line[len(indent) :] for line in lines[start:end]]
    begins = [n for n, line in enumerate(inside) if line.startswith("$ ")]
    commands = []
    for begin, after in zip(begins, [*begins[1:], len(inside)], strict=True):
        parts, at = [inside[begin][2:]], begin + 1
        while at < after and (parts[-1].endswith("\\") or continues(inside[at])):
            parts.append(inside[at][2:] if continues(inside[at]) else inside[at])
            at += 1
        commands.append(Command("\n".join(parts), tuple(inside[at:after]), start + at, start + after, indent))
    return commands


def continues(line: str) -> bool:
    """Return whether the line continues the command before it: it begins with the shell's second prompt, `>`."""
    return line == ">" or line.startswith("> ")


def without_refusals(command: str, lines: Sequence[str]) -> list[str]:
    """Return the lines without refused connections, if `command` waits: their number is chance, 0 included."""
    waits = "--retry-connrefused" in command
    return [line for line in lines if not (waits and line.startswith("curl: (7) Failed to connect"))]


def matches(expected: Sequence[str], actual: Sequence[str]) -> bool:
    """Return whether `actual` is what was expected; `…` matches any text or lines."""
    pattern = "".join(r"(?:.*\n)*?" if line == ANY else _pattern(line) + r"\n" for line in expected)
    return re.fullmatch(pattern, "".join(line + "\n" for line in actual)) is not None


def _pattern(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.split(ANY))


def difference(expected: Sequence[str], actual: Sequence[str]) -> str:
    """Return what differs, as a diff in which a line with `…` counts as the line that it matches."""
    seen = [next((e for e in expected if ANY in e and e != ANY and _is(e, line)), line) for line in actual]
    return "\n".join(difflib.unified_diff(list(expected), seen, "the page", "what came", lineterm=""))


def _is(expected: str, line: str) -> bool:
    return re.fullmatch(_pattern(expected), line) is not None


def renewed(expected: Sequence[str], actual: Sequence[str]) -> list[str]:
    """Return what the page should show: its current text if that still matches, otherwise `actual` with `…`."""
    if expected and matches(expected, actual):
        return list(expected)
    kept = [line for line in expected if ANY in line and line != ANY]
    return [next((old for old in kept if _is(old, line)), _settled(line)) for line in actual]


def _settled(line: str) -> str:
    for changing, instead in _CHANGING:
        line = changing.sub(instead, line)
    return line
