"""What a running app writes, passed on as it comes; one common mishap in it is explained."""

import contextlib
import os
import re
import sys
import threading
from collections.abc import Sequence

from .terminal import Terminal

# A column that the models have and the database lacks, in the words of SQLite and of PostgreSQL.
NO_COLUMN = re.compile(
    rb"no such column: (?P<select>[\w.]+)"
    rb"|has no column named (?P<insert>\w+)"
    rb'|column "?(?P<postgresql>[\w.]+)"?( of relation "\w+")? does not exist'
)
PAUSE = 0.3  # seconds: a traceback is written at one go, and its meaning comes behind it
LONGEST_LINE = 4096


class Output:
    """The way of one app's output to standard error. Close it when the app has ended."""

    def __init__(self, terminal: Terminal, again: Sequence[str]) -> None:
        """Write to this terminal; `again` is the command that serves the app once more."""
        self._terminal, self._again = terminal, again
        self._last = b""
        self._telling: threading.Timer | None = None
        self._told = threading.Lock()

    @property
    def colours(self) -> bool:
        """Whether the app's log may have colours, as it would on the terminal itself."""
        return not self._terminal.plain and sys.stderr.isatty()

    def take(self, data: bytes) -> None:
        """Pass on what the app has written."""
        with contextlib.suppress(OSError):  # no one reads it any more; the app must not wait for that
            sys.stderr.buffer.write(data)
            sys.stderr.buffer.flush()
        self.notice(data)

    def notice(self, data: bytes) -> None:
        """Look for the mishap in what the app wrote, or in why it does not start."""
        seen, self._last = self._last + data, (self._last + data).rpartition(b"\n")[2][-LONGEST_LINE:]
        if self._telling is None and (found := NO_COLUMN.search(seen)):
            column = next(part for part in found.groupdict().values() if part).decode()
            self._telling = threading.Timer(PAUSE, self._tell, (column,))
            self._telling.daemon = True
            self._telling.start()

    def close(self) -> None:
        """Report what hasn't been reported yet."""
        if self._telling:
            self._telling.cancel()
            self._telling.function(*self._telling.args)

    def _tell(self, column: str) -> None:
        if not self._told.acquire(blocking=False):
            return
        terminal = self._terminal
        terminal.line()
        terminal.line(
            f"The database has no column {column}: it is older than the models. A table that is there already is not "
            "changed when the app starts.",
            "bold yellow",
        )
        if os.environ.get("DATABASE_URL"):
            terminal.field("Next", ["DATABASE_URL names that database: name an empty one"], prose=True)
        else:
            terminal.field("Next", ["begin with an empty data folder; the old one is kept:"], prose=True)
            terminal.field("", [" ".join([*self._again, "--fresh"])])
        terminal.line()
