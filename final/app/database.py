"""The engine, one session per request, and the tables' making.

A transaction begins and ends within one function. Between two of them, a dependency and its route say, a request waits
for a thread; if it held a lock or a connection meanwhile, those who have the threads would wait for it.
"""

import sqlite3
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request
from sqlalchemy import Connection, DateTime, Dialect, TypeDecorator, create_engine, event, make_url, text
from sqlalchemy.orm import DeclarativeBase, Session

from .config import settings

ON_SQLITE = settings.database_url.startswith("sqlite")
TABLES_LOCK = 20_250_303  # any number, the same in every worker
# So many seconds a writer waits for its turn: three times what was seen with 60 clients who all write. Not more: a file
# that somebody else keeps locked would soon have all threads wait. sqlite:///FILE?timeout=SECONDS overrides it.
SQLITE_WAIT = 15


class Base(DeclarativeBase):
    pass


url = make_url(settings.database_url)
if ON_SQLITE:
    url = url.set(query={"timeout": str(SQLITE_WAIT), **url.query})

engine = create_engine(
    url,
    pool_size=15,  # all of them kept: those that overflow a smaller pool would be opened and closed all the time
    max_overflow=0,
    hide_parameters=True,  # what users wrote does not belong into the log
    pool_pre_ping=not ON_SQLITE,  # a server may have been restarted since the connection was last used
    # A server that has fallen silent is given up after these times: seconds, and milliseconds.
    connect_args={} if ON_SQLITE else {"connect_timeout": 5, "tcp_user_timeout": 10_000},
)
reader = engine.execution_options(only_reads=True)

if ON_SQLITE:

    def use_wal(connection: sqlite3.Connection) -> None:
        """Let reads and a write go on at once. SQLite does not wait here for other workers that do the same."""
        deadline = time.monotonic() + SQLITE_WAIT
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # this module begins the transactions, not Python's driver
        use_wal(connection)
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")  # off by default, and then no foreign key does anything

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # Two that read and then both write would fail in the middle: who may write asks for the lock first.
        only_reads = connection.get_execution_options().get("only_reads", False)
        connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


def create_tables() -> None:
    """Make the tables that are missing. Several workers may start at once: one makes them, the others wait."""
    with engine.begin() as connection:
        if not ON_SQLITE:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": TABLES_LOCK})
        Base.metadata.create_all(connection)


async def get_db(request: Request) -> AsyncIterator[Session]:
    db = Session(reader if request.method == "GET" else engine, expire_on_commit=False)
    try:
        yield db
    finally:
        if db.in_transaction():  # ending it may wait for the database, in a thread that nobody else waits for
            await to_thread.run_sync(db.rollback, limiter=CapacityLimiter(1))
        db.close()


Db = Annotated[Session, Depends(get_db, scope="function")]  # closed before the reply, not after the tasks


class UtcDateTime(TypeDecorator[datetime]):
    """A time in UTC. SQLite forgets the zone, so it is put back when a row is read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))
