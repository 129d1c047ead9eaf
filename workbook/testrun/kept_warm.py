"""A runner for many runs, and what they share."""

import contextlib
from collections.abc import Iterator

from workbook.plugin.browser import find_browser

from .kept_browser import KeptBrowser
from .runner import Runner, warm_runner


@contextlib.contextmanager
def kept_warm(*, browser: bool = True) -> Iterator[Runner]:
    """Yield the fastest runner that works here; with `browser`, its runs share one if one is installed."""
    with contextlib.ExitStack() as stack:
        runner = stack.enter_context(contextlib.closing(warm_runner()))
        if browser and (path := find_browser()):
            kept = stack.enter_context(contextlib.closing(KeptBrowser(path)))
            runner.before = lambda: runner.env.update(WORKBOOK_WARM_BROWSER=kept.address)
        yield runner
