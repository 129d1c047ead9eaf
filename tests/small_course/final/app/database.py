"""The database: one file in the working directory."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

FILE = "shelf.db"


@contextmanager
def connect() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(FILE)) as db, db:
        db.execute("CREATE TABLE IF NOT EXISTS book (title TEXT, shelf TEXT)")
        yield db
