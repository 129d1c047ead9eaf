"""What the command shows of checks, cards and the way ahead."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbook.course.changes import Edit, Experiment, by_file
from workbook.course.exercise import Exercise
from workbook.course.model import Course
from workbook.course.points import read_grading
from workbook.course.step_files import KEPT_IN
from workbook.errors import UserError
from workbook.learner.step_check import StepResult, Subject
from workbook.testrun import Check, Promise
from workbook.wording import number_of

from .terminal import Terminal

CARDS_SHOWN = 1
# Of a card in short: its sections, and how many lines of each.
IN_SHORT = {
    "It says": 3,
    "Not served": 8,
    "Before it": 2,
    "Expected": 4,
    "Got": 4,
    "Differs": 3,
    "At": 2,
    "To do": 2,
    "Hint": 1,
}
PROMISES_LISTED = 12  # more of them are counted, but for the broken ones


def shown_path(path: Path) -> str:
    """Return a path as a person would type it from where they are."""
    try:
        relative = os.path.relpath(path)
    except ValueError:  # another drive
        return str(path)
    return str(path) if relative.startswith("..") else relative.replace(os.sep, "/")


def show_result(
    terminal: Terminal, result: StepResult, *, whole: bool = False, more: str = "", limit: int | None = CARDS_SHOWN
) -> None:
    """Show the verdict, then cards of what's broken, whole or in short; `more` says how to see all of them."""
    show_verdict(terminal, result)
    if not result.whole.trouble:
        terminal.line()
        show_cards(terminal, cards_first(result), limit=None if whole else limit, more=more, whole=whole)


def cards_first(result: StepResult) -> list[Promise]:
    """Return what's broken and has cards to show: the step's own promises, or those of the first task that has any."""
    broken = result.stage.broken
    return broken or next((check.broken for check in result.tasks.values() if check.broken), [])


def show_title(terminal: Terminal, subject: Subject) -> None:
    where = "your copy, " if subject.is_copy else "handed in, " if subject.handed_in else "the original, "
    terminal.line(f"{subject.step.title}  {where}{shown_path(subject.handed_in or subject.folder)}", "bold")


def show_verdict(terminal: Terminal, result: StepResult, *, short: bool = False) -> None:
    """Show how the promises, the tasks and the points are; in `short`, what is kept is only counted."""
    subject = result.subject
    if not short:
        show_title(terminal, subject)
        terminal.line()
    if result.whole.trouble:
        terminal.outcome("broken", "The tests couldn't run.")
        terminal.field("It says", result.whole.trouble.splitlines()[-20:])
        return
    if result.missing:
        names = ", ".join(result.missing[:3]) + (" …" if len(result.missing) > 3 else "")
        are = "is" if len(result.missing) == 1 else "are"
        terminal.outcome(
            "broken", f"{names} {are} gone from {shown_path(subject.folder)}, so what it proves isn't checked."
        )
    if edited := subject.edited:
        these = f"{edited[0]} differs" if len(edited) == 1 else f"{number_of(len(edited), 'test file')} differ"
        terminal.outcome("open", f"{these} from the course's, so what's red or green may be about that.")
    _show_promises(terminal, result.stage, short=short)
    for name, task in result.tasks.items():
        _show_task(terminal, name, task, is_begun=result.has_begun(name))
    if subject.exercise:
        _show_points(terminal, subject.exercise, result.stage, blank=not short)


def _show_promises(terminal: Terminal, check: Check, *, short: bool = False) -> None:
    core = [promise for promise in check.promises if not promise.deeper]
    listed = [] if short or len(core) > PROMISES_LISTED else core
    for promise in check.promises:
        outcome = promise.outcome
        if outcome == "broken" or (promise in listed and outcome in {"kept", "open"}):
            terminal.outcome(outcome, promise.text)
    if core and not listed:
        _show_count(terminal, core, "promise")
    if waiting := [promise for promise in check.promises if promise.outcome == "waiting"]:
        terminal.outcome("waiting", f"{number_of(len(waiting), 'promise')} {_wait(len(waiting))} until that's fixed")
    if deeper := [promise for promise in check.promises if promise.deeper]:
        _show_count(terminal, deeper, "deeper promise")
    show_not_proven(terminal, check)
    replaced = [promise for promise in check.promises if promise.outcome == "replaced"]
    for exercise in dict.fromkeys(promise.reason for promise in replaced):
        of = [promise for promise in replaced if promise.reason == exercise]
        files = ", ".join(dict.fromkeys(f"tests/{promise.file.name}" for promise in of))
        said = f"{number_of(len(of), 'promise')} of {files}: red by intent, because {exercise} replaces {files}"
        terminal.outcome("open", said)


