"""Clones of learners' repositories: of each the project, packed into a zip that replaces an earlier one."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbook.submissions.snapshot import take_snapshot
from workbook.submissions.trees import Changing

from .found import text_of
from .places import HandIn, is_like_archive
from .sanitize import one_line

SAME_NAME = "another clone is called so: collect this one into another folder."
A_LINK = "it's a link: name the folder that it leads to."
AN_ARCHIVE = "it's an archive and not a clone: it can be graded as it is."
SECONDS, MEMORY = 10, 2**30
LAST = 2**32  # in the year 2106: a commit says what its author likes, and no file system takes all of it


@dataclass(frozen=True)
class CollectedClone:
    """What came of one clone: its project's number of files, or why there's none."""

    name: str
    files: int = 0
    commit: str = ""
    refused: str = ""


def collect_projects(paths: Sequence[Path], to: Path) -> Iterator[CollectedClone]:
    """Put the project of each clone in `paths` into a zip of its name in `to`. Raises `OSError` about `to`.

    If a clone no longer has a project, its zip is removed, so that what's collected is always what there is now.
    """
    to.mkdir(parents=True, exist_ok=True)
    seen: set[str] = set()
    for place, why in _clones(paths, to):
        target, name = to / f"{place.name}.zip", one_line(text_of(place.name))
        why = why or (SAME_NAME if place.name in seen else "")
        if why:
            yield CollectedClone(name, refused=why)
            continue
        seen.add(place.name)
        try:
            snapshot = take_snapshot(place.top, place.below)
        except (OSError, Changing) as error:
            refused = f"it can't be read: {getattr(error, 'strerror', None) or 'it changes'}."
        else:
            refused = snapshot.refused
        if refused:
            target.unlink(missing_ok=True)
            yield CollectedClone(name, refused=one_line(refused))
            continue
        part = target.with_suffix(".part")
        part.write_bytes(snapshot.content)
        part.replace(target)
        commit, at = _commit(place)
        if at:  # a rule about late work goes by it
            os.utime(target, (at, at))
        yield CollectedClone(name, snapshot.count, commit)


def _clones(paths: Sequence[Path], to: Path) -> Iterator[tuple[HandIn, str]]:
    """Yield each clone, and why what's beside them isn't one; "" for a clone."""
    for path in paths:
        place = HandIn(path.absolute())
        if _is_one(place):
            yield place, ""
        else:
            yield from _clones_below(place, to.absolute(), deeper=True)


def _is_one(place: HandIn) -> bool:
    is_clone = place.top.joinpath(*place.below, ".git").exists()
    return is_clone or place.has("workbook.toml") or place.has("app", "main.py")


def _clones_below(place: HandIn, to: Path, *, deeper: bool) -> Iterator[tuple[HandIn, str]]:
    here = place.top.joinpath(*place.below)
    for item in place.items():
        inside = place / item.name
        if item.name.startswith(".") or here / item.name == to:
            continue
        if item.kind == "folder":
            has_clones = deeper and not _is_one(inside) and any(here.joinpath(item.name).glob("*/.git"))
            if has_clones:  # of a section, say
                yield from _clones_below(inside, to, deeper=False)
            else:
                yield inside, ""
        elif item.kind == "link" and here.joinpath(item.name).is_dir():
            yield inside, A_LINK
        elif is_like_archive(item.name) and here != to:
            yield inside, AN_ARCHIVE


def _limit_memory() -> None:
    """Limit git's memory: where the folder isn't a clone, a learner wrote what's in .git, a link to /dev/zero say."""
    import resource  # not on Windows

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _commit(place: HandIn) -> tuple[str, int]:
    """Return the short name of the commit that the clone is at, and its time; "" and 0 if git says none."""
    folder = place.top.joinpath(*place.below)
    if not (folder / ".git").exists():
        return "", 0
    nothing_else = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_ALLOW_PROTOCOL": "", "GIT_PAGER": "cat"}
    settings = ["core.fsmonitor=false", "safe.directory=*", "log.showSignature=false", "gpg.program=false"]
    settings += ["core.packedGitWindowSize=32m"]  # of its memory, which is limited
    options = [word for setting in settings for word in ("-c", setting)]
    command = ["git", *options, "log", "-1", "--no-show-signature", "--format=%h %ct"]
    try:
        ended = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | nothing_else,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            text=True,
            preexec_fn=_limit_memory if sys.platform != "win32" else None,
        )
        name, at = ended.stdout.split()
        return one_line(name, 40), int(at) if 0 < int(at) < LAST else 0
    except (OSError, subprocess.SubprocessError, ValueError):
        return "", 0
