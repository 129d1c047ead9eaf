"""Bombs: each takes as much of one thing as it can get, up to a bound, and reports when it has got too much.

Each explodes when /count is asked for. A bomb that is stopped raises an error or ends the process.
"""

import asyncio
import contextlib
import ctypes
import mmap
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

GIB = 2**30
TOO_MUCH = 3 * GIB
BLOCK = bytes(2**20)
SECONDS = 25.0  # what loops endlessly stops then


def memory() -> str:
    """Takes memory."""
    kept = []
    for _ in range(TOO_MUCH // 2**24):
        kept.append(b"x" * 2**24)
    return f"{len(kept) * 16} MiB of memory"


def shared_memory() -> str:
    """Takes memory by shared mappings, which a limit on data does not count."""
    kept = []
    for _ in range(TOO_MUCH // 2**26):
        kept.append(mmap.mmap(-1, 2**26))
        kept[-1].write(BLOCK * 64)
    return f"{len(kept) * 64} MiB of shared memory"


def memory_files() -> str:
    """Takes memory by files that lie in it, which no limit of the process counts."""
    for _ in range(64):
        file = os.memfd_create("bomb")
        for _ in range(TOO_MUCH // 64 // 2**20):
            os.write(file, BLOCK)
    return "3 GiB in memory files"


def system_v_memory() -> str:
    """Takes shared memory of System V, which outlives the process."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.shmat.restype = ctypes.c_void_p
    for _ in range(TOO_MUCH // 2**26):
        segment = libc.shmget(0, ctypes.c_size_t(2**26), 0o1600)
        if segment < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        place = libc.shmat(segment, None, 0)
        if place in (None, 2**64 - 1):
            raise MemoryError("shmat")
        ctypes.memset(place, 1, 2**26)
    return "3 GiB of System V shared memory"


def fill(folder: str) -> str:
    number = 0
    for number in range(TOO_MUCH // 2**24):
        with Path(folder, f"bomb-{number}").open("wb") as file:
            for _ in range(16):
                file.write(BLOCK)
    return f"{(number + 1) * 16} MiB in {folder}"


def disk() -> str:
    """Fills the data folder."""
    return fill(".")


def temporary_files() -> str:
    """Fills the folder for temporary files."""
    return fill(tempfile.gettempdir())


def dev_shm() -> str:
    """Fills /dev/shm."""
    return fill("/dev/shm")


def one_file() -> str:
    """Writes one file of 3 GiB."""
    with Path("bomb").open("wb") as file:
        for _ in range(TOO_MUCH // 2**20):
            file.write(BLOCK)
    return "a file of 3 GiB"


def small_files() -> str:
    """Makes files without content, which take no place but an entry each."""
    for number in range(300_000):
        os.close(os.open(f"bomb-{number}", os.O_CREAT | os.O_WRONLY))
    return "300,000 files"


def processes() -> str:
    """Forks."""
    for _ in range(400):
        if not os.fork():
            time.sleep(20)
            os._exit(0)
    return "400 processes"


def programs() -> str:
    """Starts programs."""
    kept = [subprocess.Popen(["/bin/sleep", "20"]) for _ in range(400)]
    return f"{len(kept)} programs"


def threads() -> str:
    """Starts threads."""
    threading.stack_size(2**16)
    for _ in range(4_000):
        threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
    return "4,000 threads"


def descriptors() -> str:
    """Opens files and closes none."""
    for _ in range(50_000):
        os.open(os.devnull, os.O_RDONLY)
    return "50,000 open files"


def descriptors_in_flight() -> str:
    """Sends descriptors that no process takes: the kernel limits how many of them a user may have in flight."""
    sent = 0
    pairs = []
    with contextlib.suppress(OSError):
        for _ in range(100):
            pairs.append(socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
            for _ in range(4):
                socket.send_fds(pairs[-1][0], [b"x"], [1] * 250)
                sent += 250
    time.sleep(3)
    return "more than 1,000 descriptors in flight" if sent > 1_000 else ""


def log() -> str:
    """Writes 512 MiB to standard output."""
    line = b"x" * 2**20
    for _ in range(512):
        os.write(1, line)
    return ""


def processor() -> str:
    """Calculates in a route and never answers."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        pass
    return ""


def processors() -> str:
    """Calculates in as many threads as it gets."""
    for _ in range(32):
        threading.Thread(target=processor, daemon=True).start()
    return processor()


def pattern() -> str:
    """Matches a pattern for ever, in C, where no other thread of it runs."""
    re.match(r"(x+x+)+y", "x" * 40)
    return ""


def stack() -> str:
    """Recurses until the stack ends."""
    sys.setrecursionlimit(2**30)
    threading.stack_size(2**16)

    def deeper(value: object) -> object:
        return deeper([value])

    nested: list[object] = []
    for _ in range(2_000_000):
        nested = [nested]
    return repr(nested)[:0] or str(deeper(nested))


def sleeping_loop() -> str:
    """Starts tasks that start tasks, until the loop does nothing else."""
    kept: set[asyncio.Task[None]] = set()

    async def again() -> None:
        while len(kept) < 1_000_000:
            kept.add(asyncio.ensure_future(again()))
            await asyncio.sleep(0)

    kept.add(asyncio.ensure_future(again()))
    return ""
