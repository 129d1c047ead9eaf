"""Runs an exercise's public tests on a project, in a container of Gradescope's or of Classroom 50's.

It runs beside a copy of the learner edition, by that edition's own interpreter: EXERCISE PROJECT OUT. The project runs
unconfined, so this is feedback and no mark.
"""

import json
import sys
import tomllib
from pathlib import Path


def run_public_tests(course_folder: Path, exercise: str, project: Path) -> list[dict[str, object]]:
    """Return each public promise: its sentence, points, outcome, and what a failure card says."""
    sys.path.insert(0, str(course_folder))
    from workbook.course.model import Course
    from workbook.learner.step_check import Subject
    from workbook.submissions.reading import open_submission
    from workbook.testrun import ColdRunner, run_tests

    course = Course(course_folder)
    points = tomllib.loads((course_folder / "exercises" / exercise / "grading.toml").read_text(encoding="utf-8"))
    worth = points.get("points", {}) | points.get("bonus", {})
    with open_submission(project) as folder:
        subject = Subject.of_submission(course, course.step(exercise), folder, project)
        found = run_tests(ColdRunner("spawn"), course_folder, subject.tests, subject.options)
    return [
        {
            "name": one.name,
            "text": one.text,
            "points": worth.get(one.name, 0),
            "kept": one.outcome == "kept",
            "said": "\n\n".join("\n".join(_lines(card)) for card in one.cards[:1]),
        }
        for one in found.promises
    ]


def _lines(card: dict[str, object]) -> list[str]:
    sections = card.get("sections")
    told = []
    for label, lines in sections if isinstance(sections, list) else []:
        told += [f"{label}:", *(f"  {line}" for line in lines)]
    return told


if __name__ == "__main__":
    _, name, handed_in, out = sys.argv
    here = Path(__file__).resolve().parent / "course"
    try:
        found: dict[str, object] = {"promises": run_public_tests(here, name, Path(handed_in))}
    except Exception as error:  # whatever it is, the learner gets a sentence
        found = {"trouble": str(error) or type(error).__name__}
    Path(out).write_text(json.dumps(found), encoding="utf-8")
