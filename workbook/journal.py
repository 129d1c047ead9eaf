"""The journal: one SQLite file to which things are appended the moment they are known.

SQLite's own rollback makes a write all or nothing, so a process killed in the middle of one loses at most that entry.
"""

import contextlib
import json
import shlex
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .errors import UserError

VERSION = 1
_ACCESS = "give yourself access to that file and its folder"
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
    """The journal in `path`, made when the first entry is written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def record(self, kind: str, step: str, **data: Any) -> None:
        """Append an entry. Raises `UserError` if the file cannot be written."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._open() as db, db:
                db.execute(
                    "INSERT INTO entry (at, kind, step, data) VALUES (?, ?, ?, ?)",
                    (datetime.now(UTC).isoformat(), kind, step, json.dumps(data)),
                )
        except (OSError, sqlite3.OperationalError) as error:
            raise UserError(f"{self.path} cannot be written: {error}.", _ACCESS, code=1) from error

    def entries(self) -> list[Entry]:
        """Everything so far, oldest first. Raises `UserError`."""
        if not self.path.exists():
            return []
        try:
            with self._open() as db:
                rows = db.execute("SELECT at, kind, step, data FROM entry ORDER BY id").fetchall()
            return [
                Entry(datetime.fromisoformat(at), kind, step, dict(json.loads(data))) for at, kind, step, data in rows
            ]
        except sqlite3.OperationalError as error:
            raise UserError(f"{self.path} cannot be read: {error}.", _ACCESS, code=1) from error
        except (TypeError, ValueError) as error:
            raise self._damaged(error) from error

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self.path, timeout=10)
        try:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise UserError(
                    f"{self.path} is of a newer edition of the workbook (format {version}; this one reads {VERSION}).",
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
            f"{self.path} is damaged: {error}. Your code is safe; only what you have ticked off is in that file.",
            f"rename it, and begin a new one: mv {shlex.quote(str(self.path))} {shlex.quote(f'{self.path}.damaged')}",
            code=1,
        )
