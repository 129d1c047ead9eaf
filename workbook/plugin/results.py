"""Results as lines of JSON, for the command and the grader; and skips that fail a run."""

import json
import os
import time
from collections.abc import Generator
from pathlib import Path
from typing import IO, Any

import pytest

from .cards import CARD, promise_of

NAME = "workbook-results"
MOST_OF_TEXT = 20_000
LONG = 2.0  # seconds: a test that takes so long has waited for something in vain


def register_results(config: pytest.Config) -> None:
    if file := config.getoption("--workbook-results"):
        config.pluginmanager.register(_Results(Path(file)), NAME)
        if os.environ.get("WORKBOOK_APPS_AHEAD") and not config.getoption("--submission"):
            config.pluginmanager.register(_Slow(), "workbook-slow")
    if config.getoption("--no-skips"):
        config.pluginmanager.register(_NoSkips(), "workbook-no-skips")


def note_apps(config: pytest.Config, ended: list[dict[str, Any]]) -> None:
    """Report what apps in a sandbox have used, each with its exit status `ended`, `cpu` and `memory`."""
    if ended and (results := config.pluginmanager.get_plugin(NAME)):
        results.write(event="apps", ended=[app["ended"] for app in ended], cpu=sum(app["cpu"] for app in ended))


def note_served(config: pytest.Config, directory: Path, env: dict[str, str]) -> None:
    """Note that a test has asked for this app: the next run of these tests will, too."""
    if os.environ.get("WORKBOOK_APPS_AHEAD") and (results := config.pluginmanager.get_plugin(NAME)):
        results.write(event="served", app=str(directory), env=env)


class _Slow:
    """In a learner's loop, tries no more cases of a promise of which one has failed after a long wait."""

    def __init__(self) -> None:
        self._failed: set[str] = set()

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if _without_case(item.nodeid) in self._failed:
            pytest.skip("another case has failed, and you've waited for it")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and report.duration > LONG:
            self._failed.add(_without_case(report.nodeid))


def _without_case(test: str) -> str:
    return test.partition("[")[0]


class _Results:
    """Writes one line when a test is collected and one when it has ended: passed, failed or skipped."""

    def __init__(self, file: Path) -> None:
        self._out: IO[str] = file.open("a", encoding="utf-8", buffering=1)

    def write(self, **line: Any) -> None:
        self._out.write(json.dumps(line) + "\n")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.write(event="not-collected", test=report.nodeid, text=str(report.longrepr)[:MOST_OF_TEXT])

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            self.write(
                event="collected",
                test=item.nodeid,
                name=getattr(item, "originalname", item.name),
                file=str(item.path),
                line=(item.location[1] or 0) + 1,
                promise=promise_of(item),
                deeper=item.get_closest_marker("deeper") is not None,
                as_before=item.get_closest_marker("as_before") is not None,
            )

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.failed:
            card = item.stash.get(CARD, None)
            self.write(
                event="failed",
                test=item.nodeid,
                card=card.as_dict() if card else None,
                text=report.longreprtext[:MOST_OF_TEXT],
            )
        elif report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self.write(event="skipped", test=item.nodeid, reason=str(reason)[:MOST_OF_TEXT].removeprefix("Skipped: "))
        elif report.when == "call":
            self.write(event="passed", test=item.nodeid, seconds=round(call.duration, 4))
        return report

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self.write(event="finished", status=int(exitstatus), cpu=round(time.process_time(), 3))
        self._out.close()


class _NoSkips:
    def __init__(self) -> None:
        self._skipped = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._skipped += report.skipped and not hasattr(report, "wasxfail")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._skipped:
            terminalreporter.write_line(f"{self._skipped} skipped, and --no-skips was given", red=True)
