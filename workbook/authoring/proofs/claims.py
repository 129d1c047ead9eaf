"""Claims, and proving them side by side: what `workbook author verify` and the authors' tests share."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from workbook.errors import UserError
from workbook.testrun import Check, Runner


class NotProven(Exception):
    """A claim can't be proven on this machine, for example because a browser is missing; the text is the reason."""


@dataclass(frozen=True)
class Claim:
    """A statement to prove; `wrong` says how it fails, and is "" if it's true."""

    subject: str
    wrong: Callable[[Runner], str]

    def look_into(self, runner: Runner) -> "Finding":
        """Return a finding on the claim; an error on the way, say a missing file, means that it doesn't hold."""
        try:
            return Finding(self.subject, self.wrong(runner))
        except NotProven as reason:
            return Finding(self.subject, "", str(reason))
        except UserError as error:
            return Finding(self.subject, error.message)
        except Exception as error:
            return Finding(self.subject, f"{type(error).__name__}: {error}")


@dataclass(frozen=True)
class Finding:
    """A claim that was tried; `wrong` is empty if it's true; `not_proven` says why it can't be tried here."""

    subject: str
    wrong: str
    not_proven: str = ""

    @property
    def holds(self) -> bool:
        return not self.wrong and not self.not_proven


def prove(claims: Iterable[Claim], runner: Runner, *, lanes: int = 1) -> Iterator[Finding]:
    """Look into the claims, `lanes` at a time, and yield the findings in the order of the claims."""
    with ThreadPoolExecutor(lanes) as pool:
        under_way = [pool.submit(claim.look_into, runner) for claim in claims]
        try:
            for future in under_way:
                yield future.result()
        finally:
            for future in under_way:
                future.cancel()


def red_of(found: Check) -> str:
    """Return what kept a run from being green, or "" if it was green."""
    if found.trouble:
        return found.trouble
    if not found.promises:
        return "no tests"
    return f"red: {', '.join(sorted(found.red))}" if found.broken else ""
