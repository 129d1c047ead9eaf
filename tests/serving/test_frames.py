"""Tracebacks in an app's log, cut to the frames in the app's files."""

from pathlib import Path

import pytest

from workbook.serving.frames import last_traceback, with_own_frames

APP = Path("/home/ada/my app")
OWN = f'  File "{APP}/main.py", line 3, in read\n    return 1 / 0\n           ~~^~~\n'
OTHERS = '  File "/usr/lib/fastapi/routing.py", line 9, in run\n    return await call()\n           ^^^^^^^^^^^^\n'
START = "Traceback (most recent call last):\n"
CUT = f'{START}  File "main.py", line 3, in read\n    return 1 / 0\n           ~~^~~\n'
RAISED = "ZeroDivisionError: division by zero\n"
DURING = "\nDuring handling of the above exception, another exception occurred:\n\n"
REPEATED = "  [Previous line repeated 900 more times]\n"
VALIDATION = """\
pydantic_core._pydantic_core.ValidationError: 1 validation error for Post
title
  Field required [type=missing, input_value={}, input_type=dict]
    For further information visit a page
"""
REQUEST = 'INFO:     127.0.0.1:4 - "GET / HTTP/1.1" 500 Internal Server Error\n'


@pytest.mark.parametrize(
    "log, kept",
    [
        ("", ""),
        (REQUEST, ""),
        (START + OTHERS + OWN + RAISED, CUT + RAISED),
        (REQUEST + "ERROR:    Exception in ASGI application\n" + START + OTHERS + OWN + RAISED + REQUEST, CUT + RAISED),
        ("ERROR:    " + START + OTHERS + OWN + OTHERS + RAISED, CUT + RAISED),
        (START + OTHERS + RAISED, RAISED),
        (START + OTHERS + REPEATED + RAISED, RAISED),
        (START + OWN + REPEATED + RAISED, CUT + REPEATED + RAISED),
        (START + OTHERS + "KeyError: 1\n" + DURING + START + OWN + RAISED, CUT + RAISED),
        (START + OWN + RAISED + DURING + START + OTHERS + "KeyError: 1\n", CUT + RAISED),
        (START + OTHERS + "KeyError: 1\n" + DURING + START + OTHERS + RAISED, RAISED),
        (START + OWN + RAISED + REQUEST + START + OTHERS + "KeyError: 1\n", "KeyError: 1"),
        (START + OTHERS + OWN + VALIDATION + REQUEST, CUT + VALIDATION),
        (START + OTHERS + OWN + VALIDATION + "\n" + REQUEST, CUT + VALIDATION),
        (START + OWN.replace("my app/main", "my app too/main") + RAISED, RAISED),
        (START + OWN + "KeyError: 1\n" + START + OTHERS + OWN + RAISED, CUT + RAISED),
        (START + OTHERS, ""),
    ],
    ids=[
        "empty",
        "none",
        "own frames are kept",
        "between other lines",
        "behind the level of a log line",
        "without own frames what was raised is kept",
        "repeated frames of others",
        "repeated own frames",
        "of a chain the last",
        "of a chain the one with own frames",
        "of a chain without own frames the last",
        "none of before",
        "a message of several lines",
        "a message of several lines, then an empty one",
        "a folder whose name begins alike",
        "of several the last",
        "not yet written to its end",
    ],
)  # fmt: skip
def test_the_last_traceback_is_cut_to_own_frames(log: str, kept: str) -> None:
    """Of an app's log, the last traceback is kept, with only the frames of the app's own files."""
    assert last_traceback(log, APP) == kept.rstrip("\n")


def test_groups_are_cut_too() -> None:
    """In a group of exceptions, each part has only its own frames of the app."""

    def indented(text: str, by: str) -> str:
        return "".join(f"{by}{line}" for line in text.splitlines(keepends=True))

    def group(outer: str, inner: str) -> str:
        head = f"  + Exception Group {START}" + indented(outer + "ExceptionGroup: two (1 sub-exception)\n", "  | ")
        part = "  +-+---------------- 1 ----------------\n" + indented(START + inner + RAISED, "    | ")
        return head + part + "    +------------------------------------\n"

    own = CUT.removeprefix(START)

    assert last_traceback(REQUEST + group(OTHERS + OWN, OTHERS + OWN), APP) == group(own, own).rstrip("\n")


SHORT = f'{START}  File "main.py", line 3, in read\n    return 1 / 0\n{RAISED}'
GROUP = (
    f"  + Exception Group {START}"
    + "".join(f"  | {line}\n" for line in OTHERS.splitlines())
    + "  | ExceptionGroup: one (1 sub-exception)\n  +-+---------------- 1 ----------------\n"
    + "".join(f"    | {line}\n" for line in (START + OTHERS + OWN + RAISED).splitlines())
    + "    +------------------------------------\n"
)


@pytest.mark.parametrize(
    "log, short",
    [
        (REQUEST * 2, REQUEST * 2),
        (REQUEST + START + OTHERS + OWN + RAISED + REQUEST, REQUEST + SHORT + REQUEST),
        (START + OTHERS + OWN + RAISED + "\n" + REQUEST, SHORT + "\n" + REQUEST),
        (REQUEST + GROUP + DURING + START + OTHERS + OWN + RAISED + REQUEST, REQUEST + SHORT + REQUEST),
        ((START + OTHERS + OWN + RAISED) * 2, SHORT * 2),
        (START + OTHERS + RAISED + REQUEST, START + OTHERS + RAISED + REQUEST),
        ("ERROR:    " + START + OTHERS + OWN + RAISED, "ERROR:    " + SHORT),
        (START + OTHERS + OWN + VALIDATION + REQUEST, SHORT.removesuffix(RAISED) + VALIDATION + REQUEST),
        ("a\x0cb\r1%\r2%\n" + START + OWN + RAISED, "a\x0cb\r1%\r2%\n" + SHORT),
        (START + OTHERS, START + OTHERS),
    ],
    ids=[
        "no traceback",
        "between other lines",
        "a blank line behind it",
        "a chain that begins with a group",
        "two in a row",
        "none of the app's own frames",
        "behind the level of a log line",
        "a message of several lines",
        "other ends of lines",
        "not yet written to its end",
    ],
)
def test_a_log_is_shortened_to_own_frames(log: str, short: str) -> None:
    """Of a log, every traceback or chain is one with only the app's own frames; everything else stays as it is."""
    assert with_own_frames(log, APP) == short