def show_not_proven(terminal: Terminal, check: Check) -> None:
    """Say how many promises couldn't be looked at here, and why."""
    reasons = [promise.reason for promise in check.not_proven]
    for reason in dict.fromkeys(reasons):
        number = reasons.count(reason)
        needs = f"{'needs' if number == 1 else 'need'} a browser: uv run workbook doctor says how to get one"
        said = needs if "Chromium" in reason else f"not looked at: {reason}"
        terminal.outcome("not proven", f"{number} more {said}")


def _show_count(terminal: Terminal, promises: Sequence[Promise], called: str) -> None:
    kept = sum(promise.outcome == "kept" for promise in promises)
    of = sum(promise.outcome not in {"not proven", "replaced"} for promise in promises)
    if of:
        terminal.outcome("kept" if kept == of else "open", f"{kept} of {number_of(of, called)} kept")


def _show_points(terminal: Terminal, exercise: Exercise, check: Check, *, blank: bool = True) -> None:
    """Show the points for what's kept, out of those that the public tests give, and how many more there are."""
    grading = read_grading(exercise.folder)
    of = grading.score({promise.name for promise in check.promises})
    broken = {promise.name: promise.broken_cases for promise in check.promises if promise.outcome == "broken"}
    got = grading.score({promise.name for promise in check.kept}, broken)
    if blank:
        terminal.line()
    said = f"{got:g} of {of:g} points"
    terminal.line(
        f"{said}; {grading.full - of:g} more are graded by hidden tests." if grading.full > of else said, "bold"
    )


def count_broken(check: Check) -> str:
    """Return how many promises are broken, and how many wait: `1 promise is broken and 13 wait`."""
    waiting = sum(promise.outcome == "waiting" for promise in check.promises)
    broken = len(check.broken) - waiting
    said = f"{number_of(broken, 'promise')} {'is' if broken == 1 else 'are'} broken"
    if not broken:
        return f"{number_of(waiting, 'promise')} {_wait(waiting)}"
    return f"{said} and {waiting} {_wait(waiting)}" if waiting else said


def say_all_kept(result: StepResult) -> str:
    """Return that the step's own promises are kept, and which task the card is about, if one is shown."""
    under_way = next(
        (f" Task {name.partition('-')[0]} isn't done yet." for name, c in result.tasks.items() if c.broken), ""
    )
    return f"The {result.subject.step.kind}'s promises are all kept.{under_way}"


def _wait(number: int) -> str:
    return "waits" if number == 1 else "wait"


def _show_task(terminal: Terminal, name: str, check: Check, *, is_begun: bool) -> None:
    number, _, words = name.partition("-")
    kept, of = len(check.kept), len(check.promises)
    if not of:
        said = "its tests are gone; uv run workbook start puts them back"
        terminal.outcome("open", f"task {number}, {words.replace('-', ' ')}: {said}")
    elif all(promise.outcome == "waiting" for promise in check.promises):  # nothing is known, so nothing is counted
        terminal.outcome("waiting", f"task {number}, {words.replace('-', ' ')}: waits until that's fixed")
    else:
        note = "done" if check.passed else f"{kept} of {number_of(of, 'promise')} kept" if is_begun else "not begun"
        terminal.outcome("done" if check.passed else "open", f"task {number}, {words.replace('-', ' ')}: {note}")


