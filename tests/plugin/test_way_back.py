"""Whatever comes back, a card is made of it: soon, within its bounds, and of nothing that acts on its reader."""

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from _pytest.assertion import util
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbook.grader.evidence import LARGEST, harmless
from workbook.grader.sanitize import bounded, visible
from workbook.plugin import cards
from workbook.plugin.cards import EXCHANGES, LONGEST_LINE, MOST_LINES, MOST_OF_SECTION, NOT_SHOWN, Card, _Cards
from workbook.plugin.responses import app_traceback

from .wire import Wire

SECONDS = 3.0  # of processor time, for a request, its card and the evidence; an honest one takes a hundredth
MINUTE = 60.0


def response(status: bytes = b"200 OK", kind: bytes = b"application/json", body: bytes = b"{}") -> bytes:
    head = b"HTTP/1.1 %s\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n" % (status, kind, len(body))
    return head + body


# What has got through once: it took minutes or gigabytes, or it ended the run.
FOUND: dict[str, tuple[bytes, str]] = {
    "a reason of times": (response(b"500 " + (b"datetime.datetime(" * 5_000)[:80_000]), ""),
    "a body of times": (response(kind=b"text/plain", body=b"datetime.datetime(" * 50_000), ""),
    "a log of capitals": (response(b"500 Oh"), "A" * 2**20),
    "a log of chains": (
        response(b"500 Oh"),
        'Traceback (most recent call last):\n  File "x", line 1, in y\nValueError: z\n\nDuring handling of the above '
        "exception, another exception occurred:\n\n" * 5_000,
    ),
    "a group of bars": (response(b"500 Oh"), "Traceback (most recent call last):\n" + " " * 10**6 + "|\n"),
    "a charset twice": (response(kind=b"text/plain; charset*=a; charset*0=b"), ""),
    "a charset of digits": (response(kind=b"text/plain; charset*" + b"9" * 5_000 + b"=a"), ""),
    "a type of semicolons": (response(kind=b"text/plain" + b";" * 60_000), ""),
    "lists of nothing": (response(body=b"[" + b"[]," * 1_000_000 + b"0]"), ""),
    "objects of nothing": (response(body=b"[" + b'{"":0},' * 280_000 + b"0]"), ""),
    "one long string": (response(body=json.dumps("a\n" * 900_000).encode()), ""),
    "marks upon marks": (response(body=json.dumps("a" + "\u0315\u0300" * 100_000, ensure_ascii=False).encode()), ""),
    "many differences": (response(body=json.dumps({f"{n}{'n' * 40}": n for n in range(30_000)}).encode()), ""),
    "lists in lists": (response(body=b"[" * 99 + b"0," * 40_000 + b"0" + b"]" * 99), ""),
    "wide and deep": (response(body=json.dumps([[[[[0] * 9] * 9] * 9] * 9] * 5).encode()), ""),
    "a number of digits": (response(body=b"9" * 900), ""),
    "half an emoji": (response(body=b'{"count": "\\ud83d"}'), ""),
    "headers of colours": (response()[:-2] + b"x: \x1b[31m\xff\r\n" * 1_000 + b"\r\n{}", ""),
    "no HTTP": (b"\x00" * 200_000, ""),
    "tokens": (response(kind=b"text/html", body=b"eyJ" + b"aB1-" * 250_000 + b"/files/" + b"a." * 100_000), ""),
    "a path of parts": (response(kind=b"text/plain", body=b"/workbook-x" + b"/a.b" * 100_000), ""),
    "bearers": (response(kind=b"text/plain", body=b"bearer " * 100_000), ""),
    "dashes": (response(kind=b"text/plain", body=b"a-" * 300_000), ""),
    "digits and dots": (response(kind=b"text/plain", body=b"1.1111" * 100_000), ""),
}
PIECES = [
    *(b"datetime.datetime(", b"A", b"AAAA: ", b"eyJ", b"a.b-", b"/files/", b"Bearer ", b"0x", b"9", b"1.00001", b" ms"),
    *(
        b"[",
        b"]",
        b"{",
        b'"',
        b'":',
        b",",
        b"\\ud83d",
        b"\\u0000",
        b"null",
        b"NaN",
        b"1e999",
        b"charset*0=",
        b"charset=",
    ),
    *(
        b"\xff",
        b"\xf0\x9f\x98\x80",
        "\u0315\u0300".encode(),
        "\u202e".encode(),
        b"\x1b[2J",
        b"\r\n",
        b"\n",
        b"\t",
        b" ",
    ),
    *(b'  File "', b'", line 1, in x\n', b"Traceback (most recent call last):\n", b"  | ", b"assert ", b"%s%n{}", b";"),
    *(b"During handling of the above exception\n\n", b"/tmp/workbook-run-x/tmp/", b"-abcdef", b"</script>", b"=1+1"),
]
repeated = st.builds(
    lambda piece, times: piece * times, st.sampled_from(PIECES), st.sampled_from([1, 1, 2, 7, 300, 20_000])
)
mixed = st.lists(st.one_of(repeated, st.binary(max_size=40)), max_size=12).map(b"".join)
inline = mixed.map(lambda text: text.replace(b"\r", b"").replace(b"\n", b"")[:90_000])
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=2000)),
    lambda inside: st.one_of(st.lists(inside, max_size=60), st.dictionaries(st.text(max_size=60), inside, max_size=60)),
    max_leaves=200,
)
bodies = st.one_of(mixed, values.map(lambda value: json.dumps(value).encode()))
kinds = st.one_of(
    st.sampled_from([b"application/json", b"text/plain", b"text/html; charset=utf-16", b"image/png"]), inline
)
statuses = st.one_of(st.just(b"200 OK"), st.builds(lambda n, text: b"%d %s" % (n, text), st.integers(100, 599), inline))
responses = st.one_of(st.builds(response, statuses, kinds, bodies), mixed)
logs = mixed.map(lambda text: text.decode("utf-8", "replace"))


