"""Claims, and proving them side by side: what `workbook verify` and the authors' tests share."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from .checks import Runner, warm_runner
from .checks.kept_browser import KeptBrowser
from .plugin.browser import find_browser


@dataclass(frozen=True)
class Claim:
    """Something that is to be proven; `wrong` says how it does not hold, "" if it does."""

    subject: str
    wrong: Callable[[Runner], str]


@dataclass(frozen=True)
class Finding:
    """A claim that was looked into; `wrong` is empty if it holds."""

    subject: str
    wrong: str

    @property
    def holds(self) -> bool:
        return not self.wrong


@contextlib.contextmanager
def runner_for_many() -> Iterator[Runner]:
    """The fastest runner that works here; its runs share one browser, where there is one."""
    with contextlib.ExitStack() as stack:
        runner = stack.enter_context(contextlib.closing(warm_runner()))
        if browser := find_browser():
            runner.env["WORKBOOK_WARM_BROWSER"] = stack.enter_context(contextlib.closing(KeptBrowser(browser))).address
        yield runner


def prove(claims: Iterable[Claim], runner: Runner, *, lanes: int = 1) -> Iterator[Finding]:
    """Look into the claims, `lanes` at a time, and yield what was found as it is found."""
    with ThreadPoolExecutor(lanes) as pool:
        under_way: dict[Future[str], Claim] = {pool.submit(claim.wrong, runner): claim for claim in claims}
        try:
            for future in as_completed(under_way):
                yield Finding(under_way[future].subject, future.result())
        finally:
            for future in under_way:
                future.cancel()


def wrong_ones(findings: Sequence[Finding]) -> list[str]:
    """What does not hold, as lines."""
    return [f"{finding.subject}: {finding.wrong}" for finding in findings if not finding.holds]
