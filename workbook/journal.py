"""The journal: one SQLite file to which things are appended the moment they are known.

SQLite's own rollback makes a write all or nothing, so a process killed in the middle of one loses at most that entry.
"""

import contextlib
import errno
import json
import shlex
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .errors import UserError

VERSION = 1
PAGE = 200  # entries that are read at once
OF_A_LEARNER = "Your code is safe; only what you've ticked off is in that file."
_ACCESS = "give yourself access to that file and its folder"
_SPACE = "free some space, then the same command again; what is in the file already stays"
_LOCKED = "end the process that holds it, then the same command again"
TABLE = """
CREATE TABLE IF NOT EXISTS entry (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, step TEXT NOT NULL, data TEXT NOT NULL
)
"""


@dataclass(frozen=True)
class Entry:
    """Something that happened: when (UTC), what, to which step, and what else there is to know."""

    at: datetime
    kind: str
    step: str
    data: dict[str, Any]


class Journal:
    """The journal in `path`, made when the first entry is written. `lost` says what is lost if it is damaged."""

    def __init__(self, path: Path, *, lost: str = OF_A_LEARNER) -> None:
        self.path = path
        self._lost = lost

    def record(self, kind: str, step: str, **data: Any) -> None:
        """Append an entry of now. Raises `UserError` if the file cannot be written."""
        self.record_at(datetime.now(UTC), kind, step, data)

    def record_at(self, at: datetime, kind: str, step: str, data: dict[str, Any]) -> None:
        """Append an entry of that time. Raises `UserError` if the file cannot be written."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._open() as db, db:
                db.execute(
                    "INSERT INTO entry (at, kind, step, data) VALUES (?, ?, ?, ?)",
                    (at.isoformat(), kind, step, json.dumps(data)),
                )
        except (OSError, sqlite3.OperationalError) as error:
            raise UserError(f"{self.path} can't be written: {error}.", _cure(error), code=1) from error

    def entries(self) -> list[Entry]:
        """Return all entries so far, oldest first. Raises `UserError`."""
        return list(self.stream())

    def stream(self, *kinds: str) -> Iterator[Entry]:
        """Yield the entries of these kinds, or all, oldest first, with one page of them in memory. Raises `UserError`.

        Nothing is locked between two pages, so entries that are written meanwhile come too.
        """
        for (_, at, kind, step), data in self._rows("data", kinds):
            try:
                yield Entry(datetime.fromisoformat(at), kind, step, dict(json.loads(data)))
            except (TypeError, ValueError) as error:
                raise self._damaged(error) from error

    def fields(self, kinds: Sequence[str], names: Sequence[str]) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Yield the kind and these fields, two or more, of each entry of these kinds, without the rest of its data."""
        places = ", ".join(f"'$.{name}'" for name in names)
        for (_, _, kind, _), data in self._rows(f"json_extract(data, {places})", kinds):
            yield kind, tuple(json.loads(data))

    def _rows(self, what: str, kinds: Sequence[str]) -> Iterator[tuple[tuple[int, str, str, str], str]]:
        wanted = f"kind IN ({', '.join('?' * len(kinds))}) AND" if kinds else ""
        select = f"SELECT id, at, kind, step, {what} FROM entry WHERE {wanted} id > ? ORDER BY id LIMIT {PAGE}"
        last = 0
        while self.path.exists():
            try:
                with self._open() as db:
                    rows = db.execute(select, (*kinds, last)).fetchall()
            except sqlite3.OperationalError as error:
                raise UserError(f"{self.path} can't be read: {error}.", _cure(error), code=1) from error
            except (TypeError, ValueError) as error:
                raise self._damaged(error) from error
            for *head, data in rows:
                yield tuple(head), data
            if len(rows) < PAGE:
                return
            last = rows[-1][0]

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self.path, timeout=10)
        try:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise UserError(
                    f"{self.path} was written by a newer version of the workbook "
                    f"(format {version}; this one reads {VERSION}).",
                    "update the course: git pull",
                )
            if version == 0:
                with db:
                    db.execute("BEGIN IMMEDIATE")
                    db.execute(TABLE)
                    db.execute(f"PRAGMA user_version = {VERSION}")
            yield db
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
                raise  # the machine's fault, not the file's: no access, no space, locked
            raise self._damaged(error) from error
        finally:
            db.close()

    def _damaged(self, error: Exception) -> UserError:
        return UserError(
            f"{self.path} is damaged: {error}. {self._lost}",
            f"rename it, and begin a new one: mv {shlex.quote(str(self.path))} {shlex.quote(f'{self.path}.damaged')}",
            code=1,
        )


def _cure(error: Exception) -> str:
    code = getattr(error, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_FULL or getattr(error, "errno", None) == errno.ENOSPC:
        return _SPACE
    return _LOCKED if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED} else _ACCESS