@pytest.fixture
def wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    monkeypatch.setattr(cards, "app_traceback", lambda exchange: app_traceback(exchange, 0.0))
    with Wire(tmp_path) as opened:
        yield opened


def shown(wire: Wire, node: pytest.Item) -> Card:
    """The card of a test that asks for something and expects something else, as a run makes it."""
    making = _Cards()
    util._reprcompare, before = making._explain, util._reprcompare
    with wire.client() as client:
        node.stash[EXCHANGES] = client.exchanges
        try:
            came = client.get("/count", headers={"Authorization": "Bearer x"})
            with contextlib.suppress(httpx.DecodingError):
                assert "nothing like it" not in came.text
            assert (came.status_code, came.json()) == (200, {"count": ["nothing", "like", "it"]})
        except Exception:
            excinfo = pytest.ExceptionInfo[BaseException].from_current()
            return making._card_in_any_case(node, excinfo, when="call")
        finally:
            util._reprcompare = before
    raise AssertionError("it came as expected")


def stays_within_its_bounds(wire: Wire, node: pytest.Item) -> None:
    started = time.process_time()
    card = shown(wire, node)
    told = ["\n".join(lines) for _, lines in card.sections]
    evidence = bounded("\n".join(harmless(text, wire.app_directory) for text in told), LARGEST)
    took = time.process_time() - started

    assert took < SECONDS
    assert not any(NOT_SHOWN in text for text in told), told
    assert max(map(len, told)) <= MOST_OF_SECTION + LONGEST_LINE
    assert max(len(lines) for _, lines in card.sections) <= 2 * MOST_LINES + MOST_OF_SECTION // 60
    assert len(json.dumps(card.as_dict())) < 200_000
    assert evidence == visible(evidence)
    card.as_text()


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_stays_harmless(wire: Wire, request: pytest.FixtureRequest, name: str) -> None:
    """What once took minutes or gigabytes, or ended a run, is a card like any other."""
    wire.response, wire.log = FOUND[name]
    stays_within_its_bounds(wire, request.node)


def search(wire: Wire, node: pytest.Item, most: int) -> None:
    @settings(max_examples=most, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(responses, logs)
    def tried(came: bytes, log: str) -> None:
        wire.response, wire.log = came, log
        stays_within_its_bounds(wire, node)

    tried()


@pytest.mark.exhaustive(of="suite")
def test_some_responses_that_somebody_could_send(wire: Wire, request: pytest.FixtureRequest) -> None:
    """Of fifteen responses and logs made at random, each gets its card."""
    search(wire, request.node, 15)


@pytest.mark.exhaustive
def test_many_responses_that_somebody_could_send(wire: Wire, request: pytest.FixtureRequest) -> None:
    """For a minute, responses and logs made at random get their cards."""
    end = time.monotonic() + MINUTE
    while time.monotonic() < end:
        search(wire, request.node, 200)
