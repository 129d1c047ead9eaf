"""Failure cards: what a broken promise looks like to the person whose app broke it."""

import gc
import inspect
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from _pytest._io.saferepr import saferepr
from _pytest.assertion import util

from workbook.course.step_files import KEPT_IN, is_there
from workbook.serving import AppFailed

from .client import Exchange, noted_exchanges
from .comparison import WIDTH, Comparison, Different, Section, condition, cut, wrong_assertion
from .curl import curl_lines, made_files
from .repeating import repeat_lines, requests_that_matter
from .responses import app_traceback, response_lines, status_lines
from .submissions import SUBMISSION, open_todos

if TYPE_CHECKING:
    from _pytest._code.code import TracebackEntry

EXCHANGES = pytest.StashKey[list[Exchange]]()
CARD = pytest.StashKey["Card"]()
PREPARED = pytest.StashKey[dict[int, list[Exchange]]]()  # by fixture: what it sent when it was made
FIXTURES_OF_THE_COURSE = {"served", "client", "fresh_app", "restarted", "launcher"}
LABEL_WIDTH = 10
LONGEST_LINE, MOST_OF_SECTION, MOST_LINES = 2000, 8000, 80  # of what came back; nothing that's honest gets there
NOT_SHOWN = "What came back can't be shown"


class AppDoesNotStart(Exception):
    """Raised by fixtures instead of `AppFailed`, so that pytest shows its text and no frames of ours."""

    def __init__(self, failure: AppFailed, directory: Path, env: dict[str, str]) -> None:
        super().__init__(failure.text)
        self.kind, self.directory, self.env = failure.kind, directory, env


@dataclass
class Card:
    """One broken promise. `sections` are labels with their lines; `cause` groups cards that have one cause.

    `asked` is the last request and its response in a line, for where there's no room for more.
    """

    test: str
    promise: str
    place: str
    sections: list[Section] = field(default_factory=list)
    cause: str | None = None
    asked: str = ""

    def add(self, label: str, lines: list[str]) -> None:
        """Add a section, cut to what can be shown, unless it has nothing to say."""
        if lines:
            self.sections.append((label, _bounded(lines)))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def as_text(self, *, waits: bool = False) -> str:
        """Return plain text, at most 80 columns wide except for code; `waits` if an earlier card showed its cause."""
        lines = wrap(f"{'WAITS ' if waits else 'BROKEN'}  {self.promise}", 80, subsequent_indent=" " * 8)
        if waits:
            return "\n".join([*lines, "        for the cause above"])
        lines.append(f"        {self.place}")
        for label, content in self.sections:
            first, *rest = content
            lines.append(f"{label:>{LABEL_WIDTH}}  {first}".rstrip())
            lines += [f"{'':{LABEL_WIDTH}}  {line}".rstrip() for line in rest]
        return "\n".join(lines)


def exchanges_of(node: pytest.Item) -> list[Exchange]:
    """Return the exchanges that the test has had with apps so far; clients append to the list."""
    return node.stash.setdefault(EXCHANGES, [])


def promise_of(item: pytest.Item) -> str:
    """Return the sentence that the test proves: its docstring's first paragraph, or its name if there's none."""
    text = inspect.getdoc(item.obj) if isinstance(item, pytest.Function) else None
    return " ".join((text or item.name).split("\n\n")[0].split())


def is_of_the_course(item: pytest.Item) -> bool:
    return bool(FIXTURES_OF_THE_COURSE & set(getattr(item, "fixturenames", ())))


def register_cards(config: pytest.Config) -> None:
    if not config.getoption("--tracebacks"):
        config.pluginmanager.register(_Cards(), "workbook-cards")


