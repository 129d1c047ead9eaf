"""Requests with secrets in them, and the lines that a log has of them: one for each, and nothing else in the file."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import httpx

from workbook.plugin.seen import WaitingTime

from .walk import Walk

FORM = re.compile(r"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\] ([A-Z]{1,20}) (.{1,9000}) (\d{3}) (\d{1,20})ms")
# A line that a person would still understand: it breaks the promise of the form, and the others look at its parts.
LIKE_IT = re.compile(
    r"\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)\S{0,20} {1,5}"
    r"([A-Z]{1,20}) (.{1,9000}) (\d{3}) (\d{1,20})(?:\.\d{1,9})? ?ms"
)
SLOW_ONE = "a slow request"  # one whose body takes longer than a second
LEAST = 700  # milliseconds of it that the line has to have, on a machine that's busy
SLACK = 1500  # milliseconds that it may have more than the request took
PATIENCE, IMPATIENCE = 3.0, 0.2  # seconds, for a line
WhenRead = Callable[..., list[str]]


@dataclass
class SentRequest:
    """A request: what it is in words, what its line has to say, and how long it took. A status of 0 may be any."""

    what: str
    method: str
    path: str
    status: int
    promise: str
    began: datetime
    seconds: float
    number: int

    def lines_in(self, found: Iterable[re.Match[str]]) -> list[re.Match[str]]:
        """Return the lines with its method and its path."""
        return [one for one in found if one[2] == self.method and self.is_written(one[3])]

    def is_written(self, path: str) -> bool:
        """Return whether that's its path: as it was sent, decoded, or escaped in one way or another."""
        plain = unquote(self.path)
        path = path if path in {self.path, plain} else path.partition("?")[0]  # a query is another promise's
        if path in {self.path, plain} or unquote(path) == plain:
            return True
        with suppress(UnicodeDecodeError):
            return path.encode("latin-1", "backslashreplace").decode("unicode_escape") == plain
        return False


def parsed(lines: Iterable[str]) -> list[re.Match[str]]:
    """Return the lines that are about a request."""
    return list(filter(None, (FORM.fullmatch(line) or LIKE_IT.fullmatch(line) for line in lines)))


@dataclass(frozen=True)
class LinePromises:
    """The tests that the parts of a line belong to."""

    line: str
    clock: str
    milliseconds: str
    secret: str
    one_line: str
    tasks: str


