"""Results for other programs: Gradescope's results.json, and JUnit XML."""

import json
from collections.abc import Iterator
from typing import Any

from junitparser import Error, Failure, Skipped, TestCase, TestSuite

from workbook.wording import number_of

from .marks import ClassMarks, Graded, Item, Mark, Row
from .scaling import Scale
from .visible import visible_line, visible_text
from .words import outcome_in_words
from .writing import Target, Written, file_name


def write_gradescope(marks: ClassMarks, target: Target) -> Iterator[Written]:
    """Write gradescope/NAME/LEARNER/results.json for each submission, for those who hand them out by themselves."""
    exercises = {exercise.name: exercise for exercise in marks.exercises}
    many = 0
    for row, mark in marks.pairs():
        if mark.counts:
            place = target.place("gradescope", mark.exercise, file_name(row.learner.id), "results.json")
            results = gradescope_results(mark, exercises[mark.exercise])
            place.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            many += 1
    yield Written(target.folder / "gradescope", f"{many} results.json for Gradescope")


def gradescope_results(mark: Mark, exercise: Graded) -> dict[str, Any]:
    """Return a submission's results.json.

    The fields are those of https://gradescope-autograders.readthedocs.io/en/latest/specs/. All text is `text`, which
    Gradescope doesn't interpret. Learners see what is hidden once grades are published. Points are out of what the
    exercise was worth when its grading began, as the assignment's are.
    """
    scale = Scale.of(exercise, None)
    tests = [_test(item, scale) for item in mark.items if item.outcome != "dropped"]
    if mark.delay and mark.penalty:
        name = f"Handed in {mark.delay.in_words}"
        tests.append({"score": -scale(mark.penalty), "max_score": 0, "status": "failed", "name": name, "output": name})
    return {
        "score": scale(mark.points),
        "execution_time": round(mark.seconds),
        "output": visible_text("\n".join(filter(None, [mark.trouble, mark.comment, scale.in_words]))),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }


def _test(item: Item, scale: Scale) -> dict[str, Any]:
    said = [visible_text(str(item.evidence))] if item.evidence else []
    if item.is_kept_in_part:
        said.insert(0, item.in_part)
    if item.override:
        said.append(f"Decided by hand: {visible_line(item.override.why)}")
    if item.comment:
        said.append(visible_text(item.comment))
    is_whole = item.points >= item.worth if item.override else item.outcome == "kept"
    return {
        "score": scale(item.points),
        "max_score": 0 if item.bonus else scale(item.worth),
        "status": "passed" if is_whole else "failed",
        "name": visible_line(item.text),
        "output": "\n\n".join(said) or outcome_in_words(item.outcome),
        "visibility": "after_published" if item.hidden else "visible",
    }


def write_junit(marks: ClassMarks, target: Target) -> Iterator[Written]:
    """Write junit.xml: a test suite for each learner and exercise, one by one."""
    path = target.place("junit.xml")
    many = 0
    with path.open("wb") as file:
        file.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n')
        for row, mark in marks.pairs():
            if mark.counts:
                file.write(_suite(row, mark).tostring() + b"\n")  # type: ignore[no-untyped-call]
                many += 1
        file.write(b"</testsuites>\n")
    yield Written(path, f"{number_of(many, 'test suite')} as JUnit XML")


def _suite(row: Row, mark: Mark) -> TestSuite:
    suite = TestSuite(visible_line(f"{row.learner.id}/{mark.exercise}"))
    suite.add_property("learner", visible_line(row.name))
    suite.add_property("points", f"{mark.points:g}")
    if mark.trouble:
        case = TestCase("It can be graded.", mark.exercise)
        case.result = [Error(visible_line(mark.trouble))]
        suite.add_testcase(case)
    for item in mark.items:
        if item.outcome == "dropped":
            continue
        case = TestCase(visible_line(item.text), f"{mark.exercise}.{item.promise}")
        if item.outcome == "broken":
            words = item.in_part if item.is_kept_in_part else outcome_in_words(item.outcome)
            case.result = [_with(Failure(words), item)]
        elif item.outcome == "unstable":
            case.result = [_with(Error("two fresh sandboxes disagreed: a person decides"), item)]
        elif item.outcome != "kept":
            case.result = [_with(Skipped(outcome_in_words(item.outcome)), item)]
        suite.add_testcase(case)
    suite.time = round(mark.seconds, 3)
    return suite


def _with(result: Failure | Error | Skipped, item: Item) -> Failure | Error | Skipped:
    result.text = visible_text(str(item.evidence))
    return result
