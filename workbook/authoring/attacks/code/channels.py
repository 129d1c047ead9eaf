"""Looks for what others have done, or how busy the machine is; returns the calls that gave something away."""

import ctypes
import errno
import mmap
import os
import platform
import socket
from collections.abc import Iterable
from pathlib import Path

libc = ctypes.CDLL(None, use_errno=True)
SHARED = "/usr/lib/os-release" if os.path.exists("/usr/lib/os-release") else os.__file__  # noqa: PTH110
NOWAIT = 8
# By architecture: x86-64, and those that came later and share one table.
CALLS = {
    "preadv2": (327, 286),
    "fadvise64": (221, 223),
    "mincore": (27, 232),
    "readahead": (187, 213),
    "madvise": (28, 233),
    "move_pages": (279, 239),
    "io_setup": (206, 0),
    "inotify_init1": (294, 26),
    "sync": (162, 81),
    "prlimit64": (302, 261),
}
NEW = {"cachestat": 451, "statmount": 457, "listmount": 458, "landlock_create_ruleset": 444, "file_getattr": 468}
NEW |= {"mount_setattr": 442, "lsm_list_modules": 461, "process_madvise": 440, "quotactl_fd": 443, "not made yet": 600}


def refused(number: int, *arguments: object) -> bool:
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *arguments)
    return result < 0 and ctypes.get_errno() in {errno.EPERM, errno.ENOSYS}


def number(name: str) -> int:
    return CALLS[name][platform.machine() not in {"x86_64", "AMD64"}]


def page_cache() -> list[str]:
    """Asks how much of a file that all sandboxes see is in memory, and has it thrown out or read."""
    file = os.open(SHARED, os.O_RDONLY)
    buffer = ctypes.create_string_buffer(4096)
    vector = (ctypes.c_uint64 * 2)(ctypes.addressof(buffer), 4096)
    with mmap.mmap(file, 0, prot=mmap.PROT_READ) as mapped:
        view = (ctypes.c_char * 1).from_buffer_copy(mapped[:1])
        place = ctypes.addressof(view) & ~4095
        tried = {
            "preadv2": (file, ctypes.byref(vector), 1, 0, 0, NOWAIT),
            "fadvise64": (file, ctypes.c_long(0), ctypes.c_long(0), 4),
            "mincore": (ctypes.c_void_p(place), ctypes.c_size_t(4096), buffer),
            "readahead": (file, ctypes.c_long(0), ctypes.c_size_t(4096)),
            "madvise": (ctypes.c_void_p(place), ctypes.c_size_t(4096), 3),
            "move_pages": (0, ctypes.c_ulong(0), None, None, None, 0),
        }
        seen = [name for name, arguments in tried.items() if not refused(number(name), *arguments)]
    os.close(file)
    return seen


def new_calls() -> list[str]:
    """Makes calls that are newer than what filters them."""
    return [name for name, new in NEW.items() if not refused(new, None, None, ctypes.c_long(0), ctypes.c_long(0))]


def notices() -> list[str]:
    """Asks for a notice when another process opens a file that all sandboxes see."""
    import fcntl
    import signal

    seen = [] if refused(number("inotify_init1"), 0) else ["inotify"]
    signal.signal(signal.SIGIO, signal.SIG_IGN)
    folder = os.open("/usr/lib", os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.fcntl(folder, 1026, 1)  # F_NOTIFY
        seen.append("dnotify")
    except OSError:
        pass
    os.close(folder)
    return seen


def figures() -> list[str]:
    """Reads what the system says about the whole machine: its load, its memory, its locks, its disks."""
    names = ("loadavg", "meminfo", "vmstat", "stat", "locks", "diskstats", "interrupts", "pressure/cpu", "uptime")
    return [name for name in names if Path("/proc", name).exists()]


def budgets() -> list[str]:
    """Takes of what all of a machine has only so many: asynchronous reads, watches, pauses to write everything."""
    context = ctypes.c_ulong(0)
    tried: dict[str, Iterable[object]] = {
        "inotify_init1": (0,),
        "sync": (),
        "prlimit64": (1, 7, None, None),
        **({"io_setup": (60_000, ctypes.byref(context))} if number("io_setup") else {}),
    }
    return [name for name, arguments in tried.items() if not refused(number(name), *arguments)]


def protocols() -> list[str]:
    """Opens sockets of rare protocols in ordinary families."""
    seen = []
    for kind, protocol in ((1, 262), (2, 136), (2, 1), (5, 132), (6, 33), (1, 256)):
        try:
            socket.socket(socket.AF_INET, kind, protocol).close()
            seen.append(f"protocol {protocol}")
        except OSError:
            pass
    return seen


def buffers() -> list[str]:
    """Fills the buffers of as many connections to itself as it gets; the kernel's memory counts nowhere."""
    pairs, total = [], 0
    try:
        for _ in range(240):
            with socket.create_server(("127.0.0.1", 0)) as listener:
                pair = socket.create_connection(listener.getsockname()), listener.accept()[0]
            pairs.append(pair)
            for one in pair:
                one.setblocking(False)
                one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**30)
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**30)
                try:
                    while True:
                        total += one.send(bytes(65536))
                except BlockingIOError:
                    pass
    except OSError:
        pass
    for pair in pairs:
        for one in pair:
            one.close()
    return [f"{total // 2**20} MiB of buffers"] if total > 128 * 2**20 else []
