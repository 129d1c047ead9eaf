"""Does to its log what hurts the machine that keeps it, or the program or person that reads it."""

import ctypes
import os
import re
import sys
import threading
import time

GIB = 2**30
KEEP_SIZE = 1
libc = ctypes.CDLL(None, use_errno=True)


def taken_ahead() -> str:
    """Takes 2 GiB for its log ahead, without writing them, which no limit on the size of a file counts."""
    if libc.fallocate(1, KEEP_SIZE, ctypes.c_long(0), ctypes.c_long(2 * GIB)) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return "2 GiB of disk for its log"


def taken_slowly() -> str:
    """Takes room for its log again and again, as long as there's any, and goes on."""

    def take() -> None:
        for number in range(2_000):
            libc.fallocate(1, KEEP_SIZE, ctypes.c_long(number * 2**24), ctypes.c_long(2**24))
            time.sleep(0.005)

    threading.Thread(target=take, daemon=True).start()
    return ""


def locked_up() -> str:
    """Makes its log unreadable, and asks for a lease on it, so that opening it would wait."""
    import fcntl

    for number in (1, 2):
        try:
            os.fchmod(number, 0)
            fcntl.fcntl(number, 1024, fcntl.F_WRLCK)  # F_SETLEASE: who opens it waits
        except OSError:
            pass
    return ""


def emptied() -> str:
    """Empties its log all the time, and writes into it that all is well."""

    def write() -> None:
        for _ in range(5_000):
            try:
                os.truncate("/proc/self/fd/1", 0)
                os.write(1, b'INFO:     127.0.0.1:1 - "GET /count HTTP/1.1" 200 OK\n')
            except OSError:
                pass
            time.sleep(0.002)

    threading.Thread(target=write, daemon=True).start()
    return ""


def forged_dump() -> str:
    """Writes 2 MiB that look like a dump of threads that hang, and then hangs, so that the grader reads it."""
    sys.stderr.write("Timeout (0:00:30)!\n" + 'File "' * 350_000 + "\n")
    sys.stderr.flush()
    re.match(r"(x+x+)+y", "x" * 60)
    return ""
