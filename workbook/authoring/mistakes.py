"""Writes hidden/mistakes.json of exercises: what each of their wrong solutions breaks, and how that looks.

    uv run --all-groups python -m workbook.authoring.mistakes [EXERCISE...]

The report compares red submissions with it. Write it again after a change of an exercise's tests or wrong solutions.
"""

import contextlib
import json
import sys
from pathlib import Path

from workbook.course.exercise import Exercise, project_copy
from workbook.course.model import Course
from workbook.grader.evidence import Sheet
from workbook.report.mistakes import FILE, pattern_of
from workbook.testrun import Runner, run_tests, warm_runner

from .release import CANARY


def mistakes_of(root: Path, exercise: Exercise, runner: Runner) -> list[dict[str, object]]:
    """Return each wrong solution's name, the promises that it breaks, and the lines that say how."""
    found: list[dict[str, object]] = []
    tests = [*exercise.public_tests, *exercise.hidden_tests]
    for mutant in exercise.mutants():
        with project_copy([exercise], [exercise.solution], mutant.edit) as copy:
            check = run_tests(runner, root, tests, ["--submission", str(copy), "--unsafe"])
            verdicts = Sheet(exercise).verdicts(check, copy)
        broken = [(one.promise, one.evidence) for one in verdicts if one.outcome == "broken"]
        said = sorted(pattern_of(broken))
        found.append({"name": mutant.name, "red": sorted(promise for promise, _ in broken), "said": said})
        print(f"{exercise.name}: {mutant.name}", flush=True)
    return found


def main() -> None:
    """Write the file of each exercise that's named, or of all."""
    course = Course.find(Path.cwd())
    with contextlib.closing(warm_runner()) as runner:
        for exercise in course.exercises():
            if exercise.name in sys.argv[1:] or not sys.argv[1:]:
                content = {"canary": CANARY, "mistakes": mistakes_of(course.root, exercise, runner)}
                text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
                (exercise.folder / "hidden" / FILE).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
