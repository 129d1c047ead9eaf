"""Verdicts for the learner: of a check what was sent, what came and what was expected; never a line of a test."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from workbook.course.exercise import Exercise
from workbook.course.promises import read_promises
from workbook.testrun import Check, Promise

from .results import Outcome, Verdict
from .sanitize import bounded, one_line, visible

LARGEST = 4096  # bytes per promise
MOST_LOOKED_AT, LONGEST_LINE = 10_000, 2_000  # letters of a section: a card never has more
# What a card shows its author beside the test, and what a learner mustn't see of a hidden one.
OF_THE_TEST = {"Checked", "At", "Before it", "Hint", "Then"}
LABELS = {"Repeat it": "Repeat it with", "It says": "What is wrong"}
NOT_REACHED = "Not checked, because the time was up before its turn."
UNTOLD = "The test of this promise ended in a way that says nothing about the response."

# What differs from run to run, most telling first. No expression repeats without a bound: the text is a submission's.
PLACEHOLDERS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"\beyJ[\w-]{1,2000}\.[\w-]{0,2000}\.?[\w-]{0,500}…?", "<token>"),
        (r"(?i)\b(bearer) (?!\$TOKEN|<)[\w.~+/=-]{16,4000}", r"\1 <token>"),
        (r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uuid>"),
        (r"/files/[\w.-]{1,200}?(\.\w{2,5})?(?=[\s\"'?#,)\]}]|$)", r"/files/<name>\1"),
        (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?", "<time>"),
        (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", "<time>"),
        (r"datetime\.datetime\([^)\n]{0,200}\){1,3}", "<time>"),
        (r"(127\.0\.0\.1|localhost|testserver):(?!8000\b)\d{2,5}\b", r"\1:<port>"),
        (r"\b0x[0-9a-f]{6,32}\b", "<address>"),
        (r"\b(\w{1,64})-[0-9a-f]{6}\b", r"\1-a1b2c3"),
        (r"\b[0-9a-f]{16,256}\b", "<hex>"),
        (r"\b(?=\w{0,63}[a-z])(?=\w{0,63}[A-Z])(?=\w{0,63}\d)[\w-]{20,256}\b", "<random>"),
        (r"\b\d{1,12}(\.\d{1,12})?( ?)ms\b", r"<n>\2ms"),
        (r"\b\d{1,18}\.\d{4,32}(s\b)?", r"<n>\1"),
    )
)
PATH = re.compile(r"(?:/[\w.+@\[\]-]{1,255}){1,20}")
OURS = ("workbook-", "pytest-of-")  # how our temporary folders' names begin
DATA = ("data", "log")  # what an app knows of them


@dataclass(frozen=True)
class Sheet:
    """What an exercise promises, in order, with what its tests say in code."""

    exercise: Exercise

    @cached_property
    def promises(self) -> list[tuple[str, str, bool]]:
        """Name, sentence, and whether only hidden tests prove it: a name in both is one promise, looked at twice."""
        folder = self.exercise.folder
        public, hidden = read_promises(folder), read_promises(folder / "hidden")
        found: dict[str, tuple[str, str, bool]] = {}
        for promises, is_hidden in ((public, False), (hidden, True)):
            for one in promises:
                found.setdefault(one.name, (one.name, one.text, is_hidden))
        return list(found.values())

    @cached_property
    def conditions(self) -> frozenset[str]:
        """What the tests assert, as a card would show it where no comparison tells more."""
        from workbook.plugin.comparison import condition  # late: it brings pytest along, and the first verdict waits

        files = [*self.exercise.folder.glob("*.py"), *(self.exercise.folder / "hidden").glob("*.py")]
        trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
        asserts = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Assert))
        return frozenset(_unwrapped(condition(ast.unparse(node))) for node in asserts)

    def verdicts(self, found: Check, submission: Path | None = None) -> tuple[Verdict, ...]:
        """Return a verdict on each promise; its evidence names the submission's files, without the folder above."""
        by_name: dict[str, list[Promise]] = {}
        for promise in found.promises:
            by_name.setdefault(promise.name, []).append(promise)
        return tuple(
            self._verdict(name, text, hidden, together(by_name.get(name, [])), submission)
            for name, text, hidden in self.promises
        )

    def untouched(self) -> tuple[Verdict, ...]:
        """Return verdicts of `waiting` on all promises, for a submission that couldn't be tested."""
        return tuple(Verdict(name, text, hidden, "waiting") for name, text, hidden in self.promises)

    def _verdict(self, name: str, text: str, hidden: bool, promise: Promise | None, submission: Path | None) -> Verdict:
        if promise is None or promise.outcome == "unknown":
            return Verdict(name, text, hidden, "broken", NOT_REACHED)
        outcomes: dict[str, Outcome] = {"kept": "kept", "waiting": "waiting", "not proven": "not proven"}
        outcome = outcomes.get(promise.outcome, "broken")
        if outcome == "not proven":
            return Verdict(name, text, hidden, outcome, one_line(promise.reason, 500))
        if outcome != "broken":
            return Verdict(name, text, hidden, outcome)
        told = self._told(promise.cards[0], submission) if promise.cards else UNTOLD
        if (more := len(promise.cards) - 1) > 0:
            told = f"{more + 1} cases of it failed, of which this is the first:\n{told}"
        return Verdict(name, text, hidden, outcome, bounded(told, LARGEST), tuple(promise.broken_cases))

    def _told(self, card: dict[str, Any], submission: Path | None) -> str:
        sections: list[tuple[str, Sequence[str]]] = card["sections"]
        code = {label for label, lines in sections if _unwrapped(" ".join(lines)) in self.conditions}
        left_out = OF_THE_TEST | code | ({"Expected", "Got"} if code else set())
        shown = []
        for label, lines in sections:
            if label not in left_out:
                body = "\n".join("  " + line for line in harmless("\n".join(lines), submission).splitlines())
                shown.append(f"{LABELS.get(label, label)}:\n{body}")
        return "\n".join(shown) or UNTOLD


def _unwrapped(text: str) -> str:
    """Return the text without spaces and line ends, which a card adds where it wraps."""
    return "".join(text.split())


def together(looked_at: Sequence[Promise]) -> Promise | None:
    """Return one promise out of those that tests of one name make, in public and in hidden files: the worst outcome."""
    worst = ("broken", "waiting", "unknown", "not proven", "kept")
    ordered = sorted(looked_at, key=lambda promise: worst.index(promise.outcome))
    if not ordered:
        return None
    cards = [card for promise in looked_at for card in promise.cards]
    cases = {test: end for promise in looked_at for test, end in promise.cases.items()}
    return replace(ordered[0], cards=cards, cases=cases)


def harmless(text: str, submission: Path | None = None) -> str:
    """Return text from a submission so that nothing in it acts, and nothing in it differs from run to run."""
    if submission:
        text = text.replace(f"{submission}/", "").replace(str(submission), "<folder>")
    text = PATH.sub(_without_our_folders, "\n".join(line[:LONGEST_LINE] for line in text[:MOST_LOOKED_AT].split("\n")))
    for pattern, name in PLACEHOLDERS:
        text = pattern.sub(name, text)
    return visible(text)


def _without_our_folders(found: re.Match[str]) -> str:
    """Return a path without what it says of this machine: a user's name, a number, the name of a hidden test."""
    parts = found[0].split("/")
    ours = [number for number, part in enumerate(parts) if part.startswith(OURS)]
    if not ours:
        return found[0]
    known = next((number for number in range(ours[0], len(parts)) if parts[number] in DATA), len(parts) - 1)
    return "/".join(["<folder>", *parts[known + 1 :]])
