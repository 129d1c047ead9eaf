"""What a broken promise looks like, of wrong solutions by strangers: how often it's named, and how often rightly.

named           the share of red submissions that a sentence of hidden/kinds.toml is shown for
right           the share of these sentences that a person judged right

A sentence is right if it's what the stranger did, by their own words in strangers.toml. The solutions were written from
the READMEs alone, by people who hadn't seen our wrong solutions. hidden/strangers/judged.toml has the judgements. A
sentence that no one has judged is listed, and counts as wrong.

    uv run --all-groups python benchmarks/mistakes.py [--json] [--many N] [EXERCISE...]
"""

import argparse
import contextlib
import json
import random
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

from workbook.authoring.strangers import write_project
from workbook.course.exercise import Exercise
from workbook.course.model import Course
from workbook.grader.evidence import Sheet
from workbook.report.marks import Item
from workbook.report.mistakes import likely_mistake, read_kinds
from workbook.testrun import Runner, run_tests, warm_runner

ROOT = Path(__file__).parents[1]
MANY = 18  # of each exercise: the same ones every time


def solutions(exercise: Exercise, many: int) -> list[Path]:
    """Return wrong solutions, drawn once and for all."""
    patches = sorted((exercise.strangers / "wrong").glob("*.patch"))
    random.Random(5).shuffle(patches)
    return patches[:many]


def named(exercise: Exercise, patches: list[Path], runner: Runner) -> Iterator[tuple[str, str]]:
    """Yield each red solution's name, and the sentence that its learner would read."""
    kinds, sheet = read_kinds(exercise.folder), Sheet(exercise)
    tests = [*exercise.public_tests, *exercise.hidden_tests]
    for patch in patches:
        with tempfile.TemporaryDirectory(prefix="mistakes-") as folder:
            project = Path(folder, "final")
            write_project(ROOT, exercise, patch, project)
            options = ["--submission", str(project), "--unsafe", "--seed", "11"]
            verdicts = sheet.verdicts(run_tests(runner, ROOT, tests, options), project)
        items = [Item(one.promise, one.text, one.hidden, one.outcome, 1, False, one.evidence) for one in verdicts]
        if any(item.outcome == "broken" for item in items):
            yield patch.stem, likely_mistake(items, kinds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("exercises", nargs="*")
    parser.add_argument("--json", action="store_true", help="print one object")
    parser.add_argument("--many", type=int, default=MANY, help="solutions of each exercise (default: %(default)s)")
    asked = parser.parse_args()
    red, said, right = 0, 0, 0
    with contextlib.closing(warm_runner()) as runner:
        for exercise in Course(ROOT).exercises():
            if asked.exercises and exercise.name not in asked.exercises:
                continue
            file = exercise.strangers / "judged.toml"
            judged = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
            for name, sentence in named(exercise, solutions(exercise, asked.many), runner):
                judgement = judged.get(name, {})
                is_judged = not sentence or judgement.get("says") == sentence
                is_right = bool(sentence) and is_judged and judgement["right"]
                red, said, right = red + 1, said + bool(sentence), right + is_right
                if not asked.json:
                    mark = (
                        "right" if is_right else "not named" if not sentence else "WRONG" if is_judged else "UNJUDGED"
                    )
                    print(f"{exercise.name} {name}: {mark}: {sentence}", flush=True)
    figures = {"red": red, "named": round(said / red, 3), "right": round(right / said, 3) if said else 0.0}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
