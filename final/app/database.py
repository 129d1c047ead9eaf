"""The engine, one session per request, and creating the tables.

A transaction begins and ends within one function: docs/final-why.md#transactions
"""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request
from sqlalchemy import (
    DateTime,
    Dialect,
    TypeDecorator,
    create_engine,
    make_url,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Session

from . import sqlite
from .config import settings

TABLES_LOCK = 20_250_303  # any number, the same in every worker


class Base(DeclarativeBase):
    pass


url = make_url(settings.database_url)
ON_SQLITE = url.get_backend_name() == "sqlite"
# What another kind of database needs: docs/final-why.md#pool
options: dict[str, Any] = {
    "pool_pre_ping": True,
    "connect_args": {"connect_timeout": 5, "tcp_user_timeout": 10_000},
}
engine = create_engine(
    sqlite.with_wait(url) if ON_SQLITE else url,
    pool_size=15,
    max_overflow=0,
    hide_parameters=True,  # what users wrote doesn't belong in the log
    **({} if ON_SQLITE else options),
)
reader = engine.execution_options(only_reads=True)
if ON_SQLITE:
    sqlite.tune(engine)


def create_tables() -> None:
    """Create missing tables; of several workers one does, and the others wait."""
    with engine.begin() as connection:
        if not ON_SQLITE:
            lock = text("SELECT pg_advisory_xact_lock(:key)")
            connection.execute(lock, {"key": TABLES_LOCK})
        Base.metadata.create_all(connection)


async def in_own_thread(work: Callable[[], None]) -> None:
    """Run it in a thread that no route waits for: docs/final-why.md#threads"""
    await to_thread.run_sync(work, limiter=CapacityLimiter(1))


async def get_session(request: Request) -> AsyncIterator[Session]:
    bind = reader if request.method == "GET" else engine
    session = Session(bind, expire_on_commit=False)
    try:
        yield session
    finally:
        if session.in_transaction():
            await in_own_thread(session.rollback)
        session.close()


# scope="function": closed before the reply, not after the tasks
SessionDep = Annotated[Session, Depends(get_session, scope="function")]


class UtcDateTime(TypeDecorator[datetime]):
    """A time in UTC. SQLite forgets the zone, so it's put back when a row is read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        return value and value.astimezone(UTC)

    def process_result_value(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
