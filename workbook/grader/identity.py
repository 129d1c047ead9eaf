"""Who handed in what: the class folder held against the roster, and of several attempts the last."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from workbook.submissions.trees import Changing

from .file_names import OF_TEST_STUDENT, ONLINE_TEXT, RECEIPT, TEST_STUDENTS, Named, own_stem
from .found import Found
from .owners import Owners
from .person_names import fold_name
from .results import Learner

NOT_ONE = "It isn't an archive or a folder, so it isn't graded."
A_TUTORIAL = 3  # members of a group who hand in different files: they don't work as one
OF_NOBODY = "-"  # instead of a learner's id: a person has decided that the file doesn't belong to any learner


@dataclass(frozen=True)
class HandedIn:
    """What counts for a learner and an exercise; `attempt` is 1 for the first of theirs."""

    learner: Learner
    exercise: str
    found: Found
    attempt: int


@dataclass
class TheClass:
    """All learners, what will be graded, and what was found that won't be."""

    learners: dict[str, Learner]
    work: list[HandedIn]
    unmatched: list[dict[str, Any]] = field(default_factory=list)  # file, why, closest: ids
    superseded: list[dict[str, str]] = field(default_factory=list)  # file, learner, why
    not_handed_in: dict[str, list[str]] = field(default_factory=dict)

    def as_entry(self) -> dict[str, Any]:
        """Return what the journal keeps of the class."""
        learners = [
            {
                "id": one.id,
                "name": one.name,
                "email": one.email,
                "lms": one.lms,
                "on_roster": one.on_roster,
                "group": one.group,
            }
            for one in self.learners.values()
        ]
        rest = {"unmatched": self.unmatched, "superseded": self.superseded, "not_handed_in": self.not_handed_in}
        return {"learners": learners, **rest}


def identify(
    found: Sequence[Found],
    roster: Sequence[Learner],
    exercises: Sequence[str],
    *,
    all_exercises: bool,
    assigned: Mapping[str, str] | None = None,
) -> TheClass:
    """Compare what was found with the roster; if that's empty, learners are known by their files only.

    A file that's meant for an exercise counts for that one, before any other file of the same learner. If an exercise
    doesn't have its own file, it's looked for in files that aren't meant for any. With `all_exercises`, it's looked
    for in all of the learner's files, because a project holds every exercise. `assigned` is what a person has decided:
    the learner's id for each file.
    """
    owners = Owners(roster, [one.named for one in found])
    the_class = TheClass({learner.id: learner for learner in roster}, [])
    files: dict[str, list[Found]] = defaultdict(list)
    for one in found:
        learners = _learners_of(one, the_class, owners, assigned or {})
        numbers = _numbers(one.named) if len(learners) == 1 else {}  # a group's number is none of its members'
        for learner in learners:
            known = the_class.learners.get(learner.id, learner)
            the_class.learners[learner.id] = replace(known, lms=numbers | known.lms)
            files[learner.id].append(one)
    _share_in_groups(roster, files)
    for id_, theirs in files.items():
        used: set[str] = set()
        for exercise in exercises:
            used |= _choose(the_class, the_class.learners[id_], exercise, theirs, all_exercises=all_exercises)
        for one in theirs:
            if one.file not in used:
                other = "" if one.is_likely or one.meant in exercises else one.meant
                why = f"It's for {other}, which isn't being graded now." if other else "Not used."
                the_class.superseded.append({"file": one.file, "learner": id_, "why": why})
    for exercise in exercises:
        there = {one.learner.id for one in the_class.work if one.exercise == exercise}
        the_class.not_handed_in[exercise] = [learner.id for learner in roster if learner.id not in there]
    return the_class


def _learners_of(found: Found, the_class: TheClass, owners: Owners, assigned: Mapping[str, str]) -> list[Learner]:
    """Return whose a file is: one learner, or the members of a group; a stranger if it's none of the roster's.

    What isn't a submission is only listed.
    """
    named = found.named
    if decided := assigned.get(found.file):
        known = the_class.learners.get(decided)
        if decided == OF_NOBODY:
            the_class.superseded.append({"file": found.file, "learner": "", "why": "A person decided: not graded."})
            return []
        if known:
            return [known]
    learners, why = owners.owners(named)
    if named.ignored in {ONLINE_TEXT, RECEIPT}:
        whose = learners[0].id if len(learners) == 1 else ""
        the_class.superseded.append({"file": found.file, "learner": whose, "why": named.ignored})
        return []
    if not learners and named.lms == "canvas" and named.name.casefold() in TEST_STUDENTS:
        the_class.superseded.append({"file": found.file, "learner": "", "why": OF_TEST_STUDENT})
        return []
    if not found.may_be_one and (not learners or not named.lms):
        the_class.unmatched.append({"file": found.file, "why": NOT_ONE})
        return []
    if learners:
        return learners
    stranger = _stranger(named, the_class.learners)
    if owners.has_roster:
        closest = owners.closest(named)
        entry = {"file": found.file, "why": f"{why} Graded as {stranger.id}.", "closest": closest}
        the_class.unmatched.append(entry)
    return [stranger]


