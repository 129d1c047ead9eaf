"""System calls for which Python doesn't have a function. Linux only; errors are `OSError`."""

import contextlib
import ctypes
import os
import resource
import socket
import struct
from fcntl import ioctl

_libc = ctypes.CDLL(None, use_errno=True)

NAMESPACES = {
    "mnt": 0x20000,
    "uts": 0x4000000,
    "ipc": 0x8000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
}
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 24, 38
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
# Least, usual and most bytes of a TCP connection; the most would be 32 MiB, for each of 512.
NETWORK_BUFFERS = {"tcp_rmem": "4096 65536 131072", "tcp_wmem": "4096 16384 131072"}
NPROC_IS_PER_NAMESPACE = (5, 14)


def _checked(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(*namespaces: str) -> None:
    _checked(_libc.unshare(sum(NAMESPACES[name] for name in namespaces)), f"unshare {' '.join(namespaces)}")


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    texts = [text.encode() if text is not None else None for text in (source, target, kind, options)]
    _checked(_libc.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3]), f"mount {target}")


def mount_proc(*, needed: bool) -> None:
    """Make a /proc that shows the own processes and, where the kernel can hide it, nothing of the machine.

    Unless it's `needed`, because another namespace's is there, the old one may stay.
    """
    flags = MS_NOSUID | MS_NODEV | MS_NOEXEC
    try:
        mount("proc", "/proc", "proc", flags)
        bound_network_buffers()
    except OSError:
        if needed:
            raise
    with contextlib.suppress(OSError):  # before Linux 5.8
        mount("proc", "/proc", "proc", flags, "subset=pid")


def bound_network_buffers() -> None:
    """Limit what connections inside the own network namespace may buffer: the kernel's memory counts nowhere."""
    for name, most in NETWORK_BUFFERS.items():
        with contextlib.suppress(OSError), open(f"/proc/sys/net/ipv4/{name}", "w") as file:  # noqa: PTH123
            file.write(most)


def prctl(option: int, value: int) -> None:
    _checked(_libc.prctl(option, *(ctypes.c_ulong(number) for number in (value, 0, 0, 0))), f"prctl {option}")


def new_user_namespace(*others: str) -> None:
    """Enter a new user namespace, with every capability in it, and the namespaces `others` that belong to it."""
    uid, gid = os.getuid(), os.getgid()
    unshare("user", *others)
    for name, text in ("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1"):
        with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123
            file.write(text)


def loopback_up() -> None:
    """Make 127.0.0.1 work in a new network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))


def set_limits(memory: int, cpu: int, threads: int, file_size: int) -> None:
    """Limit bytes of address space and of one file, seconds of processor time, threads of the namespace's user."""
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: cpu,
        resource.RLIMIT_FSIZE: file_size,
        resource.RLIMIT_NOFILE: 512,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_SIGPENDING: 1024,
    }
    if tuple(int(part) for part in os.uname().release.split(".")[:2]) >= NPROC_IS_PER_NAMESPACE:
        limits[resource.RLIMIT_NPROC] = threads  # before that it counts all that its user runs on this machine
    for what, most in limits.items():
        resource.setrlimit(what, (most, most))


def drop_capabilities() -> None:
    for capability in range(64):
        if _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            break
    version_3, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    _checked(_libc.capset(version_3, none), "capset")
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def filter_system_calls(program: bytes) -> None:
    """Allow this process and its threads only what the seccomp program allows. Raises `ValueError` if it's none."""

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))

    if not program or len(program) % 8:
        raise ValueError("no seccomp program")
    instructions = ctypes.create_string_buffer(program, len(program))
    described = Program(len(program) // 8, ctypes.addressof(instructions))
    _checked(_libc.prctl(PR_SET_SECCOMP, 2, ctypes.byref(described), 0, 0), "seccomp")
