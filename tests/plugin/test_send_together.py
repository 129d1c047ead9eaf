"""Requests at the same moment: the app gets all but the last byte of each before it gets the whole of any."""

import time
from collections.abc import Iterator

import httpx
import pytest

from workbook.plugin.client import LONGEST_HOLD, Client, ask_at_once, send_together
from workbook.serving import ServedApp, choose_launcher

from ..apps import write

# Responses with how many requests it had begun to read when it had read the whole of this one.
COUNTS = """\
import asyncio

begun = 0


async def app(scope, receive, send):
    global begun
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    message = await receive()
    begun += 1
    if scope["path"] == "/crash":
        raise SystemExit
    if scope["path"] == "/wait":
        while begun < 50:  # none is answered before all have asked
            await asyncio.sleep(0.01)
    while message.get("more_body"):
        message = await receive()
    body = str(begun).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
"""


@pytest.fixture
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    launcher = choose_launcher()
    written = write(tmp_path_factory.mktemp("counts"), {"main.py": COUNTS})
    with ServedApp(launcher, written) as app, Client(app, []) as client:
        yield client
    launcher.close()


def test_all_are_begun_before_one_is_whole(client: Client) -> None:
    """Each of eight requests finds all eight begun, and the responses come in the requests' order."""
    requests = [client.build_request("POST", f"/{number}", content=bytes(2 + number * 20_000)) for number in range(8)]

    responses = send_together(client, requests)

    assert [response.text for response in responses] == ["8"] * 8
    assert [response.request.url.path for response in responses] == [f"/{number}" for number in range(8)]
    assert len(client.exchanges) == 8


def test_one_that_fails_does_not_hold_the_others(client: Client) -> None:
    """If one request can't be sent, its error is raised at once, and the others have been sent."""
    requests = [client.build_request("POST", url, content=b"body") for url in ("/", "http://127.0.0.1:1/", "/")]
    begun = time.monotonic()

    with pytest.raises(httpx.ConnectError, match="is not the app's address"):
        send_together(client, requests)

    assert time.monotonic() - begun < LONGEST_HOLD
    assert sum(exchange.response is not None for exchange in client.exchanges) == 2


def test_many_ask_at_once(client: Client) -> None:
    """Fifty requests are under way at the same time, and their statuses come back; a card can repeat one of them."""
    assert ask_at_once(client, "/wait", 50, {"X-Name": "Ada"}) == {200}

    (sent,) = client.exchanges
    assert (sent.request.method, sent.request.url.path, sent.request.headers["x-name"]) == ("GET", "/wait", "Ada")


def test_one_of_many_that_is_not_answered(client: Client) -> None:
    """A status is 0 if the app closes the connection without a response."""
    assert ask_at_once(client, "/crash", 3) <= {0, 500}
