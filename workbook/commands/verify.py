"""`workbook verify`: the authors' proof that experiments, tasks and tours hold."""

import contextlib
import sys
import time

from workbook.checks import warm_runner
from workbook.checks.kept_browser import KeptBrowser
from workbook.plugin.browser import find_browser
from workbook.verify import verify_project, verify_stage

from .here import Here

VERIFIED = {"stage": verify_stage, "project": verify_project}


def verify(only: list[str]) -> None:
    here = Here()
    chosen = {here.course.step(name).name for name in only}
    wrong, count, started = 0, 0, time.monotonic()
    with contextlib.ExitStack() as stack:
        runner = stack.enter_context(contextlib.closing(warm_runner()))
        if browser := find_browser():
            runner.env["WORKBOOK_WARM_BROWSER"] = stack.enter_context(contextlib.closing(KeptBrowser(browser))).address
        for step in here.course.steps:
            if step.kind not in VERIFIED or (chosen and step.name not in chosen):
                continue
            folder = here.course.folder(here.step(step.name))
            for finding in VERIFIED[step.kind](here.course.root, folder, runner):
                count += 1
                wrong += not finding.holds
                here.terminal.outcome("kept" if finding.holds else "broken", finding.subject)
                if finding.wrong:
                    here.terminal.line(finding.wrong, "red", indent=7)
    here.terminal.line()
    here.terminal.line(f"{count - wrong} of {count} hold, in {time.monotonic() - started:.0f} s.")
    sys.exit(1 if wrong else 0)
