"""How often `workbook class similar` lists two independent solutions, and how often it finds a copy in disguise.

alike           the share of pairs of strangers' right solutions that are listed
found           the share of copies that are listed beside what they were copied from

A copy has other names, other comments and another order of functions, and is compared in a class with all the others.

    uv run --all-groups python benchmarks/similarity.py [--json]
"""

import argparse
import json
import tempfile
from pathlib import Path

from workbook.authoring.disguise import disguised
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
