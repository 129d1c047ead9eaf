from workbook.plugin.client import Client


def test_keeps_notes(client: Client) -> None:
    """A note that was written can be read."""
    client.post("/notes/milk")

    assert client.get("/notes").json() == ["milk"]
