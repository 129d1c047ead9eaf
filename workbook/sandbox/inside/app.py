"""The confined process: gives up what it may do, unpacks the submission, and serves it like any other app."""

import os
import socket
import sys
import tarfile
import threading
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from . import kernel

PLACE = "/sandbox"  # a sized file system in memory, made for one app and gone with it
PROJECT, DATA, TEMPORARY = f"{PLACE}/project", f"{PLACE}/data", f"{PLACE}/tmp"
STACK = 1024 * 1024  # of a thread; the usual 8 MiB each would count as memory

TAR, LINES, ANSWERS = range(3)  # the order in which the descriptors come


def become_app(request: dict[str, Any], fds: list[int], log: int, *, own_proc: bool) -> NoReturn:
    """Serve the submission in `fds[TAR]`; everything after the filter is set runs without any right."""
    kernel.mount_proc(needed=own_proc)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)
    tar, lines, answers = _arrange(fds, log)
    os.environ.clear()
    os.environ.update(PATH="/usr/bin:/bin", HOME=TEMPORARY, TMPDIR=TEMPORARY, LANG="C.UTF-8")
    kernel.set_limits(**request["limits"])
    kernel.drop_capabilities()
    kernel.filter_system_calls(bytes.fromhex(request["filter"]))
    threading.stack_size(STACK)
    _unpack(tar)
    sys.path.insert(0, PROJECT)
    from workbook.serving.child import serve_job

    serve_job(cast(IO[bytes], os.fdopen(lines, "rb", 0)), cast(IO[bytes], os.fdopen(answers, "wb", 0)))


def _arrange(fds: list[int], log: int) -> tuple[int, int, int]:
    """Set up the standard streams, close everything else that was inherited, and return three descriptors."""
    null = os.open(os.devnull, os.O_RDONLY)
    above = [os.dup2(fd, 100 + number) for number, fd in enumerate((null, log, log, *fds))]
    for number, fd in enumerate(above):
        os.dup2(fd, number)
    os.closerange(len(above), os.sysconf("SC_OPEN_MAX"))
    return 3, 4, 5


def _unpack(tar: int) -> None:
    """Unpack what the grader has packed: regular files, named relative to `PLACE`."""
    with os.fdopen(tar, "rb") as file, tarfile.open(fileobj=file, mode="r:") as archive:
        for member in archive:
            path, content = Path(PLACE, member.name), archive.extractfile(member)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.read() if content else b"")


def log_file() -> tuple[int, int]:
    """Make the app's log, a file without a name in its sized file system; return descriptors to write and read it.

    Otherwise a file of the host's would be open in the sandbox, and the sandbox's limits wouldn't hold for that one.
    """
    name = f"{PLACE}/log"
    write = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    read = os.open(name, os.O_RDONLY)
    os.unlink(name)  # noqa: PTH108
    return write, read


def data_folder() -> int:
    """Make the folders of one app; returns a descriptor of the data folder, by which it is read from outside."""
    for folder in PROJECT, DATA, TEMPORARY:
        os.mkdir(folder)  # noqa: PTH102
    return os.open(DATA, os.O_RDONLY | os.O_DIRECTORY)


def listener(port: int) -> socket.socket:
    """Return a socket that listens at 127.0.0.1:`port`, the tests' mailbox for the app; it's accepted outside."""
    opened = socket.socket()
    opened.bind(("127.0.0.1", port))
    opened.listen(16)
    return opened
