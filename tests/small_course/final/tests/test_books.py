import secrets

import pytest

from workbook.plugin.client import Client


def test_keeps_books(client: Client) -> None:
    """A book that was put on the shelf is there."""
    title = secrets.token_hex(4)
    client.post(f"/books/{title}")

    assert title in client.get("/books").json()


@pytest.mark.deeper
def test_says_which_book(client: Client) -> None:
    """The response names the book."""
    assert client.post("/books/Emma").json() == {"title": "Emma"}
