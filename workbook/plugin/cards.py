"""Failure cards: what a broken promise looks like to the person whose app broke it."""

import ast
import inspect
import pprint
from collections.abc import Generator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from textwrap import wrap
from typing import Any

import httpx
import pytest

from workbook.launch import AppFailed
from workbook.launch.frames import last_traceback

from .client import Exchange
from .curl import curl_lines, reply_lines

EXCHANGES = pytest.StashKey[list[Exchange]]()
CARD = pytest.StashKey["Card"]()
FIXTURES_OF_THE_COURSE = {"served", "client", "fresh_app"}
LABEL_WIDTH = 10


class AppDoesNotStart(Exception):
    """Raised by fixtures instead of `AppFailed`, so that pytest shows its text and no frames of ours."""

    def __init__(self, failure: AppFailed) -> None:
        super().__init__(failure.text)
        self.kind = failure.kind


@dataclass
class Card:
    """One broken promise. `sections` are labels with their lines; `cause` groups cards that have one cause."""

    test: str
    promise: str
    place: str
    sections: list[tuple[str, list[str]]] = field(default_factory=list)
    cause: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def as_text(self, width: int = 96) -> str:
        """Plain text, at most `width` columns wide where words allow; code is never wrapped."""
        lines = [*wrap(f"BROKEN  {self.promise}", width, subsequent_indent=" " * 8), f"        {self.place}"]
        for label, content in self.sections:
            first, *rest = content or [""]
            lines.append(f"{label:>{LABEL_WIDTH}}  {first}".rstrip())
            lines += [f"{'':{LABEL_WIDTH}}  {line}".rstrip() for line in rest]
        return "\n".join(lines)


def exchanges_of(node: pytest.Item) -> list[Exchange]:
    """The exchanges that the test has had with apps so far; clients append to it."""
    return node.stash.setdefault(EXCHANGES, [])


def promise_of(item: pytest.Item) -> str:
    """The sentence that the test proves: its docstring's first paragraph."""
    text = inspect.getdoc(item.obj) if isinstance(item, pytest.Function) else None
    return " ".join((text or item.name).split("\n\n")[0].split())


def is_of_the_course(item: pytest.Item) -> bool:
    return bool(FIXTURES_OF_THE_COURSE & set(getattr(item, "fixturenames", ())))


def register(config: pytest.Config) -> None:
    if not config.getoption("--tracebacks"):
        config.pluginmanager.register(_Cards(), "workbook-cards")


class _Cards:
    def __init__(self) -> None:
        self._comparison: tuple[str, Any, Any] | None = None
        self._causes: dict[str, Card] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        self._comparison = None

    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> None:
        self._comparison = op, left, right

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.failed and call.excinfo and is_of_the_course(item):
            card = self._card(item, call.excinfo, setup=report.when == "setup")
            item.stash[CARD] = card
            known = self._causes.get(card.cause) if card.cause else None
            if card.cause and known is None:
                self._causes[card.cause] = card
            report.longrepr = (
                card.as_text() if known is None else f"WAITS   {card.promise}\n        for the cause told above"
            )
        return report

    def _card(self, item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException], *, setup: bool) -> Card:
        error = excinfo.value
        name = getattr(item, "originalname", item.name)
        card = Card(name, promise_of(item), _place(item), cause=None)
        add = card.sections.append
        if isinstance(error, AppDoesNotStart):
            card.cause = str(error)
            add(("Not served", str(error).splitlines()))
            add(("Then", [f"correct {item.path.parent.name}/ and save"]))
            return card
        if setup:
            crash = excinfo.traceback[-1]
            card.cause = f"{crash.path}:{crash.lineno}:{type(error).__name__}"
            add(("Before it", [f"{crash.name}() prepares this test and failed"]))
        for section in _what_went_wrong(excinfo, self._comparison):
            add(section)
        exchanges = item.stash.get(EXCHANGES, [])
        if exchanges:
            last = exchanges[-1]
            if last.reply is not None:
                add(("Reply", reply_lines(last.reply)))
            trace = last_traceback(last.app.log, last.app.app_directory)
            if trace and (last.reply is None or last.reply.status_code >= 500):
                add(("App's log", trace.splitlines()))
            step = last.app.app_directory.name
            add(("Repeat it", [f"uv run workbook run {step}", *curl_lines(exchanges)]))
            add(("Hint", [f"uv run workbook hint {step}"]))
        return card


def _place(item: pytest.Item) -> str:
    path, line, _ = item.location
    return f"{getattr(item, 'originalname', item.name)} in {Path(path).name}, line {(line or 0) + 1}"


def _what_went_wrong(
    excinfo: pytest.ExceptionInfo[BaseException], comparison: tuple[str, Any, Any] | None
) -> list[tuple[str, list[str]]]:
    error = excinfo.value
    if isinstance(error, httpx.TimeoutException):
        return [("Got", ["no reply within 10 seconds"])]
    if isinstance(error, httpx.TransportError):
        return [("Got", [f"no whole reply; the connection was closed ({error})"])]
    if not isinstance(error, AssertionError):
        said = str(error).strip().splitlines()[:12] or [type(error).__name__]
        kind = [] if isinstance(error, pytest.fail.Exception) else [f"{type(error).__name__}:"]
        return [("Got", [*kind, *said])]
    sections: list[tuple[str, list[str]]] = []
    message, _, _ = ("\n" + str(error)).partition("\nassert ")
    if message.strip():
        sections.append(("It says", message.strip().splitlines()))
    if comparison is None:
        sections.append(("Expected", _statement(excinfo)))
        return sections
    op, left, right = comparison
    if op == "==":
        sections.append(("Expected", _shown(right)))
        sections.append(("Got", _shown(left)))
    else:
        sections.append(("Expected", _shown(left)))
        sections.append((op, _shown(right)))
    return sections


def _statement(excinfo: pytest.ExceptionInfo[BaseException]) -> list[str]:
    statement = str(excinfo.traceback[-1].statement).strip()
    try:
        node = ast.parse(statement).body[0]
    except SyntaxError:
        return statement.splitlines()[:6]
    return [ast.unparse(node.test if isinstance(node, ast.Assert) else node)]


def _shown(value: Any) -> list[str]:
    lines = pprint.pformat(value, width=84, sort_dicts=False, underscore_numbers=False).splitlines()
    return [line[:200] for line in lines[:20]] + (["…"] if len(lines) > 20 else [])
