"""The roster, to be asked whose a file is. It never guesses: what fits several, or another one too, matches no one."""

import difflib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .file_names import Named
from .person_names import bare_words, fold_name, is_garbled, slugs
from .results import Learner

NOT_IN_A_NAME = set('/\\:*?"<>|')  # of a file
LOGINS = ("login", "github")
CLOSEST = 3
LOWEST = 100  # number that's an id if there are zeros in front of it: a lower one may count anything
# What people write behind or before their name that says nothing of them.
FILLERS = (
    "(?:final|version|v|submission|submitted|solution|project|projekt|proyecto|projet|app|code|work|homework|hw"
    r"|assignment|exercise|task|week|main|master|abgabe|lösung|entrega|rendu|übung)?\d{0,2}|20\d\d[-_.]?\d\d[-_.]?\d\d"
)
COMMIT = r"(?=[0-9a-f]*[a-f])(?=[a-f]*\d)[0-9a-f]{7,40}"  # behind the name of a repository that GitHub packed
FILLER = re.compile(
    rf"^(?:(?:{FILLERS})[\W_]{{1,3}}){{1,4}}|(?:[\W_]{{1,3}}(?:{COMMIT}|{FILLERS})){{1,4}}$", re.IGNORECASE
)
CLOSE = 0.55  # of 1: how alike a name has to be, to be offered


class Owners:
    """Everyone on the roster by what files call them."""

    def __init__(self, roster: Sequence[Learner], all_named: Iterable[Named] = ()) -> None:
        """Begin with the roster. What `all_named`, the names of all files, share says nothing about one learner."""
        self._roster = roster
        self._numbers = {(lms, number): one for one in roster for lms, number in one.lms.items()}
        self._ids = {one.id: one for one in roster}
        self._written = _by(roster, lambda one: {_plain(fold_name(one.id))} if NOT_IN_A_NAME & set(one.id) else set())
        self._folded = _by(roster, lambda one: {fold_name(one.id)})
        self._logins = _by(
            roster, lambda one: {fold_name(one.lms.get(name, "")) for name in ("login", "github")} - {""}
        )
        self._names = _by(roster, lambda one: {fold_name(one.name), *_turned(one.name)})
        self._slugs = _by(roster, lambda one: slugs(one.name))
        self._words = _by(roster, lambda one: {bare_words(one.name)} - {frozenset()})
        self._emails = _by(roster, lambda one: {fold_name(one.email)} - {""})
        self._boxes = _by(roster, lambda one: {fold_name(one.email.partition("@")[0])} - {""})
        self._groups = _by(roster, lambda one: ({fold_name(one.group)} | slugs(one.group)) - {""})
        moodle = [named.name for named in all_named if named.lms == "moodle"]
        self._is_blind = len(moodle) > 1 and len(set(moodle)) == 1

    @property
    def has_roster(self) -> bool:
        return bool(self._roster)

    def knows(self, named: Named) -> bool:
        """Return whether a file's name is that of exactly one learner, or of a group."""
        return bool(self.owners(named)[0])

    def owners(self, named: Named) -> tuple[list[Learner], str]:
        """Return the learner whose file it is, or the members of a group; otherwise none and why."""
        if not self._roster:
            return [], ""
        if named.doubt:
            return [], named.doubt
        if named.lms == "gradescope":
            return self._of_gradescope(named)
        if named.lms == "moodle":
            return self._of_moodle(named)
        if named.lms == "canvas":
            return self._of_canvas(named)
        asked = f"the id, name or email {named.name}"
        said = [*named.others, named.name] if named.lms == "blackboard" else [named.name, *named.others]
        for name in dict.fromkeys([*said, *(form for one in said for form in _said_otherwise(one))]):
            if found := self._by_hand(name):
                return self._one(found, name, asked)
        return self._one([], named.name, asked)

    def _of_gradescope(self, named: Named) -> tuple[list[Learner], str]:
        mail = _exactly(named.email, self._emails.get(fold_name(named.email), []))
        found = self._by_id(named.learner) or mail or self._by_name(named.name) or self._by_number(named.learner)
        asked = f"the id {named.learner}, the email {named.email} or the name {named.name}"
        return self._one(found, named.name, asked)

    def _of_canvas(self, named: Named) -> tuple[list[Learner], str]:
        if owner := self._numbers.get(("canvas", named.learner)):
            return [owner], ""
        if not named.learner.isdecimal():
            return [], "Canvas graded anonymously, so its name doesn't say whose it is."
        slug = fold_name(named.name)
        found = [one for one in self._slugs.get(slug, []) if not one.lms.get("canvas")]
        found = found or self._by_id(named.learner) or self._groups.get(slug, [])
        if not found and (other := self._with_another_number(named, self._slugs.get(slug, []))):
            return [], other
        return self._one(found, named.name, f"the Canvas number {named.learner} or the name {named.name}")

    def _of_moodle(self, named: Named) -> tuple[list[Learner], str]:
        """Return the owner by Moodle's number, if the name agrees: of a team it's the group's number.

        Of a group, its name comes before the learner's, or in their place.
        """
        names = [named.name, *named.others]
        if owner := self._numbers.get(("moodle", named.learner)):
            if self._is_blind or owner.name == owner.id or _agree(owner.name, names):
                return [owner], ""
            if group := self._groups.get(fold_name(named.name)):
                return group, ""
            said = f"The Moodle number {named.learner} is {owner.name}'s, and the name is another one: a team's?"
            return [], said
        if group := self._groups.get(fold_name(named.name)):
            return group, ""
        for name in names:
            found = [one for one in self._by_name(name) if not one.lms.get("moodle")]
            if found:
                return self._one(found, named.name, "")
        if not named.learner.isdecimal():
            return [], "It doesn't have a Moodle number: it's from those who aren't in a team."
        if other := self._with_another_number(named, self._by_name(named.name)):
            return [], f"{other} Is it another assignment's worksheet?"
        return [], f"No one on the roster has the Moodle number {named.learner} or the name {named.name}."

    @staticmethod
    def _with_another_number(named: Named, found: Sequence[Learner]) -> str:
        """Return a sentence about the one who's called like the file and has another number; "" if there's none."""
        if len(found) != 1:
            return ""
        one, platform = found[0], named.lms.capitalize()
        who = "Nobody" if named.lms == "canvas" else "No one"
        return f"{who} on the roster has the {platform} number {named.learner}: {one.name}'s is {one.lms[named.lms]}."

    def _by_hand(self, name: str) -> list[Learner]:
        """Return who is meant by a name that no platform has made: an id, a login, a name, an email, or a group."""
        folded = fold_name(name)
        found = (
            self._by_id(name)
            or self._logins.get(folded)
            or self._by_name(name)
            or self._emails.get(folded)
            or self._boxes.get(folded)
            or self._slugs.get(folded)
            or self._groups.get(folded)
            or self._written.get(_plain(folded))
            or self._by_number(name)
        )
        return _exactly(name, found)

    def _by_id(self, ident: str) -> list[Learner]:
        """Return the learner with exactly this id, otherwise those whose id differs in case."""
        ident = ident.removeprefix("#")
        return [self._ids[ident]] if ident in self._ids else self._folded.get(fold_name(ident), [])

    def _by_number(self, ident: str) -> list[Learner]:
        """Return whose id is this number: a spreadsheet takes zeros away in front of it, of a file or of the roster."""
        if not (ident.isascii() and ident.isdecimal()) or int(ident) < LOWEST:
            return []
        return [one for one in self._roster if one.id.isascii() and one.id.isdecimal() and int(one.id) == int(ident)]

    def _by_name(self, name: str) -> list[Learner]:
        """Return who has this name, with its parts in any order, or written as one word as in Korean."""
        found = self._names.get(fold_name(name)) or self._words.get(bare_words(name)) or []
        return found or list({one.id: one for form in slugs(name) for one in self._slugs.get(form, [])}.values())

    def _one(self, found: Sequence[Learner], name: str, asked: str) -> tuple[list[Learner], str]:
        groups = {fold_name(one.group) for one in found}
        if len(found) == 1 or (len(groups) == 1 and fold_name(name) in self._groups):
            return list(found), ""
        if found:
            shared = ", ".join(one.id for one in found[:5])
            return [], f"Several on the roster are called {name}: {shared}."
        return [], f"Nobody on the roster has {asked}."

    def closest(self, named: Named) -> list[str]:
        """Return the ids of those whose number it is, and whose id, name or email is most like what the file says."""
        asked = fold_name(named.name)
        alike: dict[str, float] = {}
        for one in self._roster:
            said = {fold_name(one.id), fold_name(one.name), *_turned(one.name), *slugs(one.name)}
            said |= {fold_name(text) for text in (one.email.partition("@")[0], *one.lms.values())}
            matcher = difflib.SequenceMatcher(b=asked, autojunk=False)
            shares_a_word = bool(bare_words(named.name) & bare_words(one.name))
            best = 0.9 if shares_a_word else 0.0
            for text in said - {""}:
                matcher.set_seq1(text[:100])
                best = max(best, matcher.ratio() if matcher.quick_ratio() > max(best, CLOSE) else 0.0)
            alike[one.id] = 2.0 if one.lms.get(named.lms) == named.learner else best
        near = sorted((ident for ident, ratio in alike.items() if ratio >= CLOSE), key=lambda ident: -alike[ident])
        return near[:CLOSEST]