class _Cards:
    def __init__(self) -> None:
        self._comparison: Comparison | None = None
        self._causes: set[str] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        self._comparison = None

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        if fixturedef.scope == "function":
            return (yield)
        with noted_exchanges() as sent:
            try:
                return (yield)
            finally:
                if sent:
                    request.config.stash.setdefault(PREPARED, {})[id(fixturedef)] = sent

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        try:
            report = yield
        except Exception as error:  # pytest itself stumbles over what came back: that breaks the promise too
            if not is_of_the_course(item):
                raise
            report = _failed(item, call, error)
        if report.failed and call.excinfo and is_of_the_course(item):
            if isinstance(call.excinfo.value, pytest.FixtureLookupError):  # an author's mistake: pytest shows it best
                return report
            card = item.stash[CARD] = self._card_in_any_case(item, call.excinfo, when=call.when)
            report.longrepr = card.as_text(waits=card.cause in self._causes)
            self._causes |= {card.cause} if card.cause else set()
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Let no comparison be explained by pytest, which takes hours for two long texts, and forget what was sent."""
        if is_of_the_course(item):
            util._reprcompare = self._explain  # pytest has put its own there, and takes it away at the end
        try:
            return (yield)
        finally:
            item.stash.get(EXCHANGES, []).clear()
            if CARD in item.stash:  # its frames and what they hold are one large circle, and a run collects none
                gc.collect()

    def _explain(self, op: str, left: object, right: object) -> str:
        self._comparison = Comparison(op, left, right)
        said = f"{saferepr(left, maxsize=40)} {op} {saferepr(right, maxsize=40)}"
        return said.replace("\n", "\\n").replace("%", "%%")

    def _card_in_any_case(self, item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException], *, when: str) -> Card:
        try:
            return self._card(item, excinfo, when=when)
        except Exception as error:
            name = getattr(item, "originalname", item.name)
            card = Card(name, promise_of(item), f"{item.name} in {item.path.name}")
            card.add("It says", [f"{NOT_SHOWN} ({type(error).__name__})."])
            return card

    def _card(self, item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException], *, when: str) -> Card:
        error, entry = excinfo.value, _own_entry(item, excinfo)
        line = (item.location[1] or 0) if when == "setup" else entry.lineno
        card = Card(
            getattr(item, "originalname", item.name), promise_of(item), f"{item.name} in {item.path.name}:{line + 1}"
        )
        if isinstance(error, AppDoesNotStart):
            card.cause = str(error)[:LONGEST_LINE]
            card.add("Not served", _wrapped(str(error)))
            card.add("App's env", [f"{name}={value}" for name, value in error.env.items()] if when == "call" else [])
            card.add("Then", ["correct that and save"])
            return card
        if when == "setup":
            card.cause = f"{entry.path}:{entry.lineno}:{type(error).__name__}"
            where = f"{Path(entry.path).name}:{entry.lineno + 1}"
            card.add("Before it", [f"{entry.name}() in {where} prepares this test and failed"])
        exchanges = item.stash.get(EXCHANGES, [])
        if exchanges and isinstance(error, httpx.ConnectError):
            card.cause = f"{exchanges[-1].app.url} is gone"
        for label, lines in _what_went_wrong(error, str(entry.statement), self._comparison, exchanges):
            card.add(label, lines)
        if exchanges:
            _add_exchanges(card, exchanges, item)
        card.add("To do", open_todos(item))
        folder = item.path.parent
        if is_there(folder / "hints.md"):
            step = folder.parent.parent if folder.parent.name == "tasks" else folder
            card.add("Hint", [f"uv run workbook hint {step.name}"])
        return card


def _own_entry(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException]) -> "TracebackEntry":
    """Return the innermost frame in the test's file or one beside it, otherwise the innermost of all."""
    own = [entry for entry in excinfo.traceback if Path(entry.path).is_relative_to(item.path.parent)]
    return (own or list(excinfo.traceback))[-1]


def _what_went_wrong(
    error: BaseException, statement: str, comparison: Comparison | None, exchanges: list[Exchange]
) -> list[Section]:
    if isinstance(error, httpx.TransportError):
        return [("Got", _wrapped(_no_response(error, exchanges)))]
    if isinstance(error, pytest.fail.Exception):
        return [("It says", _wrapped(str(error)))]
    if isinstance(error, AssertionError):
        sections = (
            error.sections() if isinstance(error, Different) else wrong_assertion(str(error), statement, comparison)
        )
        return [(label, _wrapped("\n".join(lines)) if label == "It says" else lines) for label, lines in sections]
    return [("Got", _wrapped(_said(error))[:12]), ("At", [condition(statement)])]


