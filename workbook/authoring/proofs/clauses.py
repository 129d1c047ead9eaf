"""What a README promises, taken apart: `hidden/clauses.toml`, in which every cell has its check and its mutant."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from workbook.course.tomlfile import Strict, read_toml

CONTRACT = re.compile(r"^## What to build$(.*?)^## How it's graded$", re.MULTILINE | re.DOTALL)
SENTENCE = re.compile(r"^(?:- |\| (?!-|what|part|query|command)).+$", re.MULTILINE)


class Clause(Strict):
    """A few words of the README, the promise that proves them, and the mutants that only it catches, by their cell.

    A cell is a route, a list, a field, a kind of picture or of token, a state, an order: whatever the words speak of.
    """

    says: str
    check: str
    caught: dict[str, str]


class _Clauses(Strict):
    clause: list[Clause]


def read_clauses(folder: Path) -> list[Clause]:
    """Return the clauses of the exercise in `folder`. Raises `UserError`."""
    file, called = folder / "hidden" / "clauses.toml", f"{folder.name}/clauses.toml"
    return read_toml(file, _Clauses, table="clause", called=called, cure="correct it").clause


def wrong_clauses(
    clauses: Collection[Clause], readme: str, promises: Collection[str], mutants: Collection[str]
) -> Iterator[str]:
    """Yield what's wrong with the table: an empty cell, words that the README lacks, a sentence without a clause."""
    words = _plain(readme)
    for clause in clauses:
        if _plain(clause.says) not in words:
            yield f"the README doesn't say “{clause.says}”"
        if clause.check not in promises:
            yield f"no promise is called {clause.check}"
        if not clause.caught:
            yield f"“{clause.says}” has no cell"
        yield from (f"“{clause.says}”, {cell}: empty" for cell, name in clause.caught.items() if not name)
        unknown = [name for name in clause.caught.values() if name and name not in mutants]
        yield from (f"“{clause.says}”: no mutant is called “{name}”" for name in unknown)
    contract = CONTRACT.search(readme)
    for sentence in SENTENCE.findall(contract[1] if contract else ""):
        if not any(_plain(clause.says) in _plain(sentence) for clause in clauses):
            yield f"no clause is about “{sentence[:70]}”"
    yield from (f"no clause has {name}" for name in sorted(set(promises) - {clause.check for clause in clauses}))


def table_of(clauses: Collection[Clause]) -> Iterator[str]:
    """Yield the table as lines: what the README says, the promise that proves it, and the cells with their mutants."""
    for clause in clauses:
        yield f"{clause.says}  ({clause.check})"
        yield from (f"    {cell}: {mutant or 'EMPTY'}" for cell, mutant in clause.caught.items())


def _plain(text: str) -> str:
    return " ".join(text.replace("*", "").replace("`", "").replace("|", " ").split())
