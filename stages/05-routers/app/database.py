"""The engine, and one session per request."""

import sqlite3
from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy import create_engine, event
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

engine = create_engine("sqlite:///blog.db", connect_args={"timeout": 15})


@event.listens_for(engine, "connect")
def prepare_connection(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")  # off by default: then none acts


def get_session() -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as session:
        yield session


# scope="function": closed before the response, not after it
SessionDep = Annotated[Session, Depends(get_session, scope="function")]
