"""What was found in a class folder, and what it's called so that no two have one name."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import count

from workbook.submissions.snapshot import Snapshot

from .file_names import Named
from .places import HandIn
from .sanitize import one_line

MOST_FOLDERS = 10  # that are put before a name


@dataclass(frozen=True)
class Found:
    """Something that was handed in. `file` is what it's called in the class folder.

    `exercise` is the one that the folder around it is for, and it counts before the one in the file's name.
    """

    place: HandIn
    file: str
    named: Named
    modified: float
    may_be_one: bool = True
    exercise: str = ""
    is_likely: bool = False  # the exercise: the other files beside it say so
    download: int = 0  # which copy of a download it's in: the later one has what was handed in since

    @property
    def meant(self) -> str:
        """The exercise that it's for; "" if nothing says so."""
        return self.exercise or self.named.exercise

    @property
    def whose(self) -> str:
        """Which member of a group it's for, if several members handed in one and the same."""
        return self.named.learner if self.named.lms == "gradescope" else ""

    def snapshot(self) -> Snapshot:
        """Read it. Raises `OSError`, `Changing`."""
        return self.place.snapshot()


def told_apart(found: Iterable[Found]) -> list[Found]:
    """Put folders before names that occur in several places, as many as it takes."""
    told = list(found)
    for many in count(1):
        places: dict[str, set[HandIn]] = {}
        for one in told:
            places.setdefault(one.file, set()).add(one.place)
        shared = {file for file, theirs in places.items() if len(theirs) > 1}
        if not shared or many > MOST_FOLDERS:
            return told
        told = [_with_folder(one) if one.file in shared else one for one in told]
    return told


def _with_folder(found: Found) -> Found:
    """Return it with one more of the folders that it's in before its name."""
    parts = (found.place.top.absolute().name, *found.place.below)
    above = parts[: -1 - found.file.count("/")]
    return replace(found, file=f"{one_line(text_of(above[-1]), 100)}/{found.file}") if above else found


def text_of(name: str) -> str:
    """Return a file's name as text; bytes that aren't UTF-8 are written as escapes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
