"""Where in the app's own files it went wrong, because others don't help the app's author: of a traceback, of a hang."""

import asyncio
import gc
import os
import re
import sys
import threading
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from types import AsyncGeneratorType, FrameType
from typing import Any

# No expression here repeats without a bound: what they read, the app has written.
LOG_PREFIX = re.compile(r"[A-Z]{1,12}:\s{1,12}")  # of uvicorn's log lines
START = re.compile(rf"({LOG_PREFIX.pattern})?(  \+ Exception Group )?Traceback \(most recent call last\):")
CHAINED = re.compile("direct cause of the following exception|During handling of the above exception")
FRAME = re.compile(r'  File "(.{1,2000})", line \d{1,9}, in ')
OF_THE_FRAME = ("    ", "  [Previous line repeated ")
IN_A_GROUP = re.compile(r"^ {0,200}\| ?")
MESSAGE_GOES_ON = re.compile(r":$|\d validation errors? for ")

Place = tuple[str, int, str]  # file, line, function
MOST_OF_DUMP = 64 * 1024  # of its 100 frames for each thread
LINE_OF_DUMP = re.compile(r' {1,4}File "(.{1,2000})", line (\d{1,9}) in (.{1,500})$')
AWAITED = {"cr": "cr_await", "ag": "ag_await", "gi": "gi_yieldfrom"}


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


def with_own_frames(log: str, directory: Path) -> str:
    """Return a log in which each traceback, or chain of them, is only its last one's frames below the directory."""
    lines, kept, n = log.split("\n"), list[str](), 0
    while n < len(lines):
        end = _end_of_chain(lines, n) if START.match(lines[n]) else n + 1
        own = last_traceback("\n".join(lines[n:end]), directory) if end > n + 1 else ""
        level = LOG_PREFIX.match(lines[n])
        if START.match(own):
            own = "\n".join(line for line in own.split("\n") if line.strip(" ~^"))
            kept.append((level[0] if level else "") + own)
        else:
            kept += lines[n:end]
        n = end
    return "\n".join(kept)


def _end_of_chain(lines: list[str], start: int) -> int:
    """Return the number of the line behind the chain of tracebacks that begins at a line."""
    raised, goes_on, end = False, True, start  # `raised`: whether the last of them has said what was raised
    for n, line in enumerate(lines[start:], start):
        if CHAINED.search(line):
            goes_on = True
        elif START.match(line) and goes_on:
            raised, goes_on = "Group" in line, False
        elif line and not line.startswith(" "):
            if raised:
                break
            raised = not MESSAGE_GOES_ON.search(line)
        end = n + 1 if line else end
    return end


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


def hang_text(app: Path, seconds: float, loop: asyncio.AbstractEventLoop | None) -> str:
    """Say where the main thread is, or what `loop`'s tasks wait at. Call it from another thread."""
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    if place := _own(_stack(frame), app):
        return _hangs(seconds, place, app)
    tasks = asyncio.all_tasks(loop) if loop else ()
    if place := next(filter(None, (_own(_awaited(task.get_coro()), app) for task in tasks)), None):
        return f"The app's start-up, its lifespan, hadn't ended after {seconds:g} s. It waits at {_shown(place, app)}"
    return _hangs(seconds, None, app)


def hang_text_of_dump(dump: str, app: Path, seconds: float) -> str:
    """Say where the app hangs, from what `faulthandler` wrote, if the app doesn't let other threads run."""
    own = [str(file) for file in app.rglob("*.py")]
    # It writes other letters than ASCII's as escapes, but what comes out of a sandbox has had its paths replaced since.
    files = {file.encode("ascii", "backslashreplace").decode(): file for file in own} | {file: file for file in own}
    lines = [found.groups() for line in dump[:MOST_OF_DUMP].splitlines() if (found := LINE_OF_DUMP.match(line))]
    return _hangs(seconds, _own(((files.get(file, ""), int(line), name) for file, line, name in lines), app), app)


def _hangs(seconds: float, place: Place | None, app: Path) -> str:
    where = f". It hangs at {_shown(place, app)}" if place else "; it hangs outside its own files."
    return f"The app hadn't started after {seconds:g} s{where}"


def _own(places: Iterable[Place], app: Path) -> Place | None:
    """Return the first place that is in the app's files, or None."""
    return next((place for place in places if Path(place[0]).is_relative_to(app)), None)


def _stack(frame: FrameType | None) -> Iterator[Place]:
    """Yield a thread's places, the innermost first."""
    while frame:
        yield frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name
        frame = frame.f_back


def _awaited(awaitable: Any) -> list[Place]:
    """Return the places at which a suspended coroutine waits, the innermost first."""
    places: list[Place] = []
    while awaitable is not None:
        kind = next((kind for kind in AWAITED if hasattr(awaitable, f"{kind}_frame")), None)
        if kind:
            places += islice(_stack(getattr(awaitable, f"{kind}_frame")), 1)
            awaitable = getattr(awaitable, AWAITED[kind])
        else:  # the steps of an async generator don't say what they wait for
            awaitable = next((it for it in gc.get_referents(awaitable) if isinstance(it, AsyncGeneratorType)), None)
    return places[::-1]


def _shown(place: Place, app: Path) -> str:
    file, line, name = place
    try:
        source = Path(file).read_text(encoding="utf-8", errors="replace").splitlines()[line - 1].strip()
    except (OSError, IndexError):
        source = ""
    inside = "" if name == "<module>" else f", in {name}()"
    return f"{Path(file).relative_to(app).as_posix()}, line {line}{inside}:\n    {source}".rstrip()
