"""What the person at the keyboard types: single keys while something else is being watched, and whole lines."""

import contextlib
import os
import select
import shutil
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Self

from .terminal import Terminal

READ_AT_ONCE = 64 * 1024
PASTED_WITHIN = 0.05  # seconds between two pieces of a pasted text
TYPED_AT_ONCE = 3  # keys; more that come in one read are a pasted text …
HELD_DOWN = 200  # … or one key that was held down while no one read it
SPECIAL = ("\x1b", "\0", "\xe0")  # what an arrow or F1 begins with; the last two on Windows
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
        if not _typed_ahead:
            _typed_ahead.extend(_keys_in(_read_console(seconds)))
        return _typed_ahead.popleft() if _typed_ahead else ""
    if not _typed_ahead:
        if not select.select([sys.stdin], [], [], seconds)[0]:
            return ""
        pressed = os.read(sys.stdin.fileno(), READ_AT_ONCE)
        if len(pressed) > TYPED_AT_ONCE and not pressed.startswith(b"\x1b"):  # a paste, which may come in pieces
            while select.select([sys.stdin], [], [], PASTED_WITHIN)[0] and os.read(sys.stdin.fileno(), READ_AT_ONCE):
                pass
        _typed_ahead.extend(split_keys(pressed))
    return _typed_ahead.popleft() if _typed_ahead else ""


def _read_console(seconds: float) -> str:
    """Return what is typed on a Windows console; of a paste, which comes character by character, all of it."""
    typed, deadline = "", time.monotonic() + seconds
    if sys.platform == "win32":
        import msvcrt

        while time.monotonic() < deadline:
            if msvcrt.kbhit():
                typed += msvcrt.getwch()
                deadline = time.monotonic() + (PASTED_WITHIN if len(typed) > TYPED_AT_ONCE else 0.01)
            else:
                time.sleep(0.005)
    return typed


def split_keys(pressed: bytes) -> list[str]:
    """Return the keys that came in one read: each of a few typed quickly; "q" if the terminal has gone.

    A special key's sequence is its first character, a key that was held down is one, and a pasted text is none.
    """
    if not pressed:
        return ["q"]
    return _keys_in(pressed.decode("utf-8", "ignore"))


def _keys_in(typed: str) -> list[str]:
    if typed.startswith(SPECIAL):
        return ["\x1b"]
    if len(typed) > TYPED_AT_ONCE:
        return [typed[0]] if len(set(typed)) == 1 and len(typed) <= HELD_DOWN else []
    return list(typed)


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
    """Wait until Enter is pressed; what's pasted goes nowhere. Raises KeyboardInterrupt to leave, as any question."""
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
