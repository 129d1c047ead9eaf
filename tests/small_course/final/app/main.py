"""The app, and its routes."""

from fastapi import FastAPI

from . import books
from .config import SHELF

app = FastAPI(title=SHELF)


@app.get("/books")
def read_books() -> list[str]:
    return books.titles()


@app.post("/books/{title}", status_code=201)
def write_book(title: str) -> dict[str, str]:
    return {"title": books.add(title)}
