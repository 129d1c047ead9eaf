"""Asks the kernel for what a submission does not need: rights, other processes, a way out."""

import contextlib
import ctypes
import os
import platform
import resource
import socket
import struct
from collections.abc import Callable
from pathlib import Path

from . import known

libc = ctypes.CDLL(None, use_errno=True)
SPACES = {"mount": 0x20000, "cgroup": 0x2000000, "uts": 0x4000000, "ipc": 0x8000000, "user": 0x10000000}
SPACES |= {"pid": 0x20000000, "net": 0x40000000}
# By architecture: x86-64, and those that came later and share one table.
CALLS = {
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "clone": (56, 220),
    "clone3": (435, 435),
    "setns": (308, 268),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "pivot_root": (155, 41),
    "mknodat": (259, 33),
    "memfd_secret": (447, 447),
    "fanotify_init": (300, 262),
    "name_to_handle_at": (303, 264),
    "ioprio_set": (251, 30),
    "syslog": (103, 116),
}


def call(name: str, *arguments: object) -> int:
    number = CALLS[name][platform.machine() not in {"x86_64", "AMD64"}]
    return int(libc.syscall(number, *arguments))


def allowed(**tried: int) -> list[str]:
    # The names of the calls that did not fail.
    return [name for name, result in tried.items() if result >= 0]


def others() -> list[int]:
    # Every process that it sees, but itself.
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if int(folder.name) != os.getpid()]


def succeeds(act: Callable[[], object]) -> bool:
    try:
        act()
    except (OSError, ValueError):
        return False
    return True


def namespaces() -> list[str]:
    """Makes new namespaces, in which it would be root, by each call that can make them."""
    seen = []
    for name, flag in SPACES.items():
        child = call("clone", flag | 17, 0, 0, 0, 0)
        if child == 0:
            libc._exit(0)
        if child > 0:
            os.waitpid(child, 0)
            seen.append(f"clone, {name}")
        words = (ctypes.c_uint64 * 11)(flag, 0, 0, 0, 17)
        child = call("clone3", ctypes.byref(words), ctypes.sizeof(words))
        if child == 0:
            libc._exit(0)
        if child > 0:
            os.waitpid(child, 0)
            seen.append(f"clone3, {name}")
        if libc.unshare(flag) == 0:
            seen.append(f"unshare, {name}")
    return seen


def namespaces_of_others() -> list[str]:
    """Enters the namespaces of every process that it sees."""
    seen = []
    for number in (1, os.getppid(), *others()):
        for path in Path(f"/proc/{number}/ns").glob("*") if Path(f"/proc/{number}/ns").is_dir() else []:
            with contextlib.suppress(OSError):
                space = os.open(path, os.O_RDONLY)
                if call("setns", space, 0) == 0:
                    seen.append(str(path))
                os.close(space)
    return seen


def mounts() -> list[str]:
    """Mounts something, makes something writable that was not, and changes the root."""
    folder = os.fsencode(Path.cwd())
    return allowed(
        mount=libc.mount(b"none", folder, b"tmpfs", 0, None),
        bind=libc.mount(b"/", folder, None, 4096, None),
        remount=libc.mount(None, b"/", None, 32, None),
        umount=libc.umount2(b"/proc", 2),
        pivot_root=call("pivot_root", folder, folder),
        chroot=libc.chroot(folder),
        open_tree=call("open_tree", -100, b"/", 1),
        fsopen=call("fsopen", b"tmpfs", 0),
    )


def devices() -> list[str]:
    """Makes device files, and opens those that lead to the machine."""
    made = allowed(mknod=call("mknodat", -100, b"bomb", 0o20666, os.makedev(1, 1)))
    names = [
        "mem",
        "kmem",
        "port",
        "kmsg",
        "sda",
        "vda",
        "nvme0n1",
        "loop0",
        "fuse",
        "kvm",
        "net/tun",
        "tty",
        "mapper/control",
    ]
    return made + [name for name in names if succeeds(lambda name=name: os.close(os.open(f"/dev/{name}", os.O_RDONLY)))]  # type: ignore[misc]


def rights() -> list[str]:
    """Looks for rights that it has, and takes some that it has not."""
    fields = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    seen = [name for name in ("CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd") if int(fields.get(name, "0"), 16)]
    seen += [f"NoNewPrivs {fields.get('NoNewPrivs')}"] if fields.get("NoNewPrivs", "").strip() != "1" else []
    seen += ["no filter of system calls"] if fields.get("Seccomp", "").strip() != "2" else []
    seen += ["setuid"] if os.getuid() and succeeds(lambda: os.setuid(0)) else []
    seen += ["setgid"] if os.getgid() and succeeds(lambda: os.setgid(0)) else []
    return seen + (["setgroups"] if succeeds(lambda: os.setgroups([0, 27])) else [])


