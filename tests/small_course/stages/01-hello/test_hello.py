import pytest

from workbook.plugin.client import Client


def test_greets_by_name(client: Client) -> None:
    """A visitor is greeted by name."""
    assert client.get("/hello/Ada").json() == {"greeting": "Hello Ada"}


def test_nobody_is_not_greeted(client: Client) -> None:
    """Without a name, the response is a 404."""
    assert client.get("/hello/nobody").status_code == 404


@pytest.mark.deeper
def test_health(client: Client) -> None:
    """The load balancer sees that the app is alive."""
    assert client.get("/health").json() == {"status": "ok"}
