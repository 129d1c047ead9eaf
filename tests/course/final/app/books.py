"""Books: what is asked of the database."""

from .config import SHELF
from .database import connect


def titles() -> list[str]:
    with connect() as db:
        return [title for (title,) in db.execute("SELECT title FROM book WHERE shelf = ?", (SHELF,))]


def add(title: str) -> str:
    with connect() as db:
        db.execute("INSERT INTO book (title, shelf) VALUES (?, ?)", (title, SHELF))
    return title