def _stranger(named: Named, learners: Mapping[str, Learner]) -> Learner:
    """Return a learner who is known by a file only, under an id that no one on the roster has."""
    ident = f"{named.lms}:{named.name}" if named.doubt else named.learner
    taken = learners.get(ident)
    if taken and taken.on_roster:
        ident = f"{named.lms or 'file'}:{ident}"
    lms = {} if named.doubt else _numbers(named)
    return Learner(ident, named.name or named.learner, named.email, lms, on_roster=False)


def _share_in_groups(roster: Sequence[Learner], files: dict[str, list[Found]]) -> None:
    """Let what one member of a group has handed in count for those who have handed in nothing for that exercise."""
    groups: dict[str, list[Learner]] = defaultdict(list)
    for learner in roster:
        if learner.group:
            groups[fold_name(learner.group)].append(learner)
    for members in groups.values():
        handed_in = {one.id: list(files.get(one.id, ())) for one in members}
        apart = _each_by_themselves(handed_in)
        for member in members:
            have = {one.meant for one in handed_in[member.id]} | apart
            others = [one for other in members if other is not member for one in handed_in[other.id]]
            if more := [one for one in others if one.meant not in have and not ("" in have and one.meant)]:
                files[member.id] = [*files.get(member.id, ()), *dict.fromkeys(more)]


def _each_by_themselves(handed_in: Mapping[str, Sequence[Found]]) -> set[str]:
    """Return the exercises that at least three members hand in apart: a tutorial's list, not a team."""
    theirs: dict[str, dict[str, set[str]]] = defaultdict(dict)
    for member, files in handed_in.items():
        for one in files:
            theirs[one.meant].setdefault(member, set()).add(one.file)
    return {meant for meant, by_member in theirs.items() if len(set(map(frozenset, by_member.values()))) >= A_TUTORIAL}


def _choose(
    the_class: TheClass, learner: Learner, exercise: str, files: Iterable[Found], *, all_exercises: bool
) -> set[str]:
    """Put the learner's last attempt at the exercise on the list; returns the files that this has dealt with."""
    theirs = list(files)
    named = [one for one in theirs if one.meant == exercise]
    named = [one for one in named if not one.is_likely] or named
    unnamed = [one for one in theirs if not one.meant]
    attempts = named or unnamed or (theirs if all_exercises else [])
    attempts = [one for one in attempts if one.may_be_one] or attempts  # a text beside a zip is a letter
    if not attempts:
        return set()
    last = _with_project(in_order(attempts))
    earlier = [one for one in attempts if one is not last]
    the_class.work.append(HandedIn(learner, exercise, last, max(len(attempts), last.named.attempt)))
    if named or unnamed:
        for one in earlier:
            why = "a later one" if in_order([one, last])[-1] is last else "a file with a project in it"
            entry = {"file": one.file, "learner": learner.id, "why": f"For {exercise} {why} counts: {last.file}."}
            the_class.superseded.append(entry)
    return {one.file for one in attempts}


def _with_project(attempts: Sequence[Found]) -> Found:
    """Return the last attempt; if it's one of several files of one submission, the last of these with a project in it.

    Canvas and Moodle give out what was handed in last, in several files if there were several: pictures in a zip, say.
    """
    last = attempts[-1]
    beside = [one for one in attempts[:-1] if one.named.lms in {"canvas", "moodle"} and one.download == last.download]
    beside = [one for one in beside if own_stem(one.file) != own_stem(last.file)]
    if not beside or _has_project(last):
        return last
    return next(filter(_has_project, reversed(beside)), last)


def _has_project(found: Found) -> bool:
    try:
        return not found.snapshot().refused
    except (OSError, Changing):
        return True  # whatever is wrong with it is said when it's graded


def in_order(attempts: Sequence[Found]) -> list[Found]:
    """Return attempts, the last one last: by `submit`'s stamp, the platform's number, a copy's number, the time.

    What only some of them have says nothing about the others, so it's passed over. If a platform's download is there
    twice, the number of its copy counts before what a learner can choose.
    """
    stamped = all(one.named.stamp for one in attempts)
    numbered = all(one.named.order for one in attempts)

    def key(found: Found) -> tuple[str, int, int, int, int, float, str]:
        named = found.named
        stamp, order = named.stamp if stamped else "", named.order if numbered else 0
        return stamp, order, found.download, named.attempt, named.copy, found.modified, found.file

    return sorted(attempts, key=key)


def _numbers(named: Named) -> dict[str, str]:
    """Return the learner's number by platform; only Canvas and Moodle have their own in the names of files."""
    has_one = named.lms in {"canvas", "moodle"} and named.learner.isdecimal() and not named.doubt
    return {named.lms: named.learner} if has_one else {}
