"""Tracebacks with only the frames of the app's own files, because the others don't help the app's author."""

import os
import re
from pathlib import Path

# No expression here repeats without a bound: what they read, the app has written.
LOG_PREFIX = re.compile(r"[A-Z]{1,12}:\s{1,12}")  # of uvicorn's log lines
START = re.compile(rf"({LOG_PREFIX.pattern})?(  \+ Exception Group )?Traceback \(most recent call last\):")
CHAINED = re.compile("direct cause of the following exception|During handling of the above exception")
FRAME = re.compile(r'  File "(.{1,2000})", line \d{1,9}, in ')
OF_THE_FRAME = ("    ", "  [Previous line repeated ")
IN_A_GROUP = re.compile(r"^ {0,200}\| ?")
MESSAGE_GOES_ON = re.compile(r":$|\d validation errors? for ")


def own_frames(text: str, directory: Path) -> str:
    """Keep only those frames of a formatted traceback that are below `directory`, with relative paths.

    Of a traceback that never touches the directory, what was raised is kept, and no frames.
    """
    inside = str(directory) + os.sep
    kept, own, any_own = [], True, False
    for line in text.splitlines():
        body = IN_A_GROUP.sub("", line)
        if frame := FRAME.match(body):
            own = frame[1].startswith(inside)
            any_own = any_own or own
        elif not body.startswith(OF_THE_FRAME):
            own = True
        if own:
            kept.append(line.replace(inside, ""))
    if not any_own:
        kept = [line for line in kept if not START.search(line)]
    return "\n".join(kept).strip("\n")


def last_traceback(log: str, directory: Path) -> str:
    """Return the last traceback in an app's log, cut to its own frames; "" if there is none.

    Of a chain of them, it's the last one that touches the directory.
    """
    lines, last = log.splitlines(), ""
    for start in reversed([n for n, line in enumerate(lines) if START.match(line)]):
        found = own_frames("\n".join(_first_traceback(lines[start:])), directory)
        last = last or found
        if START.match(found):
            return found
        if start < 2 or not CHAINED.search(lines[start - 2]):
            break
    return last


def _first_traceback(lines: list[str]) -> list[str]:
    """Return the lines of the traceback that begins at the first, down to the end of its message."""
    end = next((n for n, line in enumerate(lines[1:], 1) if line and not line.startswith(" ")), len(lines) - 1)
    if MESSAGE_GOES_ON.search(lines[end]):
        after = (n for n, line in enumerate(lines[end:], end) if not line or LOG_PREFIX.match(line))
        end = next(after, len(lines)) - 1
    return [LOG_PREFIX.sub("", lines[0]), *lines[1 : end + 1]]


def last_words(log: str) -> str:
    """Return the end of what an ended app wrote, as a paragraph to put behind the reason; "" if it wrote nothing."""
    return f"\nIt had written:\n{log[-2000:].strip()}" if log.strip() else ""
