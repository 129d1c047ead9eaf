"""What grading costs: CPU, time and memory per submission, sandboxed, beside the same tests without any isolation.

- (a) `workbook class grade` with one lane, as its users call it.
- (b) The floor: one warm process with the tests and the app in it, and nothing kept apart.
- (c) A fresh pytest with Starlette's TestClient for each submission.
- (d) `otter run` and (e) `nbgrader autograde`, with a trivial notebook, for context.

The CPU time of all processes counts, also of those that no one waits for. Starting (a) and (e) is measured separately,
so it doesn't count. For (a), only what its processes use from the second verdict on counts, until there are
`--submissions` more. For (e), it's what five submissions cost more than one.

The submissions are real solutions of the exercises, and for `wrong_over_right` their starters, which break nearly all
promises: each is looked at twice, and has a card for each. Rounds are interleaved; you'll see medians with their
range, and the worst exercise. (d) and (e) are installed into `--cache`; `--peers none` leaves them out.

`worst_hold_seconds`: the longest that a hostile submission of the attack suite holds its lane beyond its limit.

The long grading is of the small exercise in tests/small_course, in `--cache` too. It ends after `--many-seconds`; the
same command then goes on where it was, because the grader can. With `--rounds 0` it's all that runs.

    uv run --all-groups python benchmarks/grading.py [--json] [--rounds 7] [--submissions 8] [--many 1000] [EXERCISE …]
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from itertools import count as counting
from pathlib import Path
from typing import Any

from peers.classes import NEEDS_A_NETWORK, Class, course_copy, make_class
from peers.hostile import Hold, measure_hold
from peers.many import FEW, VERDICT, measure_many
from peers.notebooks import NbGrader, NotThere, Otter
from peers.used import Used, run

from workbook.course.model import Course
from workbook.grader.results import FAILED, GRADED
from workbook.journal import Journal

ROOT = Path(__file__).parent.parent
TRIES = 3
AIMS = {
    "cpu_over_floor": "1.2 or less",
    "cpu_over_pytest": "0.35 or less",
    "otter_over_ours": "10 or more",
    "nbgrader_over_ours": "10 or more",
    "wrong_over_right": "2.5 or less",
    "two_lanes_over_one": "1.7 or more",
    "first_verdict_seconds": "2 or less",
    "cpu_at_1000_over_at_100": "about 1.1 or less",
    "worst_hold_seconds": "2 or less",
}
Rounds = dict[str, list[float]]
_numbers = counting()


def fairly(measure: Callable[[], tuple[Used, list[str]]]) -> Used:
    """Measure; and again where not every promise was kept, since a red one is looked at twice."""
    for _ in range(TRIES):
        used, wrong = measure()
        if not wrong:
            return used
        print(f"measured again: {'; '.join(wrong)[:500]}", file=sys.stderr)
    raise RuntimeError(f"{TRIES} times in a row: {'; '.join(wrong)}")


def grade(one: Class, count: int, lanes: int, place: Path, looks: Sequence[int] = (), *, solved: bool = True) -> Used:
    """`workbook class grade` of the first `count`; those that are `solved` have to keep all, and others not."""

    def measure() -> tuple[Used, list[str]]:
        out = place / f"results{next(_numbers)}"
        words = ["grade", *map(str, one.zips[:count]), "--exercise", one.exercise, "--out", str(out), "--seed", "1"]
        command = [sys.executable, "-m", "workbook", *words, "--lanes", str(lanes)]
        used = run(command, one.course, counts=lambda line: bool(VERDICT.match(line)), looks=looks)
        entries = list(Journal(out / "journal.db").stream(GRADED, FAILED)) if used.status in {0, 1} else []
        if len(entries) != count:
            raise RuntimeError(f"{len(entries)} of {count} were graded:\n{used.errors}")
        wrong = [f"{entry.data['learner']}: {entry.data['why']}" for entry in entries if entry.kind == FAILED]
        verdicts = ((e.data["learner"], verdict) for e in entries if e.kind == GRADED for verdict in e.data["verdicts"])
        broken = [f"{who}, {v['promise']}: {v['outcome']}" for who, v in verdicts if v["outcome"] != "kept"]
        if solved:
            wrong += broken
        elif not broken:
            wrong.append("nothing is broken, and nothing is solved")
        return used, wrong

    return fairly(measure)


def moments(used: Used) -> list[float]:
    """When the verdicts came, in seconds since the start."""
    return [at for at, line in used.lines if VERDICT.match(line)]


def seconds_each(used: Used, skipped: int) -> float:
    """By the clock, of each that came after the first `skipped`."""
    at = moments(used)
    return (at[-1] - at[skipped - 1]) / (len(at) - skipped)


def without_isolation(kind: str, one: Class, zips: Sequence[Path]) -> tuple[float, list[float]]:
    """Seconds of CPU in all, and of each by itself; `kind` as in peers/one_process.py."""
    words = [kind, str(one.course), one.exercise, *map(str, zips)]
    each: list[dict[str, Any]] = []

    def measure() -> tuple[Used, list[str]]:
        env = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
        used = run([sys.executable, "-m", "peers.one_process", *words], one.course, env)
        each[:] = [json.loads(line) for _, line in used.lines]
        if used.status or len(each) != len(zips):
            raise RuntimeError(f"{kind} has ended early:\n{used.errors[-3000:]}")
        return used, [f"{kind}, {one.exercise}: {told['said']}" for told in each if not told["kept"] == told["of"] > 0]

    return fairly(measure).cpu, [told["cpu"] for told in each]


def measure_round(one: Class, starters: Class, more: int, place: Path) -> dict[str, float]:
    """One round of one exercise: seconds per submission."""
    last = FEW + more
    alone = grade(one, last + 1, 1, place, [FEW, last])  # at both looks the next one has begun
    wrong = grade(starters, last + 1, 1, place, [FEW, last], solved=False)
    two = grade(one, 2 * last, 2, place)
    _, floor = without_isolation("uvicorn", one, one.zips[:last])
    fresh = [without_isolation("testclient", one, [file])[0] for file in one.zips[FEW:last]]
    ours = (alone.looks[last].cpu - alone.looks[FEW].cpu) / more
    return {
        "ours": ours,
        "wrong": (wrong.looks[last].cpu - wrong.looks[FEW].cpu) / more,
        "floor": statistics.mean(floor[FEW:]),
        "pytest": statistics.mean(fresh),
        "start_up": alone.cpu - (last + 1) * ours,
        "first_verdict": moments(alone)[0],
        "one_lane": seconds_each(alone, FEW),
        "two_lanes": seconds_each(two, 2 * FEW),
    }


def measure_notebooks(name: str, peer: Otter | NbGrader) -> dict[str, float]:
    """Seconds of CPU per submission; `…_alone`: of a command for one, where a command can also grade many."""

    def cpu(count: int) -> float:
        used = run(peer.command(count), peer.folder, peer.env)
        if used.status or not peer.graded(count):
            raise RuntimeError(f"{name} has not graded its notebook:\n{used.errors[-2000:]}")
        return used.cpu

    alone = cpu(1)
    return {name: alone} if isinstance(peer, Otter) else {name: (cpu(5) - alone) / 4, f"{name}_alone": alone}


def ratio(times: Rounds, over: str, under: str) -> tuple[float, float, float]:
    """Of the medians; and the least and the most of a round."""
    each = [a / b for a, b in zip(times[over], times[under], strict=True)]
    return statistics.median(times[over]) / statistics.median(times[under]), min(each), max(each)


def figures_of(
    found: dict[str, Rounds], notebooks: Rounds, many: dict[str, float], hold: Hold | None
) -> dict[str, float | None]:
    rounds = [times for times in found.values() if times]
    ours = max((statistics.median(times["ours"]) for times in rounds), default=0.0)
    figures: dict[str, float | None] = {
        "cpu_over_floor": max((ratio(times, "ours", "floor")[0] for times in rounds), default=None),
        "cpu_over_pytest": max((ratio(times, "ours", "pytest")[0] for times in rounds), default=None),
        "wrong_over_right": max((ratio(times, "wrong", "ours")[0] for times in rounds), default=None),
        "otter_over_ours": None,
        "nbgrader_over_ours": None,
        "two_lanes_over_one": min((ratio(times, "one_lane", "two_lanes")[0] for times in rounds), default=None),
        "first_verdict_seconds": max((statistics.median(times["first_verdict"]) for times in rounds), default=None),
        "cpu_at_1000_over_at_100": many["late"] / many["early"] if many else None,
        "worst_hold_seconds": hold.seconds if hold else None,
    }
    for name, times in notebooks.items():
        figures[f"{name}_over_ours"] = statistics.median(times) / ours
        figures[f"{name}_over_count"] = statistics.median(times) / many["late"] if many else None  # trivial as well
    return figures


def spread(values: Sequence[float], factor: float = 1000, digits: int = 0) -> str:
    median, least, most = (factor * value for value in (statistics.median(values), min(values), max(values)))
    return f"{median:.{digits}f} ({least:.{digits}f} to {most:.{digits}f})"


def show(found: dict[str, Rounds], notebooks: Rounds, many: dict[str, float]) -> None:
    columns = ["this grader", "a starter", "one process", "fresh pytest"]
    columns += ["over floor", "over pytest", "start-up", "two lanes"]
    rounds = {name: times for name, times in found.items() if times}
    if rounds:
        print(f"{'CPU per submission, ms':<24}" + "".join(f"{column:>22}" for column in columns))
    for name, times in rounds.items():
        cells = [spread(times[key]) for key in ("ours", "wrong", "floor", "pytest")]
        ratios = [ratio(times, "ours", "floor"), ratio(times, "ours", "pytest"), ratio(times, "one_lane", "two_lanes")]
        over = [f"{median:.2f} ({least:.2f} to {most:.2f})" for median, least, most in ratios]
        cells += [*over[:2], spread(times["start_up"]), over[2]]
        print(f"{name:<24}" + "".join(f"{cell:>22}" for cell in cells))
    for name, values in notebooks.items():
        print(f"{name + ', a trivial notebook':<38}{spread(values)}")
    for name, times in rounds.items():
        print(f"{name}: first verdict after {spread(times['first_verdict'], 1, 2)} s")
    if many:
        print(f"in a long grading: {1000 * many['early']:.0f} ms at first, {1000 * many['late']:.0f} ms at last")
        mib = {key: many[key] / 2**20 for key in many}
        if many["runs"] > 1:
            print(f"that took {many['runs']:g} runs of the command; memory is that of the first and the last")
        print(f"memory, MiB: {mib['own_early']:.0f} and {mib['own_late']:.0f}", end="")
        print(f"; of its helpers {mib['helpers_early']:.0f} and {mib['helpers_late']:.0f}")
    for test, why in NEEDS_A_NETWORK.items():
        print(f"left out everywhere, since TestClient cannot do it: {test}: it {why}")


def peers_in(names: str, cache: Path, place: Path) -> dict[str, Otter | NbGrader]:
    """Those of `names` that could be installed."""
    found: dict[str, Otter | NbGrader] = {}
    kinds: dict[str, type[Otter | NbGrader]] = {"otter": Otter, "nbgrader": NbGrader}
    for name, peer in kinds.items():
        if name in names.split(","):
            try:
                found[name] = peer(place / name, cache)
            except NotThere as error:
                print(f"left out: {error}", file=sys.stderr)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("exercises", nargs="*", metavar="EXERCISE")
    parser.add_argument("--rounds", type=int, default=7, help="0: the long grading alone")
    parser.add_argument("--submissions", type=int, default=8, help="how many are measured, of each exercise and round")
    parser.add_argument("--many", type=int, default=1000, help="how long the long grading is (0: none)")
    parser.add_argument("--many-seconds", type=float, default=3600, help="how long that may take; it can go on later")
    parser.add_argument("--peers", default="otter,nbgrader", help="otter,nbgrader, one of them, or none")
    cache = Path.home() / ".cache" / "workbook-benchmarks"
    parser.add_argument(
        "--cache",
        type=Path,
        default=cache,
        help=f"where they are installed, and the long grading is (default: {cache})",
    )
    parser.add_argument("--no-hold", dest="hold", action="store_false", help="leave out what hostile ones hold up")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.rounds < 0 or options.submissions < 1 or not (options.many == 0 or options.many >= 40):
        parser.error("--submissions is 1 or more, --rounds 0 or more, --many is 0, or 40 or more")
    if unknown := set(options.peers.split(",")) - {"otter", "nbgrader", "none"}:
        parser.error(f"no such peer: {', '.join(sorted(unknown))}")
    names = [exercise.name for exercise in Course.find(ROOT).exercises()]
    if unknown := set(options.exercises) - set(names):
        parser.error(f"no such exercise: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    os.environ.pop("PYTEST_ADDOPTS", None)
    with tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as folder:
        place = Path(folder).resolve()
        course = course_copy(ROOT, place / "course")
        wanted = [one for one in course.exercises() if one.name in (options.exercises or names)]
        size = 2 * (FEW + options.submissions)
        classes = [make_class(course, one, size, place / one.name) for one in wanted if options.rounds]
        few = FEW + options.submissions + 1
        starters = {
            one.name: make_class(course, one, few, place / f"{one.name}-starters", solved=False)
            for one in wanted
            if options.rounds
        }
        peers = peers_in(options.peers if options.rounds else "none", options.cache, place)
        found: dict[str, Rounds] = {one.exercise: {} for one in classes}
        notebooks: Rounds = {}
        if classes:
            grade(classes[0], 1, 1, place)  # from here on the files are in the machine's memory
        for number in range(options.rounds):
            for one in classes:
                measured = measure_round(one, starters[one.exercise], options.submissions, place)
                for name, value in measured.items():
                    found[one.exercise].setdefault(name, []).append(value)
                told = ", ".join(f"{name} {value:.3f}" for name, value in measured.items())
                print(f"round {number + 1}, {one.exercise}, seconds: {told}", file=sys.stderr, flush=True)
            for peer_name, peer in peers.items():
                for name, value in measure_notebooks(peer_name, peer).items():
                    notebooks.setdefault(name, []).append(value)
        many = measure_many(options.many, options.cache.resolve(), options.many_seconds) if options.many else {}
        hold = measure_hold() if options.hold else None
    figures = figures_of(found, notebooks, many, hold)
    if options.json:
        rest = {"aims": AIMS, "exercises": found, "notebooks": notebooks, "many": many, "left_out": NEEDS_A_NETWORK}
        rest["hold"] = vars(hold) if hold else None
        print(json.dumps({**figures, **rest}, indent=2))
        return
    show(found, notebooks, many)
    if hold:
        print(f"longest hold: {hold.worst}; most memory of the tests {hold.memory:.0f} MiB", end="")
        print(f", most disk {hold.disk:.0f} MiB, left behind {hold.left} files and folders")
    for name, figure in figures.items():
        aim = f"   aim: {AIMS[name]}" if name in AIMS else ""
        print(f"{name:<28}{'not measured' if figure is None else f'{figure:.2f}':>14}{aim}")


if __name__ == "__main__":
    main()
