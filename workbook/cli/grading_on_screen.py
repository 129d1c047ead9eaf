"""`workbook class grade` on the screen: who handed in what, each as it is graded, what came of all."""

import contextlib
import os
import shlex
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from workbook.errors import UserError
from workbook.grader.class_grading import LOST, ClassGrading, Done, Plan, overrides_in, score, seed_of
from workbook.grader.commit import commit_of
from workbook.grader.exports import read_export
from workbook.grader.grade_one import SubmissionGrader
from workbook.grader.identity import TheClass
from workbook.grader.lock import sole_grader
from workbook.grader.prewarm import Warm
from workbook.grader.request import GradeRequest
from workbook.grader.results import CAUSES, GRADED, Cause, Learner
from workbook.grader.room import lanes_with_room
from workbook.grader.sanitize import one_line
from workbook.grader.workers import Lanes, LocalLanes, closing
from workbook.journal import Journal
from workbook.wording import FOR_A_CLASS, number_of

from .context import Context
from .handed_in import JOURNAL, exit_with_1, identify_class
from .screens import shown_path

ASSIGN_COMMAND = f"{FOR_A_CLASS} workbook class assign"
LISTED = 20


def show_grading(request: GradeRequest, warm: Warm | None) -> NoReturn:
    """Grade it with what `warm` has begun to make; without it on the workers of the scheduler."""
    here = Context()
    if request.scheduler and request.lanes:
        raise UserError("With --scheduler its workers are the lanes.", "leave --lanes out")
    roster, exercises, the_class = identify_class(here, request)
    journal = Journal(request.out / JOURNAL, lost=LOST)
    if not the_class.work:
        places = ", ".join(map(shown_path, request.paths[:3]))
        raise UserError(f"There's nothing to grade in {places}.", "name zips, folders, or a folder that holds them")
    with contextlib.ExitStack() as stack:
        stack.enter_context(sole_grader(request.out))
        lanes = _open_lanes(here, request, len(the_class.work), warm, stack)
        with exit_with_1():
            seed = seed_of(journal, request.seed)
            about = _about(here, request, roster)
            work = here.course, exercises, the_class, journal, seed
            grading = ClassGrading(Plan(*work, request.unsafe, request.force, request.limit, about))
            grading.begin()
        failed = _show_each(here, grading, lanes)
    with exit_with_1():
        to_see = _show_summary(here, grading)
    _show_lists(here, the_class, failed, journal.path)
    names = {learner.id: learner.name for learner in the_class.learners.values()}
    to_see += [
        ToSee(one.handed_in.learner.id, one.handed_in.exercise, one.cause, one.why) for one in failed if one.cause
    ]
    _show_to_see(here, names, to_see)
    here.terminal.line()
    here.terminal.field("Next", [f"{FOR_A_CLASS} workbook class report {shown_path(journal.path)}"])
    sys.exit(1 if failed else 0)


def _open_lanes(
    here: Context, request: GradeRequest, count: int, warm: Warm | None, stack: contextlib.ExitStack
) -> Lanes:
    if warm is None:
        from workbook.grader.cluster import ClusterLanes  # late: it is slow to import, and few have it

        return stack.enter_context(closing(ClusterLanes(request.scheduler, unsafe=request.unsafe)))
    isolation, runner = warm()
    kept = [runner]

    def make() -> SubmissionGrader:
        return SubmissionGrader(here.course, isolation, kept.pop() if kept else None)

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wanted = min(request.lanes or cores, count)
    lanes, why = (wanted, "") if request.unsafe else lanes_with_room(wanted)
    if why:
        here.terminal.line(f"{number_of(lanes, 'lane')} instead of {wanted}: {why}.", "dim")
    return stack.enter_context(closing(LocalLanes(make, lanes)))


def _about(here: Context, request: GradeRequest, roster: Sequence[Learner]) -> dict[str, Any]:
    """Return what the journal keeps of this command, for the reports."""
    export = read_export(request.roster, roster) if request.roster else None
    paths = sorted(os.fsdecode(path.resolve()) for path in request.paths)
    about: dict[str, Any] = {"commit": commit_of(here.course.root), "paths": paths}
    about |= {"title": one_line(request.title)} if request.title else {}
    return about | ({"export": export.as_dict()} if export else {})


def _show_each(here: Context, grading: ClassGrading, lanes: Lanes) -> list[Done]:
    """Grade what is left, and show each as it ends; returns what could not be graded."""
    failed: list[Done] = []
    count, journal = 0, grading.plan.journal.path
    if grading.done_before:
        here.terminal.line(f"Graded before, and not again: {grading.done_before}.", "dim")
    decided = overrides_in(grading.plan.journal)
    try:
        with _bar(here, len(grading.left)) as advance:
            for done in grading.record_results(lanes):
                count += 1
                failed += [] if done.result else [done]
                key = done.handed_in.learner.id, done.handed_in.exercise
                outcome, said = _line(done, grading, decided.get(key, {}))
                advance(outcome, said)
    except KeyboardInterrupt:
        here.terminal.line(
            f"Ended. {count} of {len(grading.left)} are in {shown_path(journal)} and stay there.", "bold"
        )
        here.terminal.line("Next: the same command again goes on where this one was ended.")
        sys.exit(130)
    return failed


