"""How submissions are kept apart from this machine and from each other."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import workbook.sandbox
from workbook.errors import UserError


@dataclass(frozen=True)
class Isolation:
    """`tier` is its name in reports; `env` and `options` are what a run of the tests is given to use it."""

    tier: str
    env: Mapping[str, str] = field(default_factory=dict)
    options: Sequence[str] = ()

    @property
    def needs_apps(self) -> bool:
        """Whether apps are forked off a helper of the runner's."""
        return "sandbox" not in self.options


@contextlib.contextmanager
def opened(root: Path, *, unsafe: bool, tier: str = "auto") -> Iterator[Isolation]:
    """The best that this machine has, `tier` of it; with `unsafe` none at all. Raises `UserError`."""
    if unsafe:
        yield Isolation("none", options=("--unsafe",))
        return
    with contextlib.ExitStack() as stack:
        try:
            sandbox = stack.enter_context(workbook.sandbox.opened(root, tier))
        except workbook.sandbox.NoSandbox as error:
            raise UserError(
                f"Grading runs other people's code, and {error.why}.",
                f"{error.then}; if you trust every submission, add --unsafe",
            ) from error
        yield Isolation(workbook.sandbox.TIERS[sandbox.tier], sandbox.env, ("--launcher", "sandbox"))
