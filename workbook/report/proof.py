"""A promise's evidence, taken apart for a page: the few lines that say what's wrong, and all the rest below them."""

import re
from dataclasses import dataclass

LEADING = ("Not served", "What is wrong", "Differs")  # labels whose lines say most; see grader/evidence.py
OTHERWISE = ("Expected", "Got")
LABEL = re.compile(r"[A-Z][^\n:]{0,60}:")
LINES, LONGEST = 3, 240


@dataclass(frozen=True)
class Proof:
    """`lead`: at most three lines. `rest`: each label with its text."""

    lead: tuple[str, ...]
    rest: tuple[tuple[str, str], ...]


def proof_of(evidence: str) -> Proof:
    """Return the evidence with what says most in front."""
    sections = _sections(evidence)
    said = [line for label in LEADING for name, lines in sections if name == label for line in lines]
    if not said:
        said = [f"{name}: {lines[0]}" for name, lines in sections if name in OTHERWISE and lines]
    if not said:
        said = [line for _, lines in sections for line in lines if line]
    lead = tuple(_cut(line) for line in said if line.strip())[:LINES]
    rest = [(name, "\n".join(lines).rstrip()) for name, lines in sections]
    if len(rest) == 1 and tuple(rest[0][1].splitlines()) == lead:
        rest = []
    return Proof(lead, tuple(rest))


def _sections(evidence: str) -> list[tuple[str, list[str]]]:
    """Return labels with their lines, which are indented by two; what comes before the first label has none."""
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in evidence.splitlines():
        if LABEL.fullmatch(line):
            found.append((line[:-1], []))
        else:
            found[-1][1].append(line.removeprefix("  ") if found[-1][0] else line)
    return [(name, lines) for name, lines in found if name or any(lines)]


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
