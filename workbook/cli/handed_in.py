"""What's common to the commands about a class: who has handed in what, and the journal."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from workbook.course.exercise import Exercise
from workbook.errors import UserError
from workbook.grader.class_grading import LOST, assigned_in
from workbook.grader.folder import find_submissions
from workbook.grader.found import Found
from workbook.grader.identity import TheClass, identify
from workbook.grader.owners import Owners
from workbook.grader.results import Learner
from workbook.grader.roster import read_roster
from workbook.journal import Journal

from .context import Context

JOURNAL = "journal.db"


class ClassRequest(Protocol):
    """What a command about a class was given. An exercise may come with its own path: NAME=PATH."""

    @property
    def paths(self) -> Sequence[Path]: ...

    @property
    def exercises(self) -> Sequence[str]: ...

    @property
    def out(self) -> Path: ...

    @property
    def roster(self) -> Path | None: ...


@contextlib.contextmanager
def exit_with_1() -> Iterator[None]:
    """Exit with 1 instead of 2 on a `UserError`, because a journal that can't be used isn't wrong usage."""
    try:
        yield
    except UserError as error:
        raise UserError(error.message, error.then, code=1) from error


def identify_class(here: Context, request: ClassRequest) -> tuple[list[Learner], list[Exercise], TheClass]:
    """Return the roster, the exercises that are meant, and who has handed in what. Raises `UserError`."""
    roster = read_roster(request.roster) if request.roster else []
    not_in = [request.out, *([request.roster] if request.roster else [])]
    asked, paths = _asked_for(here, request)
    with exit_with_1():
        assigned = assigned_in(Journal(request.out / JOURNAL, lost=LOST))
    names = [exercise.name for exercise in here.course.exercises()]
    found = find_submissions(paths, names, not_in, Owners(roster).knows)
    exercises = _exercises(here, asked, found)
    meant = [one.name for one in exercises]
    return roster, exercises, identify(found, roster, meant, all_exercises=bool(asked), assigned=assigned)


def _asked_for(here: Context, request: ClassRequest) -> tuple[list[str], list[Path | tuple[str, Path]]]:
    """Return the exercises that were asked for, and the paths; `--exercise NAME=PATH` gives one of each."""
    names: list[str] = []
    paths: list[Path | tuple[str, Path]] = [*request.paths]
    for word in request.exercises:
        name, equals, path = word.partition("=")
        exercise = here.step(name).name
        if equals:
            paths.append((exercise, Path(path)))
        else:
            names.append(exercise)
    if not paths:
        raise UserError("You didn't say where the submissions are.", "name zips, folders, or a folder that holds them")
    return names, paths


def _exercises(here: Context, asked: Sequence[str], found: Sequence[Found]) -> list[Exercise]:
    """Return those asked for; otherwise those that the files and folders are named after, and no other one."""
    names = [*asked] or [one.meant for one in found if one.meant]
    steps = [step for step in here.course.steps if step.kind == "exercise" or step.name in names]
    if not names and found and len(steps) > 1:
        said = f"Which exercise is it? No file's name says so, for example {found[0].file}."
        raise UserError(said, f"add --exercise NAME: {', '.join(step.name for step in steps)}")
    chosen = [step for step in steps if step.name in names] or steps
    for step in chosen:
        if step.kind != "exercise":
            raise UserError(f"{step.name} isn't an exercise, so it can't be graded.", "workbook list")
        if not here.course.exercise(step).is_for_authors:
            said = f"{step.name} can't be graded here, because a learner edition doesn't have its hidden tests."
            raise UserError(said, "grade in the full course")
    return [here.course.exercise(step) for step in chosen]
