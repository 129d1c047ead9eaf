from workbook.plugin.client import Client


def test_long_notes_are_refused(client: Client) -> None:
    """A note of more than 20 letters is refused with 422."""
    assert client.post("/notes/" + 21 * "x").status_code == 422
