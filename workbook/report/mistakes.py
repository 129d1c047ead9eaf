"""Known mistakes: which one a red submission looks like, by what broke and by what came instead.

hidden/mistakes.json of an exercise holds, for each of its wrong solutions, the promises that it breaks and the lines
that say what was wrong. `python -m workbook.authoring.mistakes` writes it. A submission that resembles one of them, and
no other as much, has probably made that mistake. Nothing is decided by it.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbook.errors import UserError

from .marks import Item
from .proof import proof_of

FILE = "mistakes.json"
ENOUGH = 0.75  # how alike, of 1, a submission and a mistake have to be before it's named
AHEAD = 0.08  # and how much more than the mistake that comes next
# What's drawn for each submission, but not the keys that a difference is about: ['has_next']
VALUE = re.compile(r"""<[\w-]{1,20}>|(?<!\[)"[^"\n]{0,200}"|(?<!\[)'[^'\n]{0,200}'|\d[\d.:-]{0,40}""")


@dataclass(frozen=True)
class Mistake:
    """A wrong solution's name, what it breaks, and by promise the lines that say how, without their values."""

    name: str
    red: frozenset[str]
    said: frozenset[tuple[str, str]]


def read_mistakes(folder: Path) -> list[Mistake]:
    """Return the known mistakes of an exercise, none if no one has written them down. Raises `UserError`."""
    file = folder / "hidden" / FILE
    try:
        told = json.loads(file.read_text(encoding="utf-8"))["mistakes"]
        return [Mistake(one["name"], frozenset(one["red"]), frozenset(map(tuple, one["said"]))) for one in told]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        cure = f"write it again: uv run --all-groups python -m workbook.authoring.mistakes {folder.name}"
        raise UserError(f"{file} can't be read: {error}.", cure) from error


def pattern_of(evidence: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Return the leading lines of each promise's evidence, without the values that are drawn for each submission."""
    return frozenset(
        (promise, VALUE.sub("#", " ".join(line.split()))) for promise, text in evidence for line in proof_of(text).lead
    )


def likely_mistake(items: Sequence[Item], known: Sequence[Mistake]) -> str:
    """Return the name of the mistake that these promises look like; "" if none or more than one comes close."""
    red = frozenset(item.promise for item in items if item.outcome == "broken")
    if not red or not known or not any(item.outcome == "kept" for item in items):
        return ""
    said = pattern_of((item.promise, item.evidence) for item in items if item.outcome == "broken")
    ranked = sorted(((_alike(red, said, one), one.name) for one in known), reverse=True)
    best, name = ranked[0]
    others = [score for score, other in ranked[1:] if other != name]
    return name if best >= ENOUGH and (not others or best - others[0] >= AHEAD) else ""


def _alike(red: frozenset[str], said: frozenset[tuple[str, str]], known: Mistake) -> float:
    return (_overlap(red, known.red) + 2 * _overlap(said, known.said)) / 3


def _overlap(left: frozenset[object], right: frozenset[object]) -> float:
    return len(left & right) / len(left | right) if left | right else 1.0
