"""The entry point of the `workbook` command, and what becomes of errors. The commands themselves are in app.py."""

import os
import signal
import sys
from typing import Any, NoReturn

from workbook.errors import UserError
from workbook.open_files import allow_open_files


def main() -> NoReturn:
    """Run the command. Errors become a sentence and a next step; Ctrl-C ends quietly with 130."""
    try:
        _prepare()
        from .app import app  # late, so that a Ctrl-C while it is imported is quiet too

        app(prog_name="workbook")
    except UserError as error:
        _report(error)
        sys.exit(error.code)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if os.environ.get("WORKBOOK_TRACEBACK"):
            raise
        _report(_unforeseen(error))
        sys.exit(1)
    sys.exit(0)


def _report(error: UserError) -> None:
    from .terminal import report_error  # late: what ends well needs no colours for this

    report_error(error)


def _prepare() -> None:
    """Prepare for any terminal and any end. Raise `UserError` where nothing can be imported."""
    try:
        os.getcwd()  # noqa: PTH109, pathlib would be imported for this alone
    except FileNotFoundError:
        raise UserError("The folder you're in doesn't exist any more.", "cd to the folder of the course") from None
    allow_open_files()
    # A closed standard stream would give its number to the next file that is opened, the journal perhaps.
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)
    for stream in (sys.stdin, sys.stdout, sys.stderr):  # bytes that aren't text don't end anything
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    # Ended from outside, or its terminal closed: leave by the same way as always, which tidies up.
    for ending in signal.Signals:
        if ending.name in {"SIGTERM", "SIGHUP"} and signal.getsignal(ending) == signal.SIG_DFL:  # `nohup` ignores one
            signal.signal(ending, _leave)
    # `--plain` is for every command and can be anywhere.
    if "--plain" in sys.argv:
        sys.argv = [sys.argv[0], "--plain", *(word for word in sys.argv[1:] if word != "--plain")]


def _leave(number: int, _: Any) -> NoReturn:
    sys.exit(128 + number)


def _unforeseen(error: Exception) -> UserError:
    if isinstance(error, OSError):
        return UserError(f"This machine refused something: {error}.", "workbook doctor")
    kind = type(error).__name__
    return UserError(
        f"This is a bug in the workbook, not in your code: {kind}: {error}",
        "report it with what WORKBOOK_TRACEBACK=1 before the same command shows",
    )