def tracing() -> list[str]:
    """Reads, writes and traces the processes that it sees, and takes what they have open."""
    seen = []
    for number in {1, os.getppid(), *others()} - {os.getpid(), 0}:
        for way in ("rb", "r+b"):
            if succeeds(lambda number=number, way=way: Path(f"/proc/{number}/mem").open(way).close()):  # type: ignore[misc]
                seen.append(f"memory of {number} ({way})")
        if call("ptrace", 16, number, 0, 0) == 0:
            seen.append(f"ptrace of {number}")
        local, there = ctypes.create_string_buffer(8), ctypes.c_void_p(0x400000)
        vectors = (ctypes.c_size_t * 4)(ctypes.addressof(local), 8, there.value or 0, 8)
        if call("process_vm_readv", number, vectors, 1, ctypes.byref(vectors, 16), 1, 0) > 0:
            seen.append(f"process_vm_readv of {number}")
        handle = call("pidfd_open", number, 0)
        if handle >= 0:
            seen += [f"descriptor {fd} of {number}" for fd in range(8) if call("pidfd_getfd", handle, fd, 0) >= 0]
            os.close(handle)
    return seen


def odd_calls() -> list[str]:
    """Makes the calls that most ways out of a sandbox have begun with."""
    union = ctypes.create_string_buffer(128)
    program = struct.pack("<IIII", 1, 4, 4, 1)  # an array map of one entry
    ctypes.memmove(union, program, len(program))
    event = ctypes.create_string_buffer(struct.pack("<IIQ", 1, 128, 0), 128)
    ring = ctypes.create_string_buffer(120)
    return allowed(
        bpf=call("bpf", 0, union, 128),
        perf_event_open=call("perf_event_open", event, 0, -1, -1, 0),
        userfaultfd=call("userfaultfd", 0),
        io_uring_setup=call("io_uring_setup", 4, ring),
        memfd_secret=call("memfd_secret", 0),
        fanotify_init=call("fanotify_init", 0x200, 0),
        kcmp=call("kcmp", os.getpid(), 1, 2, 0, 0) if os.getpid() != 1 else -1,
        syslog=call("syslog", 3, ctypes.create_string_buffer(64), 64),
    )


def keys() -> list[str]:
    """Uses the kernel's keys, which outlive the process and are shared by all of a user's."""
    name = known.MARK.encode()
    return allowed(
        add_key=call("add_key", b"user", name, b"x", 1, -4),
        keyctl=call("keyctl", 0, -4, 1),
        request_key=call("request_key", b"user", name, None, -4),
    )


def limits() -> list[str]:
    """Raises its own limits and its share of the machine."""
    seen = []
    for name in ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_NOFILE"):
        kind = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        if hard == resource.RLIM_INFINITY:
            seen.append(f"{name} has no limit")
        elif succeeds(lambda kind=kind, hard=hard: resource.setrlimit(kind, (hard + 1, hard + 1))):  # type: ignore[misc]
            seen.append(f"{name} raised")
    if succeeds(lambda: os.nice(-5)):
        seen.append("nice")
    if succeeds(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))):
        seen.append("real time")
    if call("ioprio_set", 1, 0, 1 << 13) == 0:
        seen.append("real time for its files")
    return seen


def writable_places() -> list[str]:
    """Writes into every file system that is mounted, but its own."""
    own = Path.cwd().stat().st_dev
    seen = []
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        place, options = Path(line.split()[4]), line.split()[5].split(",")
        for folder, names, _ in os.walk(place):
            if "ro" in options or folder.startswith("/proc"):
                names.clear()  # whatever is mounted below has a separate line
            if Path(folder).stat().st_dev != own and _writes(Path(folder)):
                seen.append(folder)
    return seen


def _writes(folder: Path) -> bool:
    try:
        os.close(os.open(folder / known.MARK, os.O_CREAT | os.O_WRONLY | os.O_EXCL))
        (folder / known.MARK).unlink()
    except OSError:
        return False
    return True


def ways_to_the_kernel() -> list[str]:
    """Writes where the kernel reads the name of a program that it starts outside."""
    places = [
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/modprobe",
        "/sys/kernel/uevent_helper",
        "/proc/sysrq-trigger",
    ]
    places += ["/sys/fs/cgroup/release_agent", "/proc/sys/vm/panic_on_oom", "/proc/sys/kernel/hotplug"]
    return [place for place in places if succeeds(lambda place=place: os.close(os.open(place, os.O_WRONLY)))]  # type: ignore[misc]


def terminal() -> list[str]:
    """Types into the grader's terminal."""
    import fcntl

    seen = ["/dev/tty"] if succeeds(lambda: os.close(os.open("/dev/tty", os.O_RDWR))) else []
    for number in range(256):
        with contextlib.suppress(OSError):
            fcntl.ioctl(number, 0x5412, b"\n")
            seen.append(f"descriptor {number}")
    return seen


def handed_over() -> list[str]:
    """Takes descriptors that another process sends it, from every socket that it has inherited."""
    seen = []
    for number in range(3, 256):
        try:
            inherited = socket.socket(fileno=os.dup(number))
        except OSError:
            continue
        with inherited, contextlib.suppress(OSError):
            inherited.setblocking(False)
            _, descriptors, _, _ = socket.recv_fds(inherited, 2**16, 16, socket.MSG_PEEK)
            seen += [f"{fd} by {number}" for fd in descriptors]
    return seen
