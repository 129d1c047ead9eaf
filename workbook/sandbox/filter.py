"""Which system calls a submission may make: a seccomp program, built where the grader runs."""

import contextlib
import errno
import os
import socket
import struct

import pyseccomp as seccomp  # type: ignore[import-untyped]

DENIED = """
    unshare setns mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr
    open_tree_attr statmount listmount
    ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd pidfd_send_signal kcmp
    bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register
    keyctl add_key request_key init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff
    name_to_handle_at open_by_handle_at quotactl quotactl_fd acct syslog settimeofday clock_settime clock_adjtime
    adjtimex personality fanotify_init fanotify_mark lookup_dcookie nfsservctl vmsplice modify_ldt iopl ioperm
    memfd_create memfd_secret shmget shmat msgget semget mq_open mknod mknodat
    setpriority sched_setaffinity sched_setscheduler sched_setparam sched_setattr ioprio_set
    execve execveat fork vfork
    mincore fadvise64 readahead move_pages migrate_pages mbind set_mempolicy sync syncfs
    io_setup inotify_init inotify_init1
""".split()  # noqa: SIM905, it is to be read
# Numbers from here on are the same on every processor. Of what has come since, libraries use these where they're there;
# the rest, and whatever is still to come, doesn't exist in here.
FIRST_NEW = 424
ALLOWED_NEW = {"close_range": 436, "faccessat2": 439, "epoll_pwait2": 441, "futex_waitv": 449, "fchmodat2": 452}
PROTOCOLS = {0, socket.IPPROTO_TCP, socket.IPPROTO_UDP}
F_NOTIFY = 1026  # shows what others do in a folder that all sandboxes see
ADVICE = (3, 20, 21, 22, 23)  # to read ahead, or to throw out, what all sandboxes share
BUFFERS = (socket.SO_SNDBUF, socket.SO_RCVBUF, 32, 33)  # of a socket: the kernel's memory, which no limit counts
LOAD, AT_LEAST, EQUAL, RETURN, ERRNO = 0x20, 0x35, 0x15, 0x06, 0x50000  # of a filter's own language
NEW_NAMESPACES = (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
CLONE_THREAD = 0x10000
FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
LOWER_HALF = 0xFFFFFFFF


def program() -> bytes:
    """Return the program in the form that the kernel takes."""
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    refused = seccomp.ERRNO(errno.EPERM)
    for name in DENIED:
        _add(rules, refused, name)
    # Its flags lie in memory, where a filter cannot look; told that it does not exist, libc takes clone.
    _add(rules, seccomp.ERRNO(errno.ENOSYS), "clone3")
    for flag in NEW_NAMESPACES:
        _add(rules, refused, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    _add(rules, refused, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, CLONE_THREAD, 0))  # threads only
    for family in range(
        64
    ):  # the kernel knows fewer; packets, the kernel's own channels and its ciphers are among them
        if family not in FAMILIES:
            _add(rules, refused, "socket", seccomp.Arg(0, seccomp.EQ, family))
        if family != socket.AF_UNIX:
            _add(rules, refused, "socketpair", seccomp.Arg(0, seccomp.EQ, family))
    _add(rules, refused, "socket", seccomp.Arg(0, seccomp.GE, 64))
    _add(rules, refused, "socketpair", seccomp.Arg(0, seccomp.GE, 64))
    for family in socket.AF_INET, socket.AF_INET6:
        of_family = seccomp.Arg(0, seccomp.EQ, family)
        for protocol in set(range(max(PROTOCOLS))) - PROTOCOLS:
            _add(rules, refused, "socket", of_family, seccomp.Arg(2, seccomp.EQ, protocol))
        _add(rules, refused, "socket", of_family, seccomp.Arg(2, seccomp.GT, max(PROTOCOLS)))
    for request in TIOCSTI, TIOCLINUX:
        _add(rules, refused, "ioctl", seccomp.Arg(1, seccomp.MASKED_EQ, LOWER_HALF, request))
    _add(rules, refused, "fcntl", seccomp.Arg(1, seccomp.MASKED_EQ, LOWER_HALF, F_NOTIFY))
    for advice in ADVICE:
        _add(rules, refused, "madvise", seccomp.Arg(2, seccomp.MASKED_EQ, LOWER_HALF, advice))
    for option in BUFFERS:  # it's told that it has worked
        which = (
            seccomp.Arg(1, seccomp.MASKED_EQ, LOWER_HALF, socket.SOL_SOCKET),
            seccomp.Arg(2, seccomp.MASKED_EQ, LOWER_HALF, option),
        )
        _add(rules, seccomp.ERRNO(0), "setsockopt", *which)
    _add(rules, refused, "prlimit64", seccomp.Arg(0, seccomp.NE, 0))
    _add(rules, refused, "preadv2", seccomp.Arg(5, seccomp.NE, 0))  # whether it is in memory already
    read, write = os.pipe()
    with os.fdopen(read, "rb") as source:
        with os.fdopen(write, "wb") as target:
            rules.export_bpf(target)  # some kilobytes: less than a pipe holds
        return _without_new_calls() + source.read()


def _without_new_calls() -> bytes:
    """Return what comes before the library's program, which can't have rules for calls that it doesn't know."""
    allowed = sorted(ALLOWED_NEW.values())
    lines = [(LOAD, 0, 0, 0), (AT_LEAST, 0, len(allowed) + 1, FIRST_NEW)]
    lines += [(EQUAL, len(allowed) - place, 0, number) for place, number in enumerate(allowed)]
    lines += [(RETURN, 0, 0, ERRNO | errno.ENOSYS)]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def _add(rules: seccomp.SyscallFilter, action: int, name: str, *arguments: object) -> None:
    with contextlib.suppress(OSError):  # not on this processor, or not known to this libseccomp
        rules.add_rule(action, name, *arguments)
