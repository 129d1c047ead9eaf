"""What SQLite needs to be shared: its write-ahead log, foreign keys, and turns.

Why each line is here: docs/final-why.md#sqlite
"""

import sqlite3
import time
from typing import Any

from sqlalchemy import URL, Connection, Engine, event

WAIT = 15  # seconds that a writer waits for its turn


def with_wait(url: URL) -> URL:
    """Return the URL with the wait, unless it has its own: sqlite:///FILE?timeout=9"""
    return url.set(query={"timeout": str(WAIT), **url.query})


def tune(engine: Engine) -> None:
    """Prepare every connection of the engine, and begin its transactions."""
    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)


def prepare(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # begin() begins, not Python's driver
    use_wal(connection)
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")  # off by default: then none acts


def use_wal(connection: sqlite3.Connection) -> None:
    """Let reads and a write go on at once; wait for other workers that do the same."""
    deadline = time.monotonic() + WAIT
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as exc:
            is_busy = exc.sqlite_errorcode == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def begin(connection: Connection) -> None:
    """Ask for the lock first, unless this transaction only reads."""
    only_reads = connection.get_execution_options().get("only_reads", False)
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")
