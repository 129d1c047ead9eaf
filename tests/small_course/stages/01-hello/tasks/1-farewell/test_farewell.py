from workbook.plugin.client import Client


def test_says_goodbye(client: Client) -> None:
    """A visitor who leaves gets a goodbye by name."""
    response = client.get("/bye/Ada")

    assert (response.status_code, response.json()) == (200, {"farewell": "Bye Ada"})
