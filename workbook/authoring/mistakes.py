"""Writes hidden/mistakes.json of exercises: what each of their wrong solutions breaks, and how that looks.

    uv run --all-groups python -m workbook.authoring.mistakes [EXERCISE...]

The report compares red submissions with it. Write it again after a change of an exercise's tests or wrong solutions.
"""

import contextlib
import hashlib
import json
import sys
from pathlib import Path

from workbook.course.exercise import Exercise, Mutant, project_copy
from workbook.course.model import Course
from workbook.grader.evidence import Sheet
from workbook.report.mistakes import FILE, pattern_of
from workbook.testrun import Runner, run_tests, warm_runner

from .release import CANARY


def mistake_of(root: Path, exercise: Exercise, mutant: Mutant, runner: Runner) -> dict[str, object]:
    """Return a wrong solution's name, the promises that it breaks, and the lines that say how."""
    tests = [*exercise.public_tests, *exercise.hidden_tests]
    with project_copy([exercise], [exercise.solution], mutant.edit) as copy:
        check = run_tests(runner, root, tests, ["--submission", str(copy), "--unsafe"])
        verdicts = Sheet(exercise).verdicts(check, copy)
    broken = [(one.promise, one.evidence) for one in verdicts if one.outcome == "broken"]
    return {
        "name": mutant.name,
        "red": sorted(promise for promise, _ in broken),
        "said": sorted(pattern_of(broken)),
    }


def write_mistakes(root: Path, exercise: Exercise, runner: Runner) -> None:
    """Write the exercise's file; interrupted and started again, it goes on."""
    file = exercise.folder / "hidden" / FILE
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(_made_of(exercise)))).hexdigest()[:16]
    told = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    found = told.get("mistakes", []) if told.get("of") == digest else []
    for mutant in exercise.mutants():
        if mutant.name not in {one["name"] for one in found}:
            found.append(mistake_of(root, exercise, mutant, runner))
            print(f"{exercise.name}: {mutant.name}", flush=True)
            text = json.dumps({"canary": CANARY, "of": digest, "mistakes": found}, ensure_ascii=False, indent=1)
            file.write_text(text + "\n", encoding="utf-8")


def _made_of(exercise: Exercise) -> list[Path]:
    return [*exercise.public_tests, *exercise.hidden_tests, exercise.solution, exercise.folder / "hidden/mutants.toml"]


def main() -> None:
    """Write the file of each exercise that's named, or of all."""
    course = Course.find(Path.cwd())
    with contextlib.closing(warm_runner()) as runner:
        for exercise in course.exercises():
            if exercise.name in sys.argv[1:] or not sys.argv[1:]:
                write_mistakes(course.root, exercise, runner)


if __name__ == "__main__":
    main()
