"""A long grading of a cheap exercise: whether the thousandth submission costs what the hundredth did."""

import json
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

from workbook.course.model import Course
from workbook.grader.fingerprints import key_of_tests
from workbook.grader.results import GRADED
from workbook.journal import Journal

from .classes import course_copy, make_class
from .used import Look, run

CHEAP = Path(__file__).parents[2] / "tests" / "small_course"  # its exercise `count` is graded many times
VERDICT = re.compile(r" (PASS|FAIL|WAIT|SKIP)\b")
FEW = 2  # submissions until everything is warm
MEMORY = ("own", "helpers")


def measure_many(count: int, cache: Path, seconds: float) -> dict[str, float]:
    """CPU and memory late in a long grading of a cheap exercise, beside those of its beginning.

    After `seconds`, or Ctrl-C, it is ended; the same command then goes on where it was. {}: it is not at its end yet.
    """
    key = key_of_tests(CHEAP, Course.find(CHEAP).exercise(Course.find(CHEAP).step("count")))
    folder = cache / f"many-{count}-{key[:12]}"  # of other code it would be another grading
    out, looked = folder / "results", folder / "looks.jsonl"
    if not out.exists():
        shutil.rmtree(folder, ignore_errors=True)
        course = course_copy(CHEAP, folder / "cheap")
        make_class(course, course.exercise(course.step("count")), count, folder / "class")
        out.mkdir()
    looks = read_looks(looked)
    before, run_number = len(graded_in(out)), 1 + max((look["run"] for look in looks), default=0)
    if before < count:
        words = [
            "grade",
            str(folder / "class"),
            "--exercise",
            "count",
            "--out",
            str(out),
            "--seed",
            "1",
            "--lanes",
            "1",
        ]
        tenth = count // 10
        wanted = {before + FEW, *range(tenth, count, tenth), count - 1 - tenth, count - 1}

        def keep(at: int, look: Look) -> None:
            with looked.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"run": run_number, "at": before + at, **asdict(look)}) + "\n")

        used = run(
            [sys.executable, "-m", "workbook", *words],
            folder / "cheap",
            counts=lambda line: bool(VERDICT.match(line)),
            looks=[at - before for at in wanted if at >= before + FEW],
            on_look=keep,
            at_most=seconds,
        )
        graded = graded_in(out)
        print(f"long grading: {len(graded)} of {count} are graded, {used.seconds:.0f} s more", file=sys.stderr)
        if len(graded) < count:
            print(f"the same command goes on{': ' + used.errors[-500:] if used.errors else ''}", file=sys.stderr)
            return {}
    if wrong := [who for who, kept in graded_in(out).items() if not kept]:
        raise RuntimeError(f"{len(wrong)} of {count} do not keep all: {', '.join(wrong[:5])}; remove {folder}")
    return over_time(read_looks(looked), count // 10)


def graded_in(out: Path) -> dict[str, bool]:
    """Who is graded, and whether they keep every promise."""
    if not (out / "journal.db").exists():
        return {}
    entries = Journal(out / "journal.db").stream(GRADED)
    return {one.data["learner"]: all(v["outcome"] == "kept" for v in one.data["verdicts"]) for one in entries}


def read_looks(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def over_time(looks: Sequence[dict[str, Any]], tenth: int) -> dict[str, float]:
    """Each pair of looks in one run of the command shows what a submission costs there; here the first and the last."""
    pairs = [
        (one, two) for one, two in pairwise(looks) if one["run"] == two["run"] and two["at"] - one["at"] > tenth / 2
    ]
    if not pairs:
        raise RuntimeError("every run was ended before it told anything: remove the folder of the long grading")
    costs = [(two["cpu"] - one["cpu"]) / (two["at"] - one["at"]) for one, two in pairs]
    (_, first), (_, last) = pairs[0], pairs[-1]
    memory = {f"{whose}_{when}": look[whose] for when, look in (("early", first), ("late", last)) for whose in MEMORY}
    return {"early": costs[0], "late": costs[-1], "runs": last["run"], **memory}