def show_cards(
    terminal: Terminal,
    broken: Sequence[Promise],
    *,
    limit: int | None,
    more: str = "",
    whole: bool = False,
    hint: str = "",
) -> None:
    """Show cards of broken promises, at most `limit`, one for each cause.

    `more` says how to see the rest, and `hint` how to get a hint here, if not by the command that the card names.
    """
    cards = [(promise, card) for promise in broken for card in promise.cards[:1]]
    plain = [promise for promise in broken if not promise.cards and promise.outcome == "broken"]
    for promise, card in cards[:limit]:
        show_card(terminal, promise, card, whole=whole, hint=hint)
    for promise in plain[:limit]:
        terminal.outcome("broken", promise.text)
        terminal.field("It says", promise.plain.splitlines()[-12:])
    left = len(cards) - len(cards[:limit])
    if more and cards and not whole:
        rest = f", and {left} more cards" if left > 1 else ", and one more card" if left else ""
        what = "all that was sent" if any(card.get("asked") for _, card in cards[:limit]) else "the whole card"
        terminal.field("More", [f"{more} shows {what}{rest}"], "dim", prose=True)
    elif left:
        terminal.line(f"and {left} more: {', '.join(card['test'] for _, card in cards[limit:])}", "dim")


def show_card(
    terminal: Terminal, promise: Promise, card: dict[str, Any], *, whole: bool = False, hint: str = ""
) -> None:
    """Show a card, whole or only what says what's wrong."""
    terminal.rule()
    terminal.outcome("broken", promise.text)
    terminal.line(f"{card['test']}, {shown_path(promise.file)}:{promise.line}", "dim", indent=3)
    sections = [(label, [hint] if hint and label == "Hint" else list(lines)) for label, lines in card["sections"]]
    for label, lines in sections if whole else _in_short(sections, card.get("asked", ""), terminal.width - 12):
        style = {"Expected": "green", "Got": "red", "It says": "bold yellow", "App's log": "dim"}.get(label, "")
        terminal.field(label, _from_here(lines) if label == "Repeat it" else lines, style)
    if whole:
        terminal.line()


def _in_short(sections: Sequence[tuple[str, list[str]]], asked: str, width: int) -> list[tuple[str, list[str]]]:
    """Return what says what is wrong, each part a few lines at most: a card that fits a screen beside the rest."""
    names = [label for label, _ in sections]
    values = {label: lines for label, lines in sections if label in {"Expected", "Got"}}
    says_nothing = "It says" in names and sorted(values.values()) == [["False"], ["True"]]
    shown = []
    for label, lines in sections:
        if says_nothing and label in values:  # of a bare condition, which the sentence above has explained
            continue
        if label == "App's log":
            shown.append((label, [line.strip() for line in lines if line.strip("~^ ")][-2:]))
        elif most := IN_SHORT.get(label, 0):
            if label == "Not served" and len(lines) > most:  # of a traceback the end says what was raised
                lines = [lines[0], "…", *lines[2 - most :]]
            most = 2 if label in {"Expected", "Got"} and "Differs" in names else most
            rows = [line if len(line) <= width else line[: width - 1] + "…" for line in lines[:most]]
            shown.append((label, [*rows, "…"] if len(lines) > most and label != "Differs" else rows))
    return [*shown, ("Asked", [asked if len(asked) <= width else asked[: width - 1] + "…"])] if asked else shown


def _from_here(lines: Sequence[str]) -> list[str]:
    """Return the lines to repeat a card with their files named from the folder that the learner is in."""
    try:
        root = Course.find(Path.cwd()).root
    except (UserError, OSError):
        return list(lines)
    here = shown_path(root / KEPT_IN)
    return [line.replace(f"@{KEPT_IN}/", f"@{here}/") for line in lines]


def show_edits(terminal: Terminal, edits: tuple[Edit, ...], folder: Path) -> None:
    """Show edits of a folder as a diff of the lines that they touch."""
    import difflib

    for file, group in by_file(edits, folder).items():
        shown = [f"--- {file}"]
        for edit in group:
            old, new = edit.find.strip("\n").splitlines(), edit.replace.strip("\n").splitlines()
            lines = list(difflib.unified_diff(old, new, lineterm="", n=2))
            shown += [" …"] * (len(shown) > 1) + [line for line in lines if not re.match(r"---|\+\+\+|@@", line)]
        terminal.code("\n".join(shown))


def show_experiment(terminal: Terminal, head: str, experiment: Experiment, folder: Path | None) -> None:
    """Show what an experiment is called and asks, and its edits of a folder."""
    terminal.line(head, "bold")
    terminal.line()
    terminal.line(" ".join(experiment.question.split()))
    terminal.line()
    if folder:
        show_edits(terminal, experiment.edits, folder)
        terminal.line()
