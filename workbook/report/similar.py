"""The page of similar submissions: each pair side by side, with what they share marked. It decides nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from workbook.grader.similarity import Pair, Sources

from .templating import page_head, page_template

CONTEXT = 2  # lines around what is shared; what's further away is left out


@dataclass(frozen=True)
class CodeLine:
    """A line of a submission as the page shows it; `number` is 0 where lines were left out."""

    number: int
    text: str = ""
    shared: bool = False


@dataclass(frozen=True)
class Compared:
    """The pairs of one exercise, of how many submissions, and why some weren't compared."""

    title: str
    count: int
    pairs: Sequence[Pair]
    class_: Mapping[str, Sources]
    names: Mapping[str, str]
    skipped: Sequence[str]


def similar_page(compared: Sequence[Compared]) -> str:
    """Return the page, with every pair of every exercise."""
    return page_template("similar.html").render(
        compared=compared, excerpts=excerpts, marks={"unsafe": False}, **page_head("style.css")
    )


def excerpts(one: Compared, pair: Pair, which: str) -> dict[str, list[CodeLine]]:
    """Return the lines of a submission that the other one has too, with a few around them, by file."""
    shared = pair.lines[which]
    found = {}
    for path, text in one.class_[which].items():
        marked = {line for file, line in shared if file == path}
        if marked:
            found[path] = list(_around(text.splitlines(), marked))
    return found


def _around(lines: Sequence[str], marked: set[int]) -> Iterator[CodeLine]:
    shown = {near for line in marked for near in range(line - CONTEXT, line + CONTEXT + 1)}
    before = 0
    for number, text in enumerate(lines, 1):
        if number in shown:
            if number != before + 1:
                yield CodeLine(0)
            yield CodeLine(number, text, number in marked)
            before = number
    if before < len(lines):
        yield CodeLine(0)
