"""Limits of the process that runs the tests, for when what a submission sends should cost more than it may."""

import contextlib
import ctypes
import sys
import threading
from pathlib import Path

MEMORY = 768 * 2**20  # beyond what the process has when a run begins
PROCESSOR = 600  # seconds; the grader's clock ends a run before
STACK = 2 * 2**20  # of a thread: the usual 8 MiB count as memory
MOST_PIXELS = 30_000_000  # of a picture that's opened: a phone's photo has 24 million, and each takes four bytes
ARENAS, M_ARENA_MAX = 2, -8  # each arena of the C library reserves 64 MiB


def limit_this_process() -> None:
    """Limit the memory and the time that this process may still use, on Linux, whose figures it reads."""
    if sys.platform != "linux":
        return
    import resource

    threading.stack_size(STACK)
    with contextlib.suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)
    with contextlib.suppress(ImportError):
        from PIL import Image

        Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + PROCESSOR
    _lower(resource.RLIMIT_AS, pages * resource.getpagesize() + MEMORY)
    _lower(resource.RLIMIT_CPU, seconds)
    _lower(resource.RLIMIT_CORE, 0)


def _lower(what: int, most: int) -> None:
    """Set a limit, unless there's a lower one already."""
    import resource

    soft, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    if soft == resource.RLIM_INFINITY or most < soft:
        resource.setrlimit(what, (most, hard))
