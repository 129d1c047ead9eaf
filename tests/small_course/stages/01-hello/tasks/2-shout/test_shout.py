from workbook.plugin.client import Client


def test_shouts_when_asked(client: Client) -> None:
    """A loud greeting is in capitals."""
    assert client.get("/hello/Ada", params={"loud": "1"}).json() == {"greeting": "HELLO ADA"}
