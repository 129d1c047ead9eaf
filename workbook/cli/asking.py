"""Lines that the person at the keyboard types; a pasted text isn't one."""

import contextlib
import os
import select
import signal
import sys

from .keyboard import PASTED_WITHIN, READ_AT_ONCE, forget_typed
from .terminal import Terminal

LONGEST = 400  # characters of an answer
PIECES = 1000  # of a paste; a terminal that has gone would go on for ever
WAKE_EVERY = 0.2  # seconds


def can_ask() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def ask_line(terminal: Terminal, prompt: str) -> str | None:
    """Return the line that's typed; None if a text was pasted instead. Raises KeyboardInterrupt to leave."""
    try:
        line = _read_line(terminal.text(prompt))
    except EOFError:
        raise KeyboardInterrupt from None
    pasted = len(line) > LONGEST
    for _ in range(PIECES):
        if not _more_is_typed(PASTED_WITHIN):  # no one types the next line that fast
            break
        forget_typed()
        pasted = True
    return None if pasted else line


def wait_for_enter(terminal: Terminal, prompt: str) -> None:
    """Wait until Enter, Ctrl-C or Ctrl-D is pressed; the rest of what's pasted goes nowhere."""
    with contextlib.suppress(KeyboardInterrupt):
        ask_line(terminal, prompt)


def _read_line(prompt: str) -> str:
    """Read a line; after Ctrl-Z and `fg`, write the prompt again, because the shell has written over it."""
    if sys.platform == "win32":
        return input(prompt)

    def write_prompt(*_: object) -> None:
        print(prompt, end="", flush=True)

    before = signal.signal(signal.SIGCONT, write_prompt)
    try:
        write_prompt()
        while not select.select([sys.stdin], [], [], WAKE_EVERY)[0]:  # another thread may have got the signal
            pass
        typed = os.read(sys.stdin.fileno(), READ_AT_ONCE)  # a line, or what the terminal keeps of one that's too long
    except OSError:  # the terminal has gone
        typed = b""
    finally:
        signal.signal(signal.SIGCONT, before)
    if not typed:
        raise EOFError
    return typed.decode("utf-8", "replace").removesuffix("\n")


def _more_is_typed(seconds: float) -> bool:
    if sys.platform == "win32":
        import msvcrt
        import time

        time.sleep(seconds)
        return msvcrt.kbhit()
    return bool(select.select([sys.stdin], [], [], seconds)[0])
