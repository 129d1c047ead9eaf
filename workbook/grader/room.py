"""Room for a class: what this machine lets one user have, looked at before the first submission is graded.

Where processes, memory or disk run out, an app can't tell its own limit from the machine's, and neither can its tests.
So there are only as many lanes as have room for the greediest submission each.
"""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbook.errors import UserError
from workbook.sandbox.bubblewrap import UID

MIB = 2**20
TASKS, MEMORY, DISK, INODES = "processes and threads", "MiB of memory", "MiB of disk", "files on the disk"
# What a lane takes at most: the app's 96 threads, its supervisor, the tests and theirs; what it has in memory; a run's
# folder. And what the grader itself has beside them.
OF_A_LANE = {TASKS: 116, MEMORY: 1536, DISK: 256, INODES: 10_000}
OF_THE_GRADER = {TASKS: 24, MEMORY: 256, DISK: 64, INODES: 1_000}
LEAST = {TASKS: 140, MEMORY: 768, DISK: 128, INODES: 2_000}  # for one lane without a neighbour
THEN = {
    TASKS: "raise the limit, for example with ulimit -u 1024",
    MEMORY: "give the machine or the container more memory",
    DISK: "make room there, or set TMPDIR to a folder that has more",
    INODES: "remove files there, or set TMPDIR to another folder",
}
PLENTY = 16_384  # of processes: a user who may have so many doesn't need counting
ROOT = Path("/")


@dataclass(frozen=True)
class Room:
    """How much of something is left, and what says so."""

    what: str
    left: int
    of: str


def lanes_with_room(asked: int, root: Path = ROOT) -> tuple[int, str]:
    """Return for how many of the lanes there's room, and why they're fewer, if so. Raises `UserError` if for none."""
    count, why = asked, ""
    for room in rooms(root):
        if room.left < LEAST[room.what]:
            needed = f"Grading needs {LEAST[room.what]:,} {room.what}"
            raise UserError(
                f"{needed}, and there's room for {max(0, room.left):,} ({room.of}).", THEN[room.what], code=1
            )
        fit = max(1, (room.left - OF_THE_GRADER[room.what]) // OF_A_LANE[room.what])
        if fit < count:
            count, why = fit, f"there's room for {room.left:,} {room.what} ({room.of})"
    return count, why


def is_tight(root: Path = ROOT) -> bool:
    """Return whether this machine lacks what one more lane would need."""
    return any(room.left < OF_A_LANE[room.what] for room in rooms(root))


def rooms(root: Path = ROOT) -> Iterator[Room]:
    """Yield everything that's limited here, on Linux."""
    if sys.platform != "linux":
        return
    yield from _of_the_user(root)
    yield from _of_the_groups(root)
    for line in _lines(root / "proc/meminfo"):
        if line.startswith("MemAvailable:"):
            yield Room(MEMORY, int(line.split()[1]) // 1024, "MemAvailable in /proc/meminfo")
    place = tempfile.gettempdir()
    with contextlib.suppress(OSError):
        disk = os.statvfs(place)
        yield Room(DISK, disk.f_bavail * disk.f_frsize // MIB, f"free in {place}")
        if disk.f_files:  # a file system that makes them as it needs them says 0
            yield Room(INODES, disk.f_favail, f"free in {place}")


def _of_the_user(root: Path) -> Iterator[Room]:
    import resource

    most, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    if most != resource.RLIM_INFINITY and most < PLENTY:
        user = os.getuid() or UID  # root's own processes don't count, and its sandboxes run as another user
        yield Room(TASKS, most - _tasks_of(user, root), f"ulimit -u is {most:,}")


def _tasks_of(user: int, root: Path) -> int:
    count = 0
    for folder in (root / "proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            if folder.stat().st_uid == user:
                count += next(int(line.split()[1]) for line in _lines(folder / "status") if line.startswith("Threads:"))
    return count


def _of_the_groups(root: Path) -> Iterator[Room]:
    """Yield what this process's control groups leave it, of either version."""
    for line in _lines(root / "proc/self/cgroup"):
        _, kinds, path = line.split(":", 2)
        place = root / "sys/fs/cgroup"
        for top in [place] if not kinds else [place / kind for kind in kinds.split(",") if kind in {"pids", "memory"}]:
            group = top / path.lstrip("/")
            while group.is_relative_to(top):
                yield from _of_group(group)
                group = group.parent


def _of_group(group: Path) -> Iterator[Room]:
    said = f"in the control group {group}"
    if (most := _number(group / "pids.max")) is not None:
        yield Room(TASKS, most - (_number(group / "pids.current") or 0), f"pids.max is {most:,} {said}")
    for limit, used, cached in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        if (most := _number(group / limit)) is not None and most < 2**60:  # the first version's word for no limit
            stat = dict(line.split() for line in _lines(group / "memory.stat"))
            taken = (_number(group / used) or 0) - int(stat.get(cached, 0))  # that is given back when it's needed
            yield Room(MEMORY, (most - taken) // MIB, f"{limit} is {most // MIB:,} MiB {said}")


def _number(file: Path) -> int | None:
    lines = _lines(file)
    return int(lines[0]) if lines and lines[0].isdecimal() else None


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
