# hidden-from-learners-3b9f51c2
import random
import string

from workbook.plugin.client import Client


def test_counts_by_letter(client: Client, rng: random.Random) -> None:
    """With a letter GET /count says how many titles begin with it, and not how many hold it."""
    letter, other, third = rng.sample(string.ascii_uppercase, 3)
    titles = [f"{letter}{other}", f"{letter}{third}", f"{other}{letter}", letter, letter.lower(), third]
    for title in rng.sample(titles, len(titles)):
        client.post(f"/books/{title}")
    books = client.get("/books").json()

    for asked in (letter, other, third):
        wanted = sum(title.startswith(asked) for title in books)
        assert client.get("/count", params={"letter": asked}).json() == {"count": wanted}
