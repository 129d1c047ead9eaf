"""One run of tests in the page: files, which of them are tests, and a line of JSON for each promise."""

import contextlib
import io
import json
import os
import shutil
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workbook import plugin
from workbook.plugin.cards import CARD, promise_of

from . import fixtures
from .loop import tests_may_wait

WORK = Path("/home/reader/course")
OPTIONS = (
    "--import-mode=importlib",
    "--capture=no",
    "--strict-markers",
    "-pno:cacheprovider",
    "-pno:faulthandler",
    "-pno:terminal",
    "-pno:junitxml",
    "-pno:pastebin",
    "-pno:doctest",
    "-pno:stepwise",
    "-pno:warnings",
)
MOST_OF_TEXT = 20_000
Report = Callable[[dict[str, Any]], object]


class _Told:
    """Reports what becomes of each test."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._report({"event": "not-collected", "test": report.nodeid, "text": str(report.longrepr)[:MOST_OF_TEXT]})

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            self._report({"event": "collected", **_about(item), "promise": promise_of(item)})

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        fixtures.lacking.clear()
        self._report({"event": "begun", "test": nodeid})

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        report: pytest.TestReport = yield
        told = _about(item)
        if fixtures.lacking and (report.failed or report.when == "call"):  # no verdict: the app couldn't do its part
            reason = f"{fixtures.NOT_IN_A_PAGE}{', '.join(sorted(fixtures.lacking))}"
            self._report({"event": "skipped", **told, "reason": reason})
        elif report.failed:
            card = item.stash.get(CARD, None)
            text = report.longreprtext[:MOST_OF_TEXT]
            self._report({"event": "failed", **told, "card": card.as_dict() if card else None, "text": text})
        elif report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self._report({"event": "skipped", **told, "reason": str(reason).removeprefix("Skipped: ")})
        elif report.when == "call":
            self._report({"event": "passed", **told})
        return report


class _Elsewhere:
    """Skips what no page can prove, before anything of it is tried: `named` has the reasons, by a test's place."""

    def __init__(self, named: dict[str, str]) -> None:
        self._named = named

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            if why := self._named.get(item.nodeid.partition("[")[0]):
                item.add_marker(pytest.mark.skip(fixtures.NOT_IN_A_PAGE + why))


def _main(arguments: list[str], plugins: list[Any]) -> tuple[int, str]:
    """Run pytest; return its exit status, and what it printed."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        return int(pytest.main(arguments, plugins=plugins)), said.getvalue()


def _submission(job: dict[str, Any]) -> list[str]:
    """Return pytest's options for an exercise, whose tests are about a project elsewhere in the files."""
    return [f"--submission={WORK / job['submission']}", "--unsafe"] if "submission" in job else []


def _about(item: pytest.Item) -> dict[str, Any]:
    return {"test": item.nodeid, "name": getattr(item, "originalname", item.name)}


def run_tests(job: dict[str, Any], report: Report) -> int:
    """Write the job's `files` into an empty folder, run its `tests` there, and return pytest's exit status.

    Tests that `elsewhere` names, each with what it needs, are skipped.
    The events that go to `report`: collected, not-collected, begun, passed, failed, skipped, starting, alive.
    """
    shutil.rmtree(WORK, ignore_errors=True)
    for name, text in job["files"].items():
        path = WORK / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    before, filters = Path.cwd(), list(warnings.filters)
    modules, path_before = set(sys.modules), list(sys.path)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.chdir(WORK)
    try:
        with fixtures.missing_parts_are_named(), tests_may_wait(lambda event: report({"event": event}), end=True):
            arguments = [*OPTIONS, f"--rootdir={WORK}", "-c", str(WORK / "pytest.ini"), *_submission(job)]
            (WORK / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
            ours = [plugin, fixtures, _Elsewhere(job.get("elsewhere", {})), _Told(report)]
            status, said = _main([*arguments, *job["tests"]], ours)
            if status not in {0, 1}:  # pytest itself has given up, and only its words can say why
                report({"event": "not-collected", "test": "", "text": said[-MOST_OF_TEXT:]})
            return status
    finally:
        os.chdir(before)
        warnings.filters[:] = filters  # type: ignore[index]
        sys.path[:] = path_before
        for name in set(sys.modules) - modules:
            if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(WORK)):
                del sys.modules[name]


def run_tests_of(job_text: str, report: Callable[[str], object]) -> None:
    """Run a job that comes as JSON; each event goes to `report` as JSON too."""
    status = run_tests(json.loads(job_text), lambda event: report(json.dumps(event)))
    report(json.dumps({"event": "finished", "status": status}))
