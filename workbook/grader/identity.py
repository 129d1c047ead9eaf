"""Who handed in what: the class folder held against the roster, and of several attempts the last."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .file_names import Named, fold_name, slugs
from .folder import Found
from .results import Learner
from .roster import read_roster

__all__ = ["HandedIn", "TheClass", "identify", "read_roster"]


@dataclass(frozen=True)
class HandedIn:
    """What counts for a learner and an exercise; `attempt` is 1 for the first of theirs."""

    learner: Learner
    exercise: str
    found: Found
    attempt: int


@dataclass
class TheClass:
    """Everybody, and what is to be graded; and what was found that is not."""

    learners: dict[str, Learner]
    work: list[HandedIn]
    unmatched: list[dict[str, str]] = field(default_factory=list)  # file, why
    superseded: list[dict[str, str]] = field(default_factory=list)  # file, learner, why
    not_handed_in: dict[str, list[str]] = field(default_factory=dict)

    def as_entry(self) -> dict[str, Any]:
        """Return what the journal keeps of the class."""
        learners = [
            {"id": one.id, "name": one.name, "email": one.email, "lms": one.lms, "on_roster": one.on_roster}
            for one in self.learners.values()
        ]
        rest = {"unmatched": self.unmatched, "superseded": self.superseded, "not_handed_in": self.not_handed_in}
        return {"learners": learners, **rest}


def identify(
    found: Sequence[Found], roster: Sequence[Learner], exercises: Sequence[str], *, all_exercises: bool
) -> TheClass:
    """Compare what was found with the roster, which may be empty: learners are then known by their files only.

    A file that is named after an exercise counts for that one, before any other of the same learner. With
    `all_exercises` every exercise that has no file of its own is looked for in the learner's other files, because a
    project holds all of them; otherwise only in those that are named after none.
    """
    book = _Book(roster)
    the_class = TheClass({learner.id: learner for learner in roster}, [])
    files: dict[str, list[Found]] = defaultdict(list)
    for one in found:
        learner, why = book.owner(one.named)
        if not one.may_be_one and (learner is None or not one.named.lms):
            the_class.unmatched.append({"file": one.file, "why": "It is neither a zip nor a folder: not graded."})
            continue
        if learner is None:
            learner = Learner(_id_beside(one.named, the_class.learners), one.named.name or one.named.learner)
            learner = replace(learner, email=one.named.email, lms=_numbers(one.named), on_roster=False)
            if roster:
                the_class.unmatched.append({"file": one.file, "why": f"{why} Graded as {learner.id}."})
        known = the_class.learners.get(learner.id, learner)
        the_class.learners[learner.id] = replace(known, lms=_numbers(one.named) | known.lms)
        files[learner.id].append(one)
    for id_, theirs in files.items():
        used: set[str] = set()
        for exercise in exercises:
            used |= _choose(the_class, the_class.learners[id_], exercise, theirs, all_exercises=all_exercises)
        for one in theirs:
            if one.file not in used:
                why = f"It is for {one.named.exercise}, which is not graded now." if one.named.exercise else "Not used."
                the_class.superseded.append({"file": one.file, "learner": id_, "why": why})
    for exercise in exercises:
        there = {one.learner.id for one in the_class.work if one.exercise == exercise}
        the_class.not_handed_in[exercise] = [learner.id for learner in roster if learner.id not in there]
    return the_class


def _choose(
    the_class: TheClass, learner: Learner, exercise: str, files: Iterable[Found], *, all_exercises: bool
) -> set[str]:
    """Put the learner's last attempt at the exercise on the list; returns the files that this has dealt with."""
    theirs = list(files)
    named = [one for one in theirs if one.named.exercise == exercise]
    unnamed = [one for one in theirs if not one.named.exercise]
    attempts = named or unnamed or (theirs if all_exercises else [])
    attempts = [one for one in attempts if one.may_be_one] or attempts  # a text beside a zip is a letter
    if not attempts:
        return set()
    *earlier, last = sorted(attempts, key=_order)
    the_class.work.append(HandedIn(learner, exercise, last, max(len(attempts), last.named.attempt)))
    if named or unnamed:
        why = f"For {exercise} a later one counts: {last.file}."
        the_class.superseded += [{"file": one.file, "learner": learner.id, "why": why} for one in earlier]
    return {one.file for one in attempts}


def _order(found: Found) -> tuple[int, int, float, str]:
    """Return a key that sorts attempts: the platform's number, the number in the name, the time, the name."""
    return found.named.order, found.named.attempt, found.modified, found.file


def _numbers(named: Named) -> dict[str, str]:
    """Return the learner's number by platform; only Canvas and Moodle have their own, Gradescope doesn't."""
    return {named.lms: named.learner} if named.lms in {"canvas", "moodle"} else {}


def _id_beside(named: Named, learners: dict[str, Learner]) -> str:
    """Return the id that a file gives, behind the platform's name if it's another learner's on the roster."""
    taken = learners.get(named.learner)
    return f"{named.lms or 'file'}:{named.learner}" if taken and taken.on_roster else named.learner


class _Book:
    """The roster, to be asked whose a file is."""

    def __init__(self, roster: Sequence[Learner]) -> None:
        self._numbers = {(lms, number): one for one in roster for lms, number in one.lms.items()}
        self._ids = {fold_name(one.id): one for one in roster}
        self._names = _by(roster, lambda one: {fold_name(one.name), *_turned(one.name)})
        self._slugs = _by(roster, lambda one: slugs(one.name))
        self._emails = _by(roster, lambda one: {fold_name(one.email), fold_name(one.email.partition("@")[0])} - {""})
        self._any = bool(roster)

    def owner(self, named: Named) -> tuple[Learner | None, str]:
        """Return the learner whose file it is; otherwise None and why, or "" if there's no roster."""
        if not self._any:
            return None, ""
        name = fold_name(named.name)
        if named.lms == "gradescope":
            if owner := self._ids.get(fold_name(named.learner)):
                return owner, ""
            candidates = self._emails.get(fold_name(named.email)) or self._names.get(name) or []
            asked = f"the id {named.learner}, the email {named.email} or the name {named.name}"
        elif named.lms:
            platform = named.lms.capitalize()
            if owner := self._numbers.get((named.lms, named.learner)):
                return owner, ""
            candidates = self._slugs.get(name, []) if named.lms == "canvas" else self._names.get(name, [])
            candidates = [one for one in candidates if not one.lms.get(named.lms)]
            if named.lms == "canvas" and not candidates and (owner := self._ids.get(fold_name(named.learner))):
                return owner, ""
            asked = f"the {platform} number {named.learner} or the name {named.name}"
        else:
            if owner := self._ids.get(name):
                return owner, ""
            candidates = self._names.get(name) or self._emails.get(name) or self._slugs.get(name) or []
            asked = f"the id, name or email {named.name}"
        if len(candidates) == 1:
            return candidates[0], ""
        if candidates:
            shared = ", ".join(one.id for one in candidates[:5])
            return None, f"Several on the roster are called {named.name}: {shared}."
        return None, f"Nobody on the roster has {asked}."


def _turned(name: str) -> set[str]:
    """Return “Lovelace, Ada” as “Ada Lovelace”, in the form used for comparing; an empty set if there's no comma."""
    last, comma, first = name.partition(",")
    return {fold_name(f"{first} {last}")} if comma else set()


def _by(roster: Sequence[Learner], keys: Any) -> dict[str, list[Learner]]:
    found: dict[str, list[Learner]] = defaultdict(list)
    for one in roster:
        for key in keys(one):
            found[key].append(one)
    return found
