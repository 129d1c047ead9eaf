"""How a served app communicates: only on this machine, without delay, with uvicorn's own behaviour."""

import socket
from collections.abc import Callable

import httpx

from workbook.serving import ServedApp

from ..apps import HELLO, PLAIN

Serve = Callable[..., ServedApp]

# Prints TCP_NODELAY of the connections that the app holds, found among its file descriptors.
NO_DELAY = """\
import os
import socket


def answer(path):
    return [on for number in range(3, 100) if (on := no_delay(number)) is not None]


def no_delay(number):
    try:
        with socket.socket(fileno=os.dup(number)) as sock:
            if sock.family == socket.AF_INET and sock.getpeername():
                return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
    except OSError:
        return None
"""


def test_responses_do_not_wait_for_acknowledgements(serve: Serve) -> None:
    """Connections have TCP_NODELAY, so a response in two parts over keep-alive doesn't take 40 ms."""
    app = serve({"main.py": NO_DELAY + PLAIN})

    assert httpx.get(app.url, trust_env=False, timeout=60).text == "[True]"


def test_the_app_listens_on_this_machine_alone(serve: Serve) -> None:
    """An app has a separate address on 127.0.0.1, and accepts connections there as soon as it's served."""
    app = serve({"main.py": HELLO})

    url = httpx.URL(app.url)
    assert url.host == "127.0.0.1"
    with socket.create_connection((url.host, url.port or 0), timeout=60):
        pass


def test_the_port_can_be_given(serve: Serve) -> None:
    """An app can use a port that its owner names, and again at once, even if a client was still connected."""
    first = serve({"main.py": HELLO})
    with httpx.Client(trust_env=False, timeout=60) as client:
        client.get(first.url)
        first.stop()

        again = serve({"main.py": HELLO}, port=httpx.URL(first.url).port)

        assert again.url == first.url
        assert client.get(f"{again.url}/ada").text == "hello /ada"
