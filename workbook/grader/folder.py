"""What an instructor has downloaded: everything in it that someone handed in, whose it is, and for which exercise.

A folder of submissions, or one for each assignment; a platform's one zip, packed or unpacked; clones of repositories.
Whatever a name inside says is weighed by where it is: a learner can name what's in their folder, and nothing else.
"""

import contextlib
import os
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbook.errors import UserError
from workbook.submissions.trees import BadSubmission, Changing

from . import gradescope
from .file_names import Named, copy_of, exercise_in, read_name, read_own_name
from .found import Found, text_of, told_apart
from .places import HandIn, Listed, is_like_archive
from .sanitize import one_line

IGNORED = {"__MACOSX", "__pycache__", "desktop.ini", "Thumbs.db", "index.html", gradescope.FILE}
OF_WINDOWS = "Zone.Identifier"  # beside each file that came from the internet, if it's copied into WSL
MOST_DOWNLOADS = 20  # zips that are opened to see whether each is a class
DEEPEST = 3  # folders of assignments in one another
# What a folder of submissions is called besides its exercise.
CLASS_WORDS = "assignment|submissions?|download|export|class|abgaben?|remises?|entregas?|consegne"
OF_A_CLASS = re.compile(rf"[\W\d_]{{0,40}}(?:(?:{CLASS_WORDS})[\W_\d]{{0,40}}){{0,3}}", re.IGNORECASE)
Known = Callable[[Named], bool]


def find_submissions(
    paths: Sequence[Path | tuple[str, Path]],
    exercises: Collection[str],
    not_in: Sequence[Path] = (),
    known: Known = lambda named: False,
) -> list[Found]:
    """Return the submissions in `paths`, except those in `not_in`. Raises `UserError`.

    A path may come with the exercise that it's for. `known` says whether a name is that of a learner on the roster.
    """
    left_out = {Path(os.path.abspath(path)) for path in not_in}  # noqa: PTH100 - no link is followed
    found: dict[tuple[HandIn, str], Found] = {}
    for asked in paths:
        exercise, path = asked if isinstance(asked, tuple) else ("", asked)
        try:
            if not path.exists() and not path.is_symlink():
                raise UserError(f"{path} doesn't exist.", "name zips, folders, or a folder that holds them")
            copy = copy_of(path.absolute().name)
            for one in _Search(exercises, known).below_path(path, exercise):
                whole = Path(os.path.abspath(one.place.top), *one.place.below)  # noqa: PTH100
                if not {whole, *whole.parents} & left_out:
                    one = replace(one, download=max(one.download, copy)) if one.place != HandIn(path) else one
                    found.setdefault((replace(one.place, top=whole, below=()), one.whose), one)
        except OSError as error:
            raise UserError(f"{path} can't be read: {error.strerror}.", "give yourself access to it") from error
    return told_apart(list(found.values()))


