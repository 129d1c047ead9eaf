"""Tracebacks cut to the frames of the app's own files: the rest helps nobody who wrote the app."""

import os
from pathlib import Path

START = "Traceback (most recent call last)"


def own_frames(text: str, directory: Path) -> str:
    """Keep of a formatted traceback the frames below `directory`, with paths relative to it.

    A traceback that never touches the directory is returned whole.
    """
    kept, own, any_own = [], True, False
    for line in text.splitlines():
        if line.lstrip().startswith('File "'):
            own = str(directory) in line
            any_own = any_own or own
        elif not line.lstrip(" |").startswith("    ") and not line.startswith("    "):
            own = True
        if own:
            kept.append(line.replace(str(directory) + os.sep, ""))
    return "\n".join(kept).rstrip() if any_own else text.rstrip()


def last_traceback(log: str, directory: Path) -> str:
    """The last traceback in an app's log, cut to its own frames; "" if there is none."""
    start = log.rfind("\n" + START) if not log.startswith(START) else max(0, log.rfind("\n" + START))
    if start < 0:
        return ""
    lines = log[start:].strip("\n").splitlines()
    end = next((n for n, line in enumerate(lines[1:], 1) if line and not line.startswith(" ")), len(lines) - 1)
    return own_frames("\n".join(lines[: end + 1]), directory)
