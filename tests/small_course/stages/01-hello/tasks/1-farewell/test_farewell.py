from workbook.plugin.client import Client


def test_says_goodbye(client: Client) -> None:
    """A visitor who leaves gets a goodbye by name."""
    reply = client.get("/bye/Ada")

    assert (reply.status_code, reply.json()) == (200, {"farewell": "Bye Ada"})
