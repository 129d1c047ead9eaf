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
from typing import Self

READ_AT_ONCE = 64 * 1024
PASTED_WITHIN = 0.05  # seconds between two pieces of a pasted text
TYPED_AT_ONCE = 3  # keys; more that come in one read are a pasted text …
HELD_DOWN = 200  # … or one key that was held down while no one read it
REDRAW = "\f"  # Ctrl-L; told also when the terminal has got another size

_typed_ahead: deque[str] = deque()  # pressed before the one who reads keys was ready for them


class SingleKeys:
    """Calls `on_key` with each key as it's pressed, unechoed; Ctrl-C still interrupts. Use it as a context manager.

    At the end, and while it's paused, the terminal is as it was, and typed lines can be read again.
    """

    def __init__(self, on_key: Callable[[str], None]) -> None:
        self._on_key = on_key
        self._ended = threading.Event()
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self._ended = threading.Event()
        set_again = self._stack.enter_context(_unbuffered())
        thread = threading.Thread(target=self._listen, args=(self._ended, set_again), daemon=True)
        thread.start()
        self._stack.callback(thread.join, 2)
        self._stack.callback(self._ended.set)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the keys to others in the block."""
        self._stack.close()
        try:
            yield
        finally:
            self.__enter__()

    def _listen(self, ended: threading.Event, set_again: Callable[[], bool]) -> None:
        size = shutil.get_terminal_size()
        while not ended.is_set():
            key = read_key(0.1)
            if set_again() or size != (size := shutil.get_terminal_size()):
                self._on_key(REDRAW)
            if key:
                self._on_key(key)
                if key == "q":
                    return


@contextlib.contextmanager
def _unbuffered() -> Iterator[Callable[[], bool]]:
    """Let keys come one by one; yield a function that sets this again after Ctrl-Z and `fg`, if it has to."""
    if sys.platform == "win32":
        yield lambda: False
        return
    import termios
    import tty

    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)

    def set_again() -> bool:
        try:
            if not termios.tcgetattr(fd)[3] & termios.ICANON:
                return False
            tty.setcbreak(fd, termios.TCSANOW)
        except termios.error:  # the terminal has gone
            return False
        return True

    try:
        tty.setcbreak(fd, termios.TCSANOW)
        yield set_again
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


def forget_typed() -> None:
    """Remove what was typed before there was a question to it."""
    _typed_ahead.clear()
    if sys.platform == "win32":
        import msvcrt

        while msvcrt.kbhit():
            msvcrt.getwch()
        return
    import termios

    with contextlib.suppress(termios.error, OSError, ValueError):
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


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
        pressed = os.read(sys.stdin.fileno(), READ_AT_ONCE)
        if len(pressed) > TYPED_AT_ONCE and not pressed.startswith(b"\x1b"):  # a paste, which may come in pieces
            while select.select([sys.stdin], [], [], PASTED_WITHIN)[0] and os.read(sys.stdin.fileno(), READ_AT_ONCE):
                pass
        _typed_ahead.extend(split_keys(pressed))
    return _typed_ahead.popleft() if _typed_ahead else ""


def split_keys(pressed: bytes) -> list[str]:
    """Return the keys that came in one read: each of a few typed quickly; "q" if the terminal has gone.

    A special key's sequence is its first character, a key that was held down is one, and a pasted text is none.
    """
    if not pressed:
        return ["q"]
    typed = pressed.decode("utf-8", "ignore")
    if typed.startswith("\x1b"):
        return ["\x1b"]
    if len(typed) > TYPED_AT_ONCE:
        return [typed[0]] if len(set(typed)) == 1 and len(typed) <= HELD_DOWN else []
    return list(typed)
