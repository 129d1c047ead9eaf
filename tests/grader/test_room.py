"""Room for a class: as many lanes as the machine has room for, a sentence where it has none."""

from pathlib import Path

import pytest

from workbook.errors import UserError
from workbook.grader import room
from workbook.grader.room import INODES, MEMORY, TASKS, Room, is_tight, lanes_with_room, rooms

from ..apps import write

LARGE = {"proc/meminfo": "MemTotal: 99999999 kB\nMemAvailable: 99999999 kB\n"}


def machine(folder: Path, **files: str) -> Path:
    """A root folder with these files of the kernel's; names are given with __ for /, and dots as they are."""
    return write(folder, LARGE | {name.replace("__", "/"): text for name, text in files.items()})


def named(found: list[Room]) -> dict[str, int]:
    return {one.what: min(each.left for each in found if each.what == one.what) for one in found}


@pytest.fixture(autouse=True)
def _unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    monkeypatch.setattr(resource, "getrlimit", lambda what: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@pytest.mark.parametrize(
    "groups, limits",
    [
        ("0::/a/b\n", "sys/fs/cgroup/a"),
        ("8:pids:/a/b\n4:memory:/a/b\n0::/\n", "sys/fs/cgroup/pids/a"),
        ("8:pids:/elsewhere\n", "sys/fs/cgroup/pids"),
    ],
)
def test_the_limit_of_a_control_group_counts(tmp_path: Path, groups: str, limits: str) -> None:
    """pids.max counts, of this process's group and of every one above it, in either version."""
    root = machine(tmp_path, proc__self__cgroup=groups)
    write(root, {f"{limits}/pids.max": "300\n", f"{limits}/pids.current": "30\n"})

    assert named(list(rooms(root)))[TASKS] == 270
    lanes, why = lanes_with_room(8, root)
    assert lanes == 2
    assert "room for 270 processes and threads (pids.max is 300" in why


def test_no_limit_is_none(tmp_path: Path) -> None:
    """`max`, a file that isn't there, and the first version's largest number limit nothing."""
    root = machine(tmp_path, proc__self__cgroup="0::/a\n4:memory:/a\n")
    write(root, {"sys/fs/cgroup/a/pids.max": "max\n"})
    write(root, {"sys/fs/cgroup/memory/a/memory.limit_in_bytes": f"{2**63 - 4096}\n"})

    assert lanes_with_room(3, root) == (3, "")
    assert not is_tight(root)


def test_memory_that_can_be_had_back_counts_as_free(tmp_path: Path) -> None:
    """Of a group's memory, what only caches files is free."""
    root = machine(tmp_path, proc__self__cgroup="0::/a\n")
    place = "sys/fs/cgroup/a"
    figures = {"memory.max": f"{4 * 2**30}\n", "memory.current": f"{3 * 2**30}\n"}
    write(root, {f"{place}/{name}": text for name, text in figures.items()})
    write(root, {f"{place}/memory.stat": f"anon {2**30}\ninactive_file {2 * 2**30}\n"})

    assert named(list(rooms(root)))[MEMORY] == 3 * 1024
    assert lanes_with_room(4, root)[0] == 1


def test_a_machine_without_room_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there's no room for one lane, nothing is graded, and a sentence says what to raise."""
    import resource

    monkeypatch.setattr(resource, "getrlimit", lambda what: (100, 100))
    root = machine(tmp_path)

    with pytest.raises(
        UserError, match=r"needs 140 processes and threads, and there's room for 100 \(ulimit -u is 100"
    ) as raised:
        lanes_with_room(2, root)
    assert "ulimit -u" in raised.value.then
    assert is_tight(root)


def test_threads_of_the_user_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the user already runs counts, thread by thread; other users' processes don't."""
    import os
    import resource

    monkeypatch.setattr(resource, "getrlimit", lambda what: (400, 400))
    monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid)
    monkeypatch.setattr(room, "UID", tmp_path.stat().st_uid)
    root = machine(tmp_path, proc__7__status="Name: x\nThreads:\t50\n", proc__8__status="Name: y\nThreads:\t10\n")

    assert named(list(rooms(root)))[TASKS] == 340
    assert lanes_with_room(8, root)[0] == 2


def test_this_machine_has_its_figures() -> None:
    """On this machine memory, disk and files are found."""
    found = named(list(rooms()))

    assert found[MEMORY] > 0
    assert room.DISK in found or INODES in found
