from collections.abc import Callable

from workbook.plugin.client import Client


def test_counts_books(client: Client, unique: Callable[[str], str]) -> None:
    """GET /count says how many books there are, each copy of one too."""
    twice = unique("Emma")
    for title in (twice, twice, unique("Persuasion")):
        client.post(f"/books/{title}")

    response = client.get("/count")

    assert (response.status_code, response.json()) == (200, {"count": len(client.get("/books").json())})
