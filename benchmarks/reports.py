"""What a large class's reports cost: seconds and memory, for a journal of simulated results.

peak_mb         the most memory, in MiB, that `workbook class report` needs for all formats: 10,000 submissions, which
                are 2,500 learners with four exercises each
seconds         how long it takes
peak_over_small the same memory over that for a tenth of the class

The results are simulated, because we don't have thousands of real ones. Each red one shows the signs of a kind of
mistake, drawn at random, and breaks several promises. A broken promise has 3,000 characters of evidence.

    uv run --all-groups python benchmarks/reports.py [--json] [--submissions N]
"""

import argparse
import contextlib
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from workbook.course.model import Course
from workbook.course.points import Grading, read_grading
from workbook.grader.results import CLASS, GRADED, Learner, Result, ResultKey, Verdict
from workbook.journal import Journal
from workbook.report.mistakes import ANY, Kind, read_kinds

ROOT = Path(__file__).parents[1]
SUBMISSIONS = 10_000
RED = 0.4  # of all submissions
BROKEN = 0.5  # of the promises that show a sign of the mistake; of the others, half as many
EVIDENCE = 3_000  # characters of a broken promise's evidence
# A separate process, which prints the most memory that it needed.
REPORT = """
import resource, sys
from workbook.cli.main import main
try:
    main()
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, file=sys.stderr)
"""


def simulate(path: Path, submissions: int) -> None:
    """Write a class's results into a new journal."""
    draw = random.Random(1)
    exercises = Course(ROOT).exercises()
    known = [(one.name, read_grading(one.folder), read_kinds(one.folder)) for one in exercises]
    names = [one.name for one in exercises]
    learners = [Learner(f"s{n:05}", f"Learner {n}") for n in range(submissions // len(names))]
    none: dict[str, list[str]] = {name: [] for name in names}
    everyone = [asdict(learner) for learner in learners]
    Journal(path).record(CLASS, "", learners=everyone, exercises=names, unmatched=[], not_handed_in=none, unsafe=False)
    with contextlib.closing(sqlite3.connect(path)) as db, db:  # one transaction, not one for each
        for learner in learners:
            for name, grading, kinds in known:
                result = _result(learner.id, name, grading, kinds, draw)
                row = (datetime.now(UTC).isoformat(), GRADED, name, json.dumps(result.as_dict()))
                db.execute("INSERT INTO entry (at, kind, step, data) VALUES (?, ?, ?, ?)", row)


def _result(learner: str, exercise: str, grading: Grading, kinds: Sequence[Kind], draw: random.Random) -> Result:
    wrong = draw.choice(kinds) if kinds and draw.random() < RED else None
    verdicts = tuple(_verdict(promise, wrong, draw) for promise in grading.points | grading.bonus)
    key = ResultKey(f"{draw.getrandbits(256):064x}", "0" * 64, "0" * 64, 1)
    points, bonus = dict(grading.points), dict(grading.bonus)
    return Result(learner, exercise, f"{learner}-{exercise}.zip", 1, key, verdicts, points, bonus, tier="fork")


def _verdict(promise: str, wrong: Kind | None, draw: random.Random) -> Verdict:
    said = [words for about, words in wrong.signs if about in {ANY, promise}] if wrong else []
    if wrong is None or draw.random() > (BROKEN if said else BROKEN / 2):
        return Verdict(promise, promise, False, "kept")
    exchange = [f"GET /posts?page={draw.randrange(1000)} HTTP/1.1 200 {draw.getrandbits(160):x}" for _ in range(50)]
    return Verdict(promise, promise, False, "broken", "\n".join(["What is wrong:", *said, *exchange])[:EVIDENCE])


def report(journal: Path) -> tuple[float, float]:
    """Return the seconds and the peak MiB of a report in all formats."""
    began = time.monotonic()
    command = [sys.executable, "-c", REPORT, "class", "report", str(journal), "--to", str(journal.parent / "report")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1800)
    if ended.returncode:
        sys.exit(ended.stdout[-500:] + ended.stderr[-2000:])
    return time.monotonic() - began, float(ended.stderr.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one object")
    parser.add_argument("--submissions", type=int, default=SUBMISSIONS)
    asked = parser.parse_args()
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="reports-") as folder:
        for submissions in (asked.submissions // 10, asked.submissions):
            journal = Path(folder, str(submissions), "journal.db")
            journal.parent.mkdir()
            simulate(journal, submissions)
            seconds, peak = report(journal)
            if not asked.json:
                megabytes = journal.stat().st_size / 2**20
                print(f"{submissions:>7,} submissions, journal {megabytes:.0f} MiB: {seconds:.1f} s, {peak:.0f} MiB")
            figures |= {"peak_over_small": round(peak / figures.get("peak_mb", peak), 2)}
            figures |= {"seconds": round(seconds, 1), "peak_mb": round(peak, 1)}
    if asked.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
