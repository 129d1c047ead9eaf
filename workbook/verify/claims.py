"""Claims, and proving them side by side: what `workbook verify` and the authors' tests share."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from workbook.checks import Check, Runner


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


def red_of(found: Check) -> str:
    """What kept a run from being green; "" if nothing did."""
    if found.trouble:
        return found.trouble
    if not found.promises:
        return "no tests"
    return f"red: {', '.join(sorted(found.red))}" if found.broken else ""
