"""Single keys from the terminal, while something else is being watched."""

import contextlib
import os
import select
import shutil
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

TYPED_AT_ONCE = 3  # keys; more that come in one read are a pasted text
REDRAW = "\f"  # Ctrl-L; told also when the terminal has got another size

_typed_ahead: deque[str] = deque()  # pressed before the one who reads keys was ready for them


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
    """Return the key pressed within `seconds`; "" if none was, "q" when the terminal has gone."""
    if sys.platform == "win32":
        import msvcrt

        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if msvcrt.kbhit():
                return msvcrt.getwch()
            time.sleep(0.02)
        return ""
    if not _typed_ahead:
        if not select.select([sys.stdin], [], [], seconds)[0]:
            return ""
        _typed_ahead.extend(split_keys(os.read(sys.stdin.fileno(), 64)))
    return _typed_ahead.popleft() if _typed_ahead else ""


def split_keys(pressed: bytes) -> list[str]:
    """Return the keys that came in one read: each of a few typed quickly; "q" if the terminal has gone.

    Of a special key's sequence and of pasted text, which no one types that fast, it's only the first character.
    """
    if not pressed:
        return ["q"]
    typed = pressed.decode("utf-8", "ignore")
    return list(typed[:1] if typed.startswith("\x1b") or len(typed) > TYPED_AT_ONCE else typed)
