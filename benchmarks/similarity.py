"""How often `workbook class similar` lists two independent solutions, and how often it finds a copy in disguise.

alike           the share of pairs of strangers' right solutions that are listed
found           the share of copies that are listed beside what they were copied from

A copy has other names, other comments and another order of functions, and is compared in a class with all the others.

    uv run --all-groups python benchmarks/similarity.py [--json]
"""

import argparse
import io
import json
import keyword
import random
import re
import tempfile
import tokenize
from pathlib import Path

from workbook.authoring.strangers import write_beginning, write_project
from workbook.cli.similar import read_sources
from workbook.course.exercise import Exercise
from workbook.course.model import Course
from workbook.grader.similarity import Sources, compare_all

ROOT = Path(__file__).parents[1]


def solutions(exercise: Exercise) -> tuple[dict[str, Sources], dict[str, Sources]]:
    """Return the strangers' right solutions, and what each of them began with, by name."""
    found: dict[str, Sources] = {}
    given: dict[str, Sources] = {}
    for patch in sorted((exercise.strangers / "right").glob("*.patch")):
        with tempfile.TemporaryDirectory(prefix="similarity-") as folder:
            began, project = Path(folder, "began"), Path(folder, "project")
            write_beginning(ROOT, exercise, patch, began)
            write_project(ROOT, exercise, patch, project)
            found[patch.stem], given[patch.stem] = read_sources(project), read_sources(began)
    return found, given


def disguised(sources: Sources, given: Sources, seed: int) -> Sources:
    """Return a copy whose names, comments and order of functions are changed, and nothing else."""
    kept = {token for text in given.values() for token in re.findall(r"\w+", text)}
    new: dict[str, str] = {}
    draw = random.Random(seed)
    changed = {path: text for path, text in sources.items() if given.get(path) != text}
    return {**sources, **{path: reordered(renamed(text, kept, new), draw) for path, text in changed.items()}}


def renamed(text: str, kept: set[str], new: dict[str, str]) -> str:
    tokens = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        words = token.string
        if token.type == tokenize.NAME and not keyword.iskeyword(words) and words not in kept:
            words = new.setdefault(words, f"other_{len(new)}")
        tokens.append((token.type, "# mine" if token.type == tokenize.COMMENT else words))
    return str(tokenize.untokenize(tokens))


def reordered(text: str, draw: random.Random) -> str:
    """Return the text with what begins at the margin in another order, behind what comes first."""
    first, *blocks = re.split(r"\n(?=(?:@|def |class |async def ))", text)
    whole: list[str] = []
    for block in blocks:  # a decorator stays with what it decorates
        if whole and not re.search(r"^(def|class|async def) ", whole[-1], re.MULTILINE):
            whole[-1] += f"\n{block}"
        else:
            whole.append(block)
    draw.shuffle(whole)
    return "\n".join([first, *whole])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one object")
    asked = parser.parse_args()
    pairs, alike, copies, missed = 0, 0, 0, 0
    for exercise in Course(ROOT).exercises():
        found, given = solutions(exercise)
        listed = compare_all(found, given.values())
        pairs, alike = pairs + len(found) * (len(found) - 1) // 2, alike + len(listed)
        lost = []
        for number, (name, sources) in enumerate(found.items()):
            class_ = {**found, "copy": disguised(sources, given[name], number)}
            beside = [{pair.first, pair.second} for pair in compare_all(class_, given.values())]
            lost += [] if {name, "copy"} in beside else [name]
        copies, missed = copies + len(found), missed + len(lost)
        if not asked.json:
            said = ", ".join(f"{pair.first} and {pair.second} {pair.share:.0%}" for pair in listed) or "none"
            print(f"{exercise.name}: {len(found)} solutions; alike: {said}; copies missed: {', '.join(lost) or 'none'}")
    figures = {
        "pairs": pairs,
        "alike": round(alike / pairs, 4),
        "copies": copies,
        "found": round(1 - missed / copies, 3),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
