"""Measure how our prose sounds, and find the words that make it sound translated.

    uv run --all-groups python -m workbook.authoring.voice [--keep] [PATH …]

Without a path it prints the figures for each kind of text, per 1,000 words, beside what good documentation has. With
paths it lists what to reword in them. `--keep` writes the figures that got better into voice.toml; a test fails when
one gets worse.
"""

import argparse
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from workbook.course.model import Course

from .prose import Passage, passages

KEPT = Path(__file__).with_name("voice.toml")
TO_REWORD = "to reword"
SLACK = 0.2  # per 1,000 words
LONGEST = 30  # words of a sentence
# What's counted per 1,000 words, and what it has to be: at least, or at most.
FIGURES = {
    "contractions": (
        r"\b(?:\w+n['’]t|(?:it|that|there|here|what|who|where|how|let|she|he)['’]s|\w+['’](?:re|ve|ll|d|m))\b",
        ">=",
        4.0,
    ),
    "can, will, would, should, might, could, may": (r"\b(?:can|will|would|should|might|could|may)\b", ">=", 15.0),
    "because, so, for example, however, instead": (r"\b(?:because|so|for example|however|instead)\b", ">=", 2.5),
    "nobody, somebody, everybody, whoever, anew": (r"\b(?:nobody|somebody|everybody|whoever|anew)\b", "<=", 0.3),
    "is told, tells": (r"\b(?:(?:is|are|was|be) told|tells?)\b", "<=", 0.3),
    "is no, has no, knows no": (r"\b(?:is|are|has|have|knows|know) no\b(?! longer)", "<=", 0.3),
    "stands, lies": (r"\b(?:stands?|stood|lies)\b", "<=", 0.3),
}
# What no text in the new voice says, and what it says instead.
AVOIDED = {
    r"\b(?:nobody|somebody|everybody|whoever)\b": "no one, someone, or the learner, the client, an attacker",
    r"\banew\b": "again",
    r"\b(?:or )?else\b(?! (?:if|is|in|to|than|where|can|could|has|that|about|needs|does)\b)(?<!something else)"
    r"(?<!someone else)(?<!anything else)(?<!nothing else)(?<!everything else)(?<!what else)(?<!one else)"
    r"(?<!nowhere else)(?<!somewhere else)(?<!elsewhere else)": "otherwise",
    r"\b(?:has|have|knows|know) no\b(?! longer)": "doesn't have, doesn't know",
    r"\b(?:is|are) no\b(?! longer| more)": "isn't",
    r"\bstands?\b(?! for| in for)": "is",
    r"\blies\b": "is",
    r"\bof (?:its|their|your|his|my|our) own\b": "its own, a separate",
    r"\b(?:is|are|was|were|be) told\b": "reports, says, shows",
    r"\ball the same\b": "anyway",
    r"\bas ever\b": "as before",
    r"\bwhatever becomes of\b": "even if it crashes",
    r"\btakes? along\b": "also deletes",
    r"\b(?:just|simply|easy|easily|obviously|basically|trivially|merely)\b": "leave it out",
}


class Remark(NamedTuple):
    """Something to reword: where it is, the words found, and what to write instead."""

    place: str
    found: str
    instead: str


def figures(texts: Iterable[str]) -> dict[str, float]:
    """Return each figure of FIGURES per 1,000 words of the texts, and their number of words."""
    whole = "\n".join(texts)
    words = len(re.findall(r"[A-Za-z][\w'’]*", whole))
    counted = {name: len(re.findall(pattern, whole, re.IGNORECASE)) for name, (pattern, _, _) in FIGURES.items()}
    return {"words": float(words)} | {name: n * 1000 / max(words, 1) for name, n in counted.items()}


def remarks(passage: Passage) -> Iterator[Remark]:
    """Yield what to reword in a passage: words to avoid, and sentences that are too long."""
    place = f"{passage.path}:{passage.line}"
    for pattern, instead in AVOIDED.items():
        for found in re.finditer(pattern, passage.text, re.IGNORECASE):
            around = passage.text[max(0, found.start() - 30) : found.end() + 30]
            yield Remark(place, " ".join(around.split()), instead)
    for sentence in passage.sentences:
        words = [word for word in sentence.split() if word.strip(",") != "`code`"]  # a list of names isn't a sentence
        if len(words) > LONGEST and passage.kind != "comments":
            yield Remark(place, sentence, f"at most {LONGEST} words")


def measured(found: Sequence[Passage]) -> dict[str, dict[str, float]]:
    """Return the figures of each kind of text and of all together, with the number of places to reword."""
    kinds = {kind: [one for one in found if one.kind == kind] for kind in dict.fromkeys(one.kind for one in found)}
    return {
        kind: figures(one.text for one in some) | {TO_REWORD: float(sum(1 for one in some for _ in remarks(one)))}
        for kind, some in (kinds | {"all": list(found)}).items()
    }


def is_worse(name: str, now: float, kept: float) -> bool:
    """Return whether a figure is worse than it was and misses what's wanted; a new docstring or two may move it."""
    if name == TO_REWORD:
        return now > kept
    _, sign, wanted = FIGURES[name]
    return now < min(kept - SLACK, wanted) if sign == ">=" else now > max(kept + SLACK, wanted)


def kept_figures() -> dict[str, dict[str, float]]:
    """Return the figures that are kept in voice.toml, by kind of text."""
    return tomllib.loads(KEPT.read_text(encoding="utf-8"))


def write_kept(now: dict[str, dict[str, float]]) -> None:
    """Write the figures into voice.toml, each only if it's no worse than the one there."""
    before = kept_figures() if KEPT.exists() else {}
    lines = ["# How our prose sounded at its best: `python -m workbook.authoring.voice --keep`. No figure gets worse."]
    for kind, column in now.items():
        lines += ["", f"[{kind}]"]
        for name in (*FIGURES, TO_REWORD):
            old = before.get(kind, {}).get(name, column[name])
            best = max if FIGURES.get(name, ("", "<="))[1] == ">=" else min
            value = best(old, column[name])
            lines.append(f'"{name}" = {value:.1f}')
    KEPT.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def main() -> None:
    """Print the figures, or what to reword in the named files and folders."""
    parser = argparse.ArgumentParser(prog="python -m workbook.authoring.voice", description="Measure our prose.")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="list what to reword in these files and folders")
    parser.add_argument("--keep", action="store_true", help="keep the figures that got better")
    asked = parser.parse_args()
    root = Course.find(Path.cwd()).root
    found = list(passages(root))
    if asked.paths:
        named = [Path(path).resolve() for path in asked.paths]
        for passage in found:
            if any((root / passage.path).is_relative_to(name) for name in named):
                for remark in remarks(passage):
                    print(f"{remark.place}: “{remark.found}”: {remark.instead}")
        return
    columns = measured(found)
    if asked.keep:
        write_kept(columns)
    print(f"{'per 1,000 words':46}" + "".join(f"{kind:>12}" for kind in columns) + f"{'wanted':>10}")
    for name in ("words", *FIGURES):
        wanted = "" if name == "words" else f"{FIGURES[name][1]} {FIGURES[name][2]:g}"
        digits = 0 if name == "words" else 1
        print(f"{name:46}" + "".join(f"{column[name]:12,.{digits}f}" for column in columns.values()) + f"{wanted:>10}")
    print(f"{TO_REWORD:46}" + "".join(f"{column[TO_REWORD]:12,.0f}" for column in columns.values()) + f"{'0':>10}")


if __name__ == "__main__":
    main()
