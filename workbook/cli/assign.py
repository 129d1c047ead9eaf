"""`workbook class assign`: a person's decision about whose a file is."""

import difflib
from collections.abc import Iterable
from pathlib import Path

from workbook.errors import UserError
from workbook.grader.file_names import Named
from workbook.grader.identity import OF_NOBODY
from workbook.grader.owners import Owners
from workbook.grader.results import ASSIGNED, CLASS, GRADED, Learner
from workbook.grader.sanitize import one_line
from workbook.journal import Journal

from .class_journal import existing_journal
from .context import Context
from .grading_on_screen import ASSIGN_COMMAND
from .handed_in import exit_with_1

AGAIN = f"{ASSIGN_COMMAND} FILE LEARNER"


def assign_file(file: str, learner: str, out: Path) -> None:
    """Record whose a file is."""
    here = Context()
    journal = existing_journal(out)
    with exit_with_1():
        files, roster = _seen(journal)
    meant = _the_file(file, files)
    owner = None if learner == OF_NOBODY else _the_learner(learner, roster)
    journal.record(ASSIGNED, "", file=meant, learner=owner.id if owner else OF_NOBODY)
    said = f"is {owner.name}'s ({owner.id})" if owner else "is no one's, and isn't graded"
    here.terminal.line(f"{meant} {said} from now on.", "bold")
    here.terminal.field("Next", ["the same workbook class grade again"])


def _seen(journal: Journal) -> tuple[list[str], list[Learner]]:
    """Return the files that were found so far, and the roster of the last grading."""
    files: dict[str, None] = {}
    learners: list[Learner] = []
    for entry in journal.stream(CLASS, GRADED):
        if entry.kind == GRADED:
            files[entry.data["file"]] = None
            continue
        lists = (entry.data.get(name, ()) for name in ("unmatched", "superseded"))
        files |= {one["file"]: None for found in lists for one in found}
        learners = [Learner(**one) for one in entry.data["learners"]]
    return list(files), [one for one in learners if one.on_roster]


def _the_file(asked: str, files: Iterable[str]) -> str:
    """Return the file that's meant, by its name in the list or by its path. Raises `UserError`."""
    known = list(files)
    for said in (asked, one_line(asked), asked.rstrip("/")):
        if said in known:
            return said
    ending = [file for file in known if asked.rstrip("/").endswith(f"/{file}")]
    if len(ending) == 1:
        return ending[0]
    near = difflib.get_close_matches(asked, known, n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise UserError(f"No file called {one_line(asked)} was found in a grading.{hint}", AGAIN)


def _the_learner(asked: str, roster: list[Learner]) -> Learner:
    """Return the learner on the roster who is meant. Raises `UserError`."""
    if not roster:
        raise UserError("The last grading didn't have a roster to choose from.", "grade with --roster FILE")
    named = Named("", asked, one_line(asked), "", 1, 0)
    owners = Owners(roster)
    found, why = owners.owners(named)
    if len(found) == 1:
        return found[0]
    near = owners.closest(named)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise UserError(f"{why or f'{asked} is a group.'}{hint}", AGAIN)