@dataclass(frozen=True)
class _Search:
    exercises: Collection[str]
    known: Known

    def below_path(self, path: Path, exercise: str) -> Iterator[Found]:
        """Yield what was handed in at a path that the instructor names."""
        place = HandIn(path)
        name = place.name
        if path.is_dir():
            if self._is_one(place):
                yield from self._handed_in(place, Listed(name, "folder"), self._named(name), exercise)
            else:
                yield from self._submissions(place, exercise, 0)
            return
        if inside := self._class_in(place, named_by_hand=True):
            yield from self._submissions(inside, exercise, 0)
            return
        item = Listed(name, "link" if path.is_symlink() else place.kind(), path.lstat().st_mtime)
        yield from self._handed_in(place, item, self._named(name), exercise)

    def _named(self, name: str) -> Named:
        return read_name(text_of(name), self.exercises)

    def _is_one(self, place: HandIn) -> bool:
        """Return whether a folder is itself a submission: there's a project, and nothing that others handed in."""
        if not (place.has("app", "main.py") or place.has("main.py")):
            return False
        others = [item for item in place.items() if item.may_be_one and not self._is_ignored(item)]
        return not any(
            is_like_archive(item.name)
            or self._named(item.name).lms
            or (item.name != "app" and item.kind == "folder" and (place / item.name).holds_project())
            for item in others
        )

    @staticmethod
    def _is_ignored(item: Listed) -> bool:
        return item.name.startswith(".") or item.name in IGNORED or item.name.endswith(OF_WINDOWS)

    def _submissions(self, place: HandIn, exercise: str, depth: int) -> Iterator[Found]:
        """Yield what was handed in in a folder of submissions; `exercise`: the one that they are for, if it's told."""
        items = [item for item in place.items() if not self._is_ignored(item)]
        submitters = self._submitters(place, items)
        assignments = self._assignments(place, items) if depth < DEEPEST else []
        downloads = self._downloads(place, items, assignments) if depth < DEEPEST else {}
        found: list[Found] = []
        for item in items:
            inside = place / item.name
            if item.name in submitters:
                for named in submitters[item.name]:
                    found += self._handed_in(inside, item, named, exercise)
                continue
            if item in assignments or item.name in downloads:
                for one in self._submissions(downloads.get(item.name, inside), exercise, depth + 1):
                    yield replace(one, download=max(one.download, copy_of(item.name)))
            else:
                found += self._handed_in(inside, item, self._named(item.name), exercise)
        said = [one.named.exercise for one in found if one.named.exercise]
        around = [*reversed(place.below), place.top.stem] if place.download else [place.name]
        called = next(filter(None, (exercise_in(name, self.exercises) for name in around)), "")
        if not exercise and called and said.count(called) * 2 >= len(said):
            exercise = called
        for one in found:
            if exercise:
                yield replace(one, exercise=exercise)
            elif not one.named.exercise and len(set(said)) == 1:
                yield replace(one, exercise=said[0], is_likely=True)
            else:
                yield one

    def _assignments(self, place: HandIn, items: Sequence[Listed]) -> list[Listed]:
        """Return the folders that hold the submissions of several learners each.

        One that isn't called so may be a learner's, who has named what's in it. So it counts only if there's no
        learner beside it.
        """
        found = [item for item in items if item.kind == "folder" and not self._is_theirs(item)]
        found = [item for item in found if self._is_assignment(place / item.name)]
        is_all = all(item in found for item in items if item.may_be_one)
        return [item for item in found if is_all or self._is_called_so(item.name)]

    def _is_theirs(self, item: Listed) -> bool:
        named = self._named(item.name)
        return bool(named.lms) or self.known(named)

    def _is_called_so(self, name: str) -> bool:
        """Return whether a folder is called like an exercise or a download, and not like anyone."""
        own = read_own_name(text_of(name), self.exercises)
        return bool(OF_A_CLASS.fullmatch(own.rest if own.exercise else text_of(name)))

    def _submitters(self, place: HandIn, items: Sequence[Listed]) -> dict[str, list[Named]]:
        """Return whose each submission of an export of Gradescope's is. Raises `UserError`.

        The file counts where such submissions are, and for nothing else: elsewhere, a learner may have handed it in.
        """
        exported = {item.name for item in items if item.kind == "folder" and gradescope.SUBMISSION.fullmatch(item.name)}
        if not exported or not place.has(gradescope.FILE):
            return {}
        where = str(place.top.joinpath(*place.below))
        found = gradescope.submitters(lambda: (place / gradescope.FILE).read(gradescope.LARGEST + 1), where)
        return {name: people for name, people in found.items() if name in exported}

    def _is_assignment(self, place: HandIn) -> bool:
        """Return whether a folder holds the submissions of several learners, rather than those of one."""
        if place.has("app", "main.py") or place.has("workbook.toml"):
            return False
        try:
            items = [item for item in place.items() if not self._is_ignored(item) and item.may_be_one]
        except (OSError, BadSubmission):
            return False
        names = [self._named(item.name) for item in items]
        if any(named.lms or self.known(named) for named in names):
            return True
        if any(gradescope.SUBMISSION.fullmatch(item.name) for item in items) and place.has(gradescope.FILE):
            return True
        if self._is_called_so(place.name) and any(not self._says_only_the_exercise(named) for named in names):
            return True
        folders = [item for item in items if item.kind == "folder" and not self._is_theirs(item)]
        return any(self._holds_downloaded(place / item.name) for item in folders)  # a week's, or a section's

    def _holds_downloaded(self, place: HandIn) -> bool:
        """Return whether something in a folder is called as a platform calls it, or like a learner on the roster."""
        try:
            names = [self._named(item.name) for item in place.items() if item.may_be_one and not self._is_ignored(item)]
        except (OSError, BadSubmission):
            return False
        return any(named.lms or self.known(named) for named in names)

    def _says_only_the_exercise(self, named: Named) -> bool:
        return bool(read_own_name(named.learner, self.exercises).exercise)

    def _downloads(self, place: HandIn, items: Sequence[Listed], assignments: Sequence[Listed]) -> dict[str, HandIn]:
        """Return the insides of the zips that hold a class each.

        One that isn't called so may be a learner's, who has chosen what's in it. So, as with folders, it counts only
        if there's nothing beside it but others like it.
        """
        zips = [item for item in items if item.kind == "file" and not self._is_theirs(item)]
        may_be_all = len(zips) <= MOST_DOWNLOADS
        may_be_all &= all(item in zips or item in assignments for item in items if item.may_be_one)
        called_so = [item for item in zips if self._is_called_so(item.name.rpartition(".")[0])]
        found = {}
        for item in zips if may_be_all else called_so:
            if inside := self._class_in(place / item.name):
                found[item.name] = inside
        if len(found) < len(zips):
            found = {item.name: found[item.name] for item in called_so if item.name in found}
        return found

    def _class_in(self, place: HandIn, *, named_by_hand: bool = False, is_inner: bool = False) -> HandIn | None:
        """Return the inside of a zip that holds a class; None if it's someone's submission.

        If it isn't named on the command line, everything in it has to be what a platform has named.
        """
        is_packed = place.name.lower().endswith(".zip") or (named_by_hand and is_like_archive(place.name))
        if not is_packed or self._named(place.name).lms:
            return None
        path = place.top.joinpath(*place.below)
        if not place.download and (path.is_symlink() or not path.is_file()):
            return None
        try:
            inside = place.opened()
            while len(items := self._of_a_class(inside)) == 1 and self._is_wrapping(inside, items[0]):
                inside = inside / items[0].name
            items = [item for item in items if item.may_be_one]
            names = [self._named(item.name) for item in items]
            if any(named.lms for named in names) or inside.has(gradescope.FILE) or self._assignments(inside, items):
                return inside
            may_hold_more = not is_inner and len(items) <= MOST_DOWNLOADS
            if may_hold_more and any(self._class_in(inside / item.name, is_inner=True) for item in items):
                return inside
        except (OSError, BadSubmission, Changing):
            return None
        several = [named for named in names if not self._says_only_the_exercise(named)]
        return inside if named_by_hand and len(several) > 1 and not inside.holds_project(0) else None

    def _of_a_class(self, place: HandIn) -> list[Listed]:
        return [item for item in place.items() if not self._is_ignored(item)]

    def _is_wrapping(self, place: HandIn, item: Listed) -> bool:
        """Return whether a folder is only there to hold everything."""
        is_theirs = self._named(item.name).lms or item.name in {"app", "work"}
        return item.kind == "folder" and not is_theirs and not self._is_assignment(place / item.name)

    def _handed_in(self, place: HandIn, item: Listed, named: Named, exercise: str) -> Iterator[Found]:
        """Yield what's handed in at `place`: the archives in a learner's folder without a project, otherwise it.

        If each project in a learner's folder is in one that's called like an exercise, each is for that exercise.
        """
        archives, folders = list[Listed](), list[tuple[Listed, str]]()
        file = one_line(text_of(item.name), 255)
        if item.kind == "folder":
            with contextlib.suppress(OSError, BadSubmission, Changing):
                folders = self._by_exercise(place)
                if folders or not place.holds_project():
                    archives = [one for one in self._of_a_class(place) if is_like_archive(one.name)]
        for one in archives:
            own = read_own_name(text_of(one.name), self.exercises)
            theirs = replace(named, exercise=own.exercise or named.exercise, attempt=own.attempt)
            theirs = replace(theirs, stamp=own.stamp or named.stamp, copy=own.copy)
            shown = f"{file}/{one_line(text_of(one.name), 255)}"
            yield Found(place / one.name, shown, theirs, one.modified, exercise=exercise)
        for one, its in folders:
            for found in self._handed_in(place / one.name, one, replace(named, exercise=its), exercise):
                yield replace(found, file=f"{file}/{found.file}")
        if not archives and not folders:
            yield Found(place, file, named, item.modified, item.may_be_one, exercise)

    def _by_exercise(self, place: HandIn) -> list[tuple[Listed, str]]:
        """Return the folders in a learner's folder and the exercises they're called like, if all projects are there."""
        if place.has("app", "main.py") or place.has("main.py") or place.has("workbook.toml"):
            return []
        found = []
        for item in self._of_a_class(place):
            own = read_own_name(text_of(item.name), self.exercises)
            inside = place / item.name
            if item.kind == "folder" and own.exercise and not own.rest:
                if inside.holds_project() or any(is_like_archive(one.name) for one in inside.items()):
                    found.append((item, own.exercise))
            elif item.kind == "folder" and inside.holds_project(1):
                return []
        return found
