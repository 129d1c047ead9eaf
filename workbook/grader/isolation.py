"""How submissions are kept apart from this machine and from each other."""

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import workbook.sandbox
from workbook.errors import UserError

PATIENCE = 0.2  # seconds between two looks at whether a run was called off
OPENED_AGAIN = 2  # in one grading: if it ends more often than that, it isn't an accident
DIED = "the sandbox has ended while it was tested"


class SandboxDied(Exception):
    """What kept submissions apart has ended while one was tested; what the tests say of that one is worth nothing."""


class Turns:
    """Who runs tests: many side by side, or one alone, without a neighbour that could be to blame."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running = self._waiting = 0
        self.is_alone = False

    @contextlib.contextmanager
    def take(self, called_off: threading.Event, *, alone: bool) -> Iterator[float]:
        """Wait for a turn, and hold it; yields how many seconds that took. Gives up waiting if it's called off."""
        started = time.monotonic()
        with self._changed:
            self._waiting += alone
            while self._must_wait(alone) and not called_off.is_set():
                self._changed.wait(PATIENCE)
            self._waiting -= alone
            self._running += 1
            self.is_alone = alone
        try:
            yield time.monotonic() - started
        finally:
            with self._changed:
                self._running -= 1
                self.is_alone = False
                self._changed.notify_all()

    def _must_wait(self, alone: bool) -> bool:
        return self._running > 0 if alone else self.is_alone or self._waiting > 0


class Isolation(Protocol):
    """`tier` is its name in reports; `env` and `options` are what a run of the tests is given to use it."""

    @property
    def tier(self) -> str: ...

    @property
    def env(self) -> Mapping[str, str]: ...

    @property
    def options(self) -> Sequence[str]: ...

    @property
    def needs_apps(self) -> bool:
        """Whether apps are forked off a helper of the runner's."""

    @property
    def turns(self) -> Turns:
        """Whose turn it is to run tests."""

    def replace_if_dead(self, env: Mapping[str, str]) -> None:
        """Open another sandbox if that of a run with `env` is gone, and raise `SandboxDied`: that run doesn't count."""


class Unsafe:
    """None at all."""

    tier, needs_apps = "none", True
    env: Mapping[str, str] = {}
    options = ("--unsafe",)

    def __init__(self) -> None:
        self.turns = Turns()

    def replace_if_dead(self, env: Mapping[str, str]) -> None:
        pass


class InSandbox:
    """A sandbox, which all lanes share; another one in its place if it ends before its time."""

    needs_apps = False
    options = ("--launcher", "sandbox")

    def __init__(self, root: Path | None, tier: str) -> None:
        """Open a sandbox of the tier. Raises `NoSandbox`."""
        self._root, self._asked = root, tier
        self._stack = contextlib.ExitStack()
        self._changing, self.turns = threading.Lock(), Turns()
        self._left = OPENED_AGAIN
        self._open()

    def _open(self) -> None:
        self._sandbox = self._stack.enter_context(workbook.sandbox.open_sandbox(self._root, self._asked))

    @property
    def tier(self) -> str:
        return workbook.sandbox.TIERS[self._sandbox.tier]

    @property
    def env(self) -> Mapping[str, str]:
        return self._sandbox.env

    def replace_if_dead(self, env: Mapping[str, str]) -> None:
        with self._changing:
            if env == self.env and self._sandbox.is_alive:
                return
            if env == self.env and self._left:
                self._left -= 1
                self._stack.close()
                try:
                    self._open()
                except workbook.sandbox.NoSandbox as error:
                    raise SandboxDied(f"{DIED}, and no other can be opened: {error.why}") from error
        raise SandboxDied(DIED)

    def close(self) -> None:
        self._stack.close()


@contextlib.contextmanager
def open_isolation(root: Path | None, *, unsafe: bool, tier: str = "auto") -> Iterator[Isolation]:
    """Yield the best isolation that this machine has, or `tier` of it; with `unsafe`, none at all. Raises `UserError`.

    `root` is the course, which submissions must not see.
    """
    if unsafe:
        yield Unsafe()
        return
    try:
        isolation = InSandbox(root, tier)
    except workbook.sandbox.NoSandbox as error:
        raise UserError(
            f"Grading runs other people's code, and {error.why}.",
            f"{error.then}; if you trust every submission, add --unsafe",
        ) from error
    with contextlib.closing(isolation):
        yield isolation