def _said(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}".strip()
    except Exception:  # its text is made of what came back
        return type(error).__name__


def _no_response(error: httpx.TransportError, exchanges: list[Exchange]) -> str:
    request = exchanges[-1].request if exchanges else None
    asked = f"{request.method} {request.url.path}" if request else "the request"
    if isinstance(error, httpx.TimeoutException):
        seconds = (request.extensions if request else {}).get("timeout", {}).get("read")
        return f"no response to {asked} within {seconds or 10:g} seconds"
    if isinstance(error, httpx.ConnectError):
        return f"no connection for {asked}: the app isn't running any more"
    return f"no whole response to {asked}: the connection was closed ({error})"


def _add_exchanges(card: Card, exchanges: list[Exchange], item: pytest.Item) -> None:
    last = exchanges[-1]
    path = last.request.url.raw_path.decode("ascii")
    card.asked = cut(f"{last.request.method} {path}: {status_lines([last.response])}")
    if len(exchanges) > 1:
        card.add("Responses", _wrapped(status_lines(exchange.response for exchange in exchanges)))
    if last.response is not None:
        card.add("Response" if len(exchanges) == 1 else "Last one", response_lines(last.response))
    if last.response is None or last.response.status_code >= 500:
        card.add("App's log", _wrapped(app_traceback(last)))
    mattering = requests_that_matter([*_prepared(item), *exchanges])
    if SUBMISSION in item.config.stash and last.app.app_directory.parent.name != "work":
        # handed in: it isn't a step of the course, and its files aren't kept
        card.add("App's env", _listed(last.app.env, getattr(item, "funcargs", {}).get("app_env", {})))
        card.add("Repeat it", ["in its folder: uv run fastapi run app/main.py", *curl_lines(mattering)])
        card.add("Files", made_files(mattering))
    else:
        mailbox = getattr(item, "funcargs", {}).get("mailbox")
        lines = repeat_lines(mattering, f"{item.path.stem}-{item.name}", mailbox)
        card.add("Repeat it", lines)
        card.add("Files", made_files(mattering) if not any(KEPT_IN in line for line in lines) else [])
    if left_out := len(exchanges) - sum(any(one is kept for kept in mattering) for one in exchanges):
        card.add("Left out", [f"{left_out} request{'' if left_out == 1 else 's'} in between"])


def _listed(env: dict[str, str], usual: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in env.items() if usual.get(name) != value]


def _prepared(item: pytest.Item) -> list[Exchange]:
    """Return what the fixtures that the test shares with others sent."""
    found = item.config.stash.get(PREPARED, {})
    names = getattr(item, "fixturenames", ())
    definitions = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    return [one for name in names for definition in definitions.get(name, ()) for one in found.get(id(definition), ())]


def _wrapped(text: str) -> list[str]:
    """Return prose as lines that fit beside a label; indented lines are code, and stay whole."""
    lines: list[str] = []
    for line in _bounded(text[:MOST_OF_SECTION].splitlines()):
        lines += [line] if line.startswith(" ") else wrap(line, WIDTH, break_long_words=False, break_on_hyphens=False)
    return lines


def _bounded(lines: Sequence[str]) -> list[str]:
    """Return as many of the lines as a section holds, each cut to its bound, and a “…” if there are more."""
    kept, left = [], MOST_OF_SECTION
    for line in lines[:MOST_LINES]:
        shown = cut(line, min(LONGEST_LINE, max(left, 1))) if len(line) > min(LONGEST_LINE, left) else line
        kept.append(shown)
        left -= len(shown)
        if left <= 0:
            break
    return kept if len(kept) == len(lines) else [*kept, "…"]


def _failed(item: pytest.Item, call: pytest.CallInfo[None], error: Exception) -> pytest.TestReport:
    """Return a report that the test failed, for one whose own report can't be made."""
    said = f"{NOT_SHOWN} ({type(error).__name__})."
    when = "call" if call.when == "collect" else call.when
    return pytest.TestReport(item.nodeid, item.location, {}, "failed", said, when, duration=call.duration)
