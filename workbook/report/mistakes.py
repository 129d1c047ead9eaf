"""What a red submission looks like: a kind of mistake, recognised by what broke and by what its evidence says.

hidden/kinds.toml of an exercise has a sentence for each kind, and the signs that it's recognised by. Most mistakes look
like others, so a kind says what they have in common instead of guessing which one it was. Nothing is decided by it.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workbook.errors import UserError
from workbook.grader.evidence import NOT_REACHED, UNTOLD

from .marks import Item
from .proof import proof_of

FILE = "kinds.toml"
SILENT = {NOT_REACHED, UNTOLD}  # evidence that says nothing of a mistake
ANY = "*"  # instead of a promise's name
BY_NAME = 0.5  # is what a sign counts that's only a promise's name
EXPLAINED = 0.3  # of the promises that broke: so much of them has to be explained before a kind is named


@dataclass(frozen=True)
class Kind:
    """A sentence about mistakes that have something in common, and their signs: a promise or `*`, and words of it.

    `decides`: one sign by words is enough, because everything else that broke is a consequence.
    """

    says: str
    signs: tuple[tuple[str, str], ...]
    decides: bool = False

    def explains(self, promise: str, lead: str) -> float:
        """Return how well it explains a broken promise of which `lead` are the leading lines: 1 by words, or less."""
        found = [words for about, words in self.signs if about in {ANY, promise} and words in lead]
        return (1.0 if any(found) else BY_NAME) if found else 0.0


def read_kinds(folder: Path) -> list[Kind]:
    """Return the kinds of mistakes of an exercise, none if no one has written them down. Raises `UserError`."""
    file = folder / "hidden" / FILE
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8"))["kind"]
        return [Kind(one["says"], tuple(map(_sign, one["signs"])), one.get("decides", False)) for one in told]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{file} can't be read: {error}.", "each [[kind]] needs `says` and `signs`") from error


def _sign(text: str) -> tuple[str, str]:
    promise, _, words = text.partition(": ")
    return promise, words


def likely_mistake(items: Sequence[Item], kinds: Sequence[Kind]) -> str:
    """Return what these promises look like; "" if nothing fits, or if nothing at all is kept.

    It's the kind that explains most of what broke. Of several it's the first, so narrow ones come before wide ones.
    """
    told = [(item.promise, str(item.evidence)) for item in items if item.outcome == "broken"]
    broken = [(promise, text) for promise, text in told if text not in SILENT]
    if not broken or not any(item.outcome == "kept" for item in items):
        return ""
    leads = [(promise, " ".join(" ".join(proof_of(text).lead).split())) for promise, text in broken]
    for kind in kinds:
        if kind.decides and any(kind.explains(*one) == 1 for one in leads):
            return kind.says
    counted = [(sum(kind.explains(*one) for one in leads), kind.says) for kind in kinds]
    most, says = max(counted, key=lambda one: one[0], default=(0.0, ""))
    return says if most and most >= EXPLAINED * len(leads) else ""