def _line(done: Done, grading: ClassGrading, decided: dict[str, float]) -> tuple[str, str]:
    """Return an outcome and a line that say how the grading of a submission went."""
    name, exercise, result = done.handed_in.learner.name, done.handed_in.exercise, done.result
    if result is None:
        return "broken", f"{name}  {exercise} not graded: {done.why}"
    points = grading.gradings[exercise]
    marks = f"{name}  {exercise} {score(result.as_dict(), points, decided):g}/{points.full:g}"
    if result.trouble:
        return "broken", f"{marks}  {result.trouble}"
    outcomes = Counter(verdict.outcome for verdict in result.verdicts)
    said = [f"{outcomes['broken'] + outcomes['waiting']} not kept"] if outcomes["broken"] + outcomes["waiting"] else []
    said += [f"{count} {word}" for word in ("unstable", "not proven") if (count := outcomes[word])]
    said += [flag for flag in result.flags if flag != "unstable"]
    outcome = "broken" if outcomes["broken"] + outcomes["waiting"] else "waiting" if said else "kept"
    return outcome, "  ".join([marks, ", ".join(said)]).rstrip()


@contextlib.contextmanager
def _bar(here: Context, count: int) -> Iterator[Callable[[str, str], None]]:
    """Yield a function that prints a line for each submission, above a progress bar if it's a terminal."""
    terminal = here.terminal
    if terminal.plain or not count:
        yield lambda outcome, said: terminal.outcome(outcome, said, hang=2)
        return
    with terminal.progress(count) as step:

        def advance(outcome: str, said: str) -> None:
            terminal.outcome(outcome, said, hang=2)
            step("")

        yield advance


@dataclass(frozen=True)
class ToSee:
    """A mark that a person should see before it counts: whose, for which exercise, and why."""

    learner: str
    exercise: str
    cause: Cause
    why: str


def _show_summary(here: Context, grading: ClassGrading) -> list[ToSee]:
    """Show a row per exercise: how many are graded, and their points, from the journal; return what's to be seen."""
    plan = grading.plan
    wanted = {(one.learner.id, one.exercise): (one.found.file, one.attempt) for one in plan.the_class.work}
    decided = overrides_in(plan.journal)
    marks: dict[tuple[str, str], float] = {}
    to_see: dict[tuple[str, str], ToSee | None] = {}
    for entry in plan.journal.stream(GRADED):
        key = entry.data["learner"], entry.step
        if wanted.get(key) == (entry.data["file"], entry.data["attempt"]):
            marks[key] = score(entry.data, grading.gradings[entry.step], decided.get(key, {}))
            cause = entry.data.get("cause")
            to_see[key] = ToSee(*key, cause, entry.data["why"]) if cause and key not in decided else None
    width = max(len(exercise.name) for exercise in plan.exercises)
    here.terminal.line()
    here.terminal.line(f"{'':{width}}  graded  mean  full marks  none", "bold")
    for exercise in plan.exercises:
        points = [mark for (_, name), mark in marks.items() if name == exercise.name]
        mean = f"{sum(points) / len(points):.0f}" if points else "-"
        full = grading.gradings[exercise.name].full
        most, none = sum(mark >= full for mark in points), sum(not mark for mark in points)
        here.terminal.line(f"{exercise.name:{width}}  {len(points):6}  {mean:>4}  {most:10}  {none:4}")
    return [one for one in to_see.values() if one]


def _of(learner: str, names: Mapping[str, str]) -> str:
    return f" ({names[learner]})" if learner in names else ""


def _unmatched(one: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return what to say of a file that belongs to no one on the roster: why, and who might be meant."""
    closest = " or ".join(f"{names[ident]} ({ident})" for ident in one.get("closest", ()))
    return f"{one['file']}: {one['why']}" + (f" Closest: {closest}." if closest else "")


def _show_lists(here: Context, the_class: TheClass, failed: Iterable[Done], journal: Path) -> None:
    names = {learner.id: learner.name for learner in the_class.learners.values()}
    not_graded = [f"{one.handed_in.found.file}, {one.handed_in.exercise}: {one.why}" for one in failed if not one.cause]
    _show_list(here, "Could not be graded; the same command tries again", not_graded)
    _show_list(here, "Not matched", [_unmatched(one, names) for one in the_class.unmatched])
    if any("closest" in one for one in the_class.unmatched):
        out = "" if journal == Path("results") / JOURNAL else f" --out {shlex.quote(shown_path(journal.parent))}"
        here.terminal.line(f"Settle each with: {ASSIGN_COMMAND} FILE LEARNER{out}", indent=2, hang=2)
    earlier = [f"{one['file']}{_of(one['learner'], names)}: {one['why']}" for one in the_class.superseded]
    _show_list(here, "Not counted", earlier)
    for exercise, ids in the_class.not_handed_in.items():
        _show_list(here, f"{exercise} not handed in", [names[id_] for id_ in ids])


def _show_to_see(here: Context, names: Mapping[str, str], to_see: Sequence[ToSee]) -> None:
    """Show the marks that a person should see, by their cause."""
    if to_see:
        here.terminal.line()
        here.terminal.line(f"Zeros that a person must see: {len(to_see)}", "bold")
    for cause, title in CAUSES.items():
        lines = [f"{names[one.learner]}, {one.exercise}: {one.why}" for one in to_see if one.cause == cause]
        if lines:
            here.terminal.line(f"{title}: {len(lines)}", indent=2)
        _show_lines(here, lines, indent=4)


def _show_list(here: Context, title: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    here.terminal.line()
    here.terminal.line(f"{title}: {len(lines)}", "bold")
    _show_lines(here, lines, indent=2)


def _show_lines(here: Context, lines: Sequence[str], *, indent: int) -> None:
    for line in lines[:LISTED]:
        here.terminal.line(line, indent=indent, hang=2)
    if len(lines) > LISTED:
        here.terminal.line(f"and {len(lines) - LISTED} more; the report lists all", "dim", indent=indent)