def _plain(ident: str) -> str:
    """Return the letters and digits of an id: no file can be called 21/CS/045, so people write another sign."""
    return " ".join(re.findall(r"[^\W_]+", ident))


def _said_otherwise(name: str) -> list[str]:
    """Return what a name that someone has typed may be meant as: with spaces, and only the words of a name."""
    plain = FILLER.sub("", FILLER.sub("", name))
    spaced = (" ".join(re.findall(r"[^\W_]+", form)) for form in (name, plain))
    return [form for form in (plain, *spaced) if form]


def _agree(name: str, names: Iterable[str]) -> bool:
    """Return whether a name on the roster and one in a file share a word, however each platform cleans it."""
    words, joined = bare_words(name), slugs(name)
    return any(words & bare_words(other) or joined & slugs(other) or is_garbled(name, other) for other in names)


def _exactly(name: str, found: Sequence[Learner]) -> list[Learner]:
    """Return of several the one who is called exactly so: ids, logins and addresses may differ only in case."""
    exact = [one for one in found if name in {one.id, one.email, one.email.partition("@")[0], *one.lms.values()}]
    return exact if len(exact) == 1 else list(found)


def _turned(name: str) -> set[str]:
    """Return “Lovelace, Ada” as “Ada Lovelace”, in the form used for comparing; an empty set if there's no comma."""
    last, comma, first = name.partition(",")
    return {fold_name(f"{first} {last}")} if comma else set()


def _by(roster: Sequence[Learner], keys: Callable[[Learner], Iterable[Any]]) -> dict[Any, list[Learner]]:
    found: dict[Any, list[Learner]] = defaultdict(list)
    for one in roster:
        for key in keys(one):
            found[key].append(one)
    return found
