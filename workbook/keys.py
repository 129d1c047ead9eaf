"""Single keys from the terminal, while something else is being watched."""

import contextlib
import os
import select
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator

REDRAW = "\f"  # Ctrl-L; told also when the terminal has got another size


@contextlib.contextmanager
def single_keys(on_key: Callable[[str], None]) -> Iterator[None]:
    """Call `on_key` with each key as it is pressed, unechoed; Ctrl-C still interrupts.

    At the end the terminal is as it was, and typed lines can be read again.
    """
    ended = threading.Event()

    def listen() -> None:
        size = shutil.get_terminal_size()
        while not ended.is_set():
            key = read_key(0.1)
            if size != (size := shutil.get_terminal_size()):
                on_key(REDRAW)
            if key:
                on_key(key)
                if key == "q":
                    return

    thread = threading.Thread(target=listen, daemon=True)
    with _unbuffered():
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(2)


@contextlib.contextmanager
def _unbuffered() -> Iterator[None]:
    if sys.platform == "win32":
        yield
        return
    import termios
    import tty

    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)
    try:
        tty.setcbreak(fd, termios.TCSANOW)
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


def read_key(seconds: float) -> str:
    """The key pressed within `seconds`; "" if none was; "q" when the terminal has gone."""
    if sys.platform == "win32":
        import msvcrt

        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if msvcrt.kbhit():
                return msvcrt.getwch()
            time.sleep(0.02)
        return ""
    if not select.select([sys.stdin], [], [], seconds)[0]:
        return ""
    return decode(os.read(sys.stdin.fileno(), 16))


def decode(pressed: bytes) -> str:
    """What was pressed, as one character: of an arrow key's sequence or a pasted text it is the first."""
    return pressed.decode("utf-8", "ignore")[:1] if pressed else "q"
