"""`workbook class override`: a person's decision about one promise."""

from dataclasses import asdict
from pathlib import Path

from workbook.errors import UserError
from workbook.grader.class_grading import LOST
from workbook.grader.results import CLASS, GRADED, OVERRIDE, Override, Result
from workbook.grader.sanitize import one_line
from workbook.journal import Journal

from .context import Context
from .grade_class import JOURNAL, exit_with_1
from .screens import shown_path


def override_promise(learner: str, promise: str, points: str, *, why: str, out: Path, exercise: str) -> None:
    """Record what a person has decided about one promise of one learner."""
    here = Context()
    journal = Journal(out / JOURNAL, lost=LOST)
    again = f"workbook class override LEARNER PROMISE POINTS --why TEXT --out {shown_path(out)}"
    if not why.strip():
        raise UserError("A decision needs its reason: --why TEXT.", again)
    try:
        value = float(points)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise UserError(f"{points} is no number of points: 0 or more.", again)
    if not journal.path.is_file():
        raise UserError(f"{shown_path(journal.path)} is not there: nothing is graded in it.", "name its folder: --out")
    with exit_with_1():
        exercises, outcome = _graded(journal, learner, promise, exercise)
    asked = f" for {exercise}" if exercise else ""
    if not exercises:
        raise UserError(
            f"{shown_path(journal.path)} has no result of {learner}{asked}.{_near(journal, learner)}", again
        )
    holding = [name for name, promises in exercises.items() if promise in promises]
    if not holding:
        names = ", ".join(name for promises in exercises.values() for name in promises)
        raise UserError(
            f"No promise that {learner} was graded on{asked} is called {promise}. There are {names}.", again
        )
    if len(holding) > 1:
        said = f"{promise} is a promise of {' and of '.join(holding)}."
        raise UserError(said, f"{again} --exercise {holding[0]}")
    decision = Override(learner, holding[0], promise, value, one_line(why, 1000))
    journal.record(OVERRIDE, holding[0], **asdict(decision))
    said = "not kept" if outcome == "broken" else outcome
    here.terminal.line(f"{learner}, {holding[0]}: {promise} is worth {value:g} now. It was graded: {said}.", "bold")
    here.terminal.field("Next", [f"uv run --group grading workbook class report {shown_path(journal.path)}"])


def _graded(journal: Journal, learner: str, promise: str, exercise: str) -> tuple[dict[str, list[str]], str]:
    """Return the promises that the learner was graded on, by exercise, and the last outcome of this one."""
    found: dict[str, list[str]] = {}
    outcome = ""
    for entry in journal.stream(GRADED):
        if entry.data["learner"] == learner and exercise in ("", entry.step):
            result = Result.from_dict(entry.data)
            found[entry.step] = [verdict.promise for verdict in result.verdicts]
            outcome = next((one.outcome for one in result.verdicts if one.promise == promise), outcome)
    return found, outcome


def _near(journal: Journal, learner: str) -> str:
    """Return a question that names learners whose id or name contains this one; "" if there are none."""
    asked, last = learner.casefold(), []
    for entry in journal.stream(CLASS):
        last = entry.data["learners"]
    near = [one["id"] for one in last if asked in one["id"].casefold() or asked in one["name"].casefold()]
    return f" Did you mean {' or '.join(near[:3])}?" if near else ""
