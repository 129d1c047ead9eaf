"""What a run keeps of what came back: a set sum, and of each exchange what a card shows."""

from pathlib import Path

import httpx
import pytest

from workbook.plugin import bounds
from workbook.plugin.bounds import SHOWN, Account
from workbook.plugin.client import FIRST, LAST, MOST_COOKIES
from workbook.plugin.transport import BoundedResponse

from .wire import Wire

MIB = 2**20


def answer(body: bytes, *headers: bytes) -> bytes:
    lines = b"".join(line + b"\r\n" for line in headers)
    return b"HTTP/1.1 200 OK\r\n%scontent-length: %d\r\n\r\n%s" % (lines, len(body), body)


@pytest.fixture
def wire(tmp_path: Path) -> Wire:
    return Wire(tmp_path)


def test_a_run_holds_a_set_sum(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """Responses that a test still holds have a bound together; what it has let go of makes room, cycles or not."""
    monkeypatch.setattr(bounds, "ALIVE", Account(8 * MIB))
    wire.response = answer(bytes(3 * MIB))
    with wire, wire.client() as client:
        held = [client.get("/"), client.get("/")]
        with pytest.raises(httpx.RemoteProtocolError, match="MiB together"):
            client.get("/")
        held.clear()
        for _ in range(5):
            assert len(client.get("/").content) == 3 * MIB


def test_of_an_exchange_a_card_is_kept(wire: Wire) -> None:
    """Of each exchange the beginning of its body is kept, and of many exchanges those that a card repeats."""
    wire.response = answer(bytes(MIB), *(b"x-%d: %s" % (n, b"y" * 900) for n in range(80)))
    with wire, wire.client() as client:
        for _ in range(FIRST + LAST + 5):
            client.post("/", content=bytes(2 * MIB))

    kept = [exchange for exchange in client.exchanges if exchange.response and exchange.response.body.beginning]
    assert len(kept) <= FIRST + LAST
    assert {len(one.response.body.beginning) for one in kept if one.response} == {SHOWN}
    assert {one.response.body.size for one in kept if one.response} == {MIB}
    assert sum(len(name) + len(value) for one in kept if one.response for name, value in one.response.headers) < 300_000
    assert sum(len(one.request.content) for one in client.exchanges) <= (FIRST + LAST) * 2 * MIB
    assert {one.response.status_code for one in client.exchanges if one.response} == {200}


def test_cookies_do_not_pile_up(wire: Wire) -> None:
    """However many cookies come, what the client sends back stays small."""
    with wire, wire.client() as client:
        for number in range(20):
            wire.response = answer(b"{}", *(b"set-cookie: c%d-%d=x" % (number, n) for n in range(40)))
            client.get("/")

        assert len(client.cookies.jar) <= MOST_COOKIES


@pytest.mark.parametrize(
    "body, said",
    [
        (b"0" + b" " * 3 * MIB, "longer than 2 MiB"),
        (b"[" + b"[]," * 60_000 + b"0]", "more than 100,000 values"),
        (b"[" + b"0," * 100_001 + b"0]", "more than 100,000 values"),
    ],
)
def test_json_is_bounded_before_it_is_read(body: bytes, said: str) -> None:
    """JSON that's long, or that holds more values than a test needs, isn't read."""
    with pytest.raises(ValueError, match=said):
        BoundedResponse(200, content=body).json()


def test_text_is_bounded() -> None:
    """A text that's longer than any that a test reads isn't decoded."""
    with pytest.raises(httpx.DecodingError, match="longer than 4 MiB"):
        _ = BoundedResponse(200, content=bytes(5 * MIB)).text


@pytest.mark.parametrize("kind", ["text/plain; charset*=a; charset*0=b", "text/plain; charset*99999=a", ";" * 60_000])
def test_a_content_type_that_none_can_read_is_none(kind: str) -> None:
    """A content type that Python's parser stumbles over names no charset."""
    assert BoundedResponse(200, content="Grüße".encode(), headers={"Content-Type": kind}).text == "Grüße"