class Requests:
    """Requests that were sent with a secret each, and the lines that they left.

    `read` returns the lines of the log, and `ahead` is how far the app's clock is ahead of this one's. If a line
    was waited for `in_vain` elsewhere, an app that has left none isn't waited for as long.
    """

    def __init__(
        self,
        walk: Walk,
        promises: LinePromises,
        read: WhenRead,
        ahead: timedelta = timedelta(0),
        *,
        in_vain: bool = False,
    ) -> None:
        self.walk, self.promises, self.read_log, self.ahead = walk, promises, read, ahead
        self.sent: list[SentRequest] = []
        self.secrets: dict[str, str] = {}
        self.others = 0  # lines of requests that aren't in `sent`
        self.waiting = WaitingTime(PATIENCE, less=PATIENCE, every=0.02, in_vain=in_vain)

    def send(
        self, what: str, method: str, path: str, status: int, promise: str = "", **options: Any
    ) -> httpx.Response | None:
        """Send a request with a secret in its query, and one in its headers; note what its line has to say."""
        walk, promise = self.walk, promise or self.promises.line
        secret, cookie = walk.unique("query"), walk.unique("cookie")
        self.secrets |= {secret: f"the query of {what}", cookie: f"a header of {what}"}
        headers = {
            "Cookie": f"session={cookie}",
            "Referer": f"http://a/?{cookie}",
            "User-Agent": cookie,
            **options.pop("headers", {}),
        }
        request = walk.client.build_request(method, walk.app.url, headers=headers, **options)
        request.url = httpx.URL(walk.app.url).copy_with(raw_path=f"{path}?token={secret}&next=/?{secret}".encode())
        path = request.url.raw_path.decode().partition("?")[0]
        self.let_lines_come(method, path)
        began, clock = datetime.now(UTC).replace(tzinfo=None), time.monotonic()
        response = None
        with suppress(httpx.RemoteProtocolError, httpx.ReadError):
            response = walk.client.send(request)
        if response is not None and status and response.status_code != status:
            walk.blame(
                promise,
                f"{what[:1].upper()}{what[1:]} isn't answered as before.",
                response.status_code,
                status,
                root="answer",
            )
            status = response.status_code
        self.note(what, method, path, status, promise, began, time.monotonic() - clock)
        return response

    def note(
        self, what: str, method: str, path: str, status: int, promise: str, began: datetime, seconds: float
    ) -> None:
        """Note a request that was sent."""
        self.sent.append(
            SentRequest(what, method, path, status, promise, began, seconds, len(self.walk.client.exchanges))
        )

    def let_lines_come(self, method: str, path: str) -> None:
        """Wait for the lines of earlier requests like the next one: a line may come late, and they're told by order."""
        earlier = [one for one in self.sent if (one.method, one.path) == (method, path)]
        if earlier and not self.waiting.in_vain:
            self.wait_until(lambda: len(earlier[0].lines_in(parsed(self.read_log(self.walk.app)))) >= len(earlier))

    def wait_until(self, is_there: Callable[[], bool], *, briefly: bool = False) -> None:
        """Wait for a line. An app that has left none at all isn't waited for as long a second time."""
        any_came = lambda: self.read_log(self.walk.app)  # noqa: E731
        self.waiting.wait(is_there, any_came=any_came, at_most=IMPATIENCE if briefly else PATIENCE)

    def compare(self) -> None:
        """Compare the lines in the file with the requests, as soon as there's one for each."""
        self.wait_until(lambda: len(self.read_log(self.walk.app)) >= len(self.sent) + self.others)
        time.sleep(0.1)  # for a line too many
        lines = self.read_log(self.walk.app)
        self.compare_secrets(lines)
        found = parsed(lines)
        expected = Counter((sent.method, sent.path) for sent in self.sent)
        asked: Counter[tuple[str, str]] = Counter()
        claimed = 0
        for sent in self.sent:
            theirs = sent.lines_in(found)
            count = expected[sent.method, sent.path]
            if not self.has_its_lines(sent, theirs, count, lines):
                continue
            one = theirs[asked[sent.method, sent.path]]
            asked[sent.method, sent.path] += 1
            claimed += 1
            self.compare_line(sent, one)
        if not self.walk.noted:
            said = "The file has lines that no request left, or lines in another form."
            self.walk.expect(len(lines), claimed + self.others, self.promises.line, said)

    def has_its_lines(self, sent: SentRequest, theirs: list[re.Match[str]], count: int, lines: list[str]) -> bool:
        """Look whether a request has as many lines as it was sent times."""
        if len(theirs) == count:
            self.walk.held[sent.promise] += 1
            return True
        name = sent.path.rpartition("/")[2]
        like = [line for line in lines if name and name in line and "marker" not in line][:3]
        root = ("lines", sent.promise)
        if not theirs and like and sent.promise != self.promises.one_line:
            self.blame_form(sent, sent.promise, like[0])
        else:
            said = f"{sent.what[:1].upper()}{sent.what[1:]} has left {len(theirs)} lines, and should have left {count}."
            if not theirs:
                said = f"{sent.what[:1].upper()}{sent.what[1:]} has left no line."
            self.blame(sent, sent.promise, said, [one[0] for one in theirs] or None, None, root=root)
        return False

    def compare_line(self, sent: SentRequest, line: re.Match[str]) -> None:
        """Compare a line with its request."""
        walk = self.walk
        if not FORM.fullmatch(line[0]):
            self.blame_form(sent, self.promises.line, line[0])
        if sent.status and int(line[4]) != sent.status:
            said = f"The line of {sent.what} has another status than its response."
            self.blame(sent, sent.promise, said, int(line[4]), sent.status, root=("status", sent.promise))
        told = self.time_of(line)
        # An app may take the time from where a clock that's ahead doesn't reach.
        is_now = told is not None and any(
            began - timedelta(seconds=2) <= told <= began + timedelta(seconds=sent.seconds + 10)
            for began in (sent.began, sent.began + self.ahead)
        )
        if not is_now:
            said = "The time of a line isn't the time of its request, in UTC."
            self.blame(
                sent, self.promises.clock, said, line[1], f"{sent.began + self.ahead:%Y-%m-%d %H:%M:%S}", root="time"
            )
        else:
            walk.held[self.promises.clock] += 1
        milliseconds, most = int(line[5]), round(sent.seconds * 1000) + SLACK
        if milliseconds > most:
            said = f"The line of {sent.what} says more milliseconds than the request has taken."
            promise = sent.promise if sent.promise == self.promises.tasks else self.promises.milliseconds
            self.blame(sent, promise, said, milliseconds, f"{most} or less", root=("too long", promise))
        if sent.what == SLOW_ONE:
            said = "A request whose body took longer than a second has a line that says less: count from its arrival."
            if milliseconds < LEAST:
                self.blame(sent, self.promises.milliseconds, said, milliseconds, f"{LEAST} or more", root="too short")
            walk.held[self.promises.milliseconds] += 1

    def time_of(self, line: re.Match[str]) -> datetime | None:
        with suppress(ValueError):
            return datetime.fromisoformat(line[1])
        return None

    def compare_secrets(self, lines: list[str]) -> None:
        """Look for secrets in the file."""
        log = "\n".join(lines)
        for secret, where in self.secrets.items():
            if secret in log:
                line = next((line for line in lines if secret in line), "")
                self.walk.blame(
                    self.promises.secret, f"The log has a secret in it, from {where}.", line, None, root="secret"
                )
        self.walk.held[self.promises.secret] += bool(lines)

    def blame_form(self, sent: SentRequest, promise: str, line: str) -> None:
        """Note that a line isn't in the form that the README gives."""
        said = f"The line of {sent.what} isn't in the form [YYYY-MM-DD HH:MM:SS] METHOD path status Nms."
        wanted = f"[YYYY-MM-DD HH:MM:SS] {sent.method} {sent.path} {sent.status or 'NNN'} Nms"
        self.blame(sent, promise, said, line, wanted, root="form")

    def blame(self, sent: SentRequest, promise: str, said: str, got: Any, expected: Any, *, root: Any) -> None:
        """Note a difference beside the request that it's about."""
        self.walk.blame(promise, said, got, expected, root=root)
        noted = [one for of_one in self.walk.noted.values() for one in of_one][-1]
        noted.exchanges[:] = self.walk.client.exchanges[max(0, sent.number - 1) : sent.number]
