"""Books: what is asked of the database."""

from .config import SHELF
from .database import connect


def titles() -> list[str]:
    with connect() as db:
        found = db.execute("SELECT title FROM book WHERE shelf = ?", (SHELF,))
        return [title for (title,) in found]


def add(title: str) -> str:
    with connect() as db:
        db.execute("INSERT INTO book (title, shelf) VALUES (?, ?)", (title, SHELF))
    return title
