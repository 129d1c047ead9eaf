"""An event loop for one app that goes on while a test waits, because a page doesn't have threads or a second process.

Tests are ordinary functions. When one waits, for a reply or with `time.sleep`, the app's loop runs until there's
something to return. So neither side needs a thread, and a test that's written for a server runs as it is.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .interior import NoInterior

_sleep_in_place: Callable[[float], object] = time.sleep
_running: list["PageLoop"] = []  # the loops that are running now: the last one's app is at work
_all: list["PageLoop"] = []
_tell: Callable[[str], object] = lambda _: None  # noqa: E731  called with `alive` now and then while a test waits
_last_alive = 0.0
EVERY = 1.0  # seconds between two signs of life
LONGEST_NAP = 0.05
LAST_STEPS = 50


class _Waiting:
    """What a loop asks for events, where no file can have one: asking is a nap."""

    def __init__(self, loop: "PageLoop") -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        nap = self._loop.patience if timeout is None else min(timeout, self._loop.patience)
        if nap > 0:
            _nap(nap)
        return []

    def close(self) -> None: ...


def _nap(seconds: float) -> None:
    until = time.monotonic() + min(seconds, LONGEST_NAP)
    while time.monotonic() < until:
        pass


class PageLoop(asyncio.BaseEventLoop):
    """The loop of one app. Nothing runs by itself: `go_on` runs it for as long as a test waits."""

    def __init__(self, interior: NoInterior) -> None:
        super().__init__()
        self.interior = interior
        self.patience = 0.0
        self.listening: Callable[[], asyncio.Protocol] | None = None
        self._selector = _Waiting(self)
        _all.append(self)

    def go_on(self, until: Callable[[], object], seconds: float) -> bool:
        """Run until the condition holds, at most for so many seconds; return whether it does."""
        if self in _running:
            raise RuntimeError("an app that waits for itself can't be run in a page")
        deadline = time.monotonic() + seconds
        with self._at_work():
            while not until():
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                _say_alive()
                self.patience = left
                if not self._step():
                    return False
        return True

    def _step(self) -> bool:
        """Run once; return whether the app is still there: one that exits ends its process."""
        try:
            self._run_once()  # type: ignore[attr-defined]
        except (SystemExit, KeyboardInterrupt):
            self.end()
        return not self.is_closed()

    def catch_up(self) -> None:
        """Run what's ready, and what that makes ready, without waiting."""
        if not self._ready or self.is_closed() or self in _running:  # type: ignore[attr-defined]
            return
        with self._at_work():
            for _ in range(100):
                if not self._ready:  # type: ignore[attr-defined]
                    break
                self.patience = 0
                if not self._step():
                    break

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        before = _pause()
        asyncio._set_running_loop(self)
        self._thread_id: int | None = 1  # what `is_running` looks at
        _running.append(self)
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(firstiter=self._asyncgen_firstiter_hook, finalizer=self._asyncgen_finalizer_hook)  # type: ignore[attr-defined]
        self.interior.enter()
        try:
            yield
        finally:
            self.interior.leave()
            sys.set_asyncgen_hooks(*hooks)
            _running.pop()
            self._thread_id = None
            _resume(before)

    def end(self) -> None:
        """End the app: its tasks are cancelled, and get no time to wait for anything."""
        if self in _all:
            _all.remove(self)
        if self in _running:  # it has ended itself
            self.close()
            return
        self.set_exception_handler(lambda *_: None)
        with self._at_work():
            for task in asyncio.all_tasks(self):
                task.cancel()
            for _ in range(LAST_STEPS):
                self.patience = 0
                if not self._ready or not self._step():  # type: ignore[attr-defined]
                    break
            for task in asyncio.all_tasks(self):
                task._log_destroy_pending = False  # type: ignore[attr-defined]
        self.close()

    def run_in_executor(self, _: Any, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":  # type: ignore[override]
        """Do the work at once, in place: there's no thread to give it to."""
        done: asyncio.Future[Any] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done

    async def create_server(self, protocol_factory: Any, *_: Any, **__: Any) -> Any:
        """Let connections in: `sockets.py` asks `listening` for a protocol for each."""
        self.listening = protocol_factory
        return _Listening()

    def _process_events(self, event_list: Any) -> None: ...

    def _write_to_self(self) -> None: ...


Paused = tuple[asyncio.AbstractEventLoop | None, "asyncio.Task[Any] | None"]


def _pause() -> Paused:
    """Put the running loop and its task aside, because no other loop's task may begin within them."""
    loop = asyncio._get_running_loop()
    task = asyncio.current_task() if loop else None
    if loop and task:
        asyncio.tasks._leave_task(loop, task)
    asyncio._set_running_loop(None)
    return loop, task


def _resume(paused: Paused) -> None:
    loop, task = paused
    asyncio._set_running_loop(loop)
    if loop and task:
        asyncio.tasks._enter_task(loop, task)


@contextmanager
def no_loop_runs() -> Iterator[None]:
    """Let Python wait for the browser, whose answers come to its own loop: the running one would never hear them."""
    before = _pause()
    try:
        yield
    finally:
        _resume(before)


class _Listening:
    """What uvicorn keeps of a server."""

    sockets: tuple[()] = ()

    def close(self) -> None: ...

    async def wait_closed(self) -> None: ...


def sleep(seconds: float, /) -> None:
    """Sleep as a test's process does: the apps go on meanwhile. An app's own sleep holds up its loop."""
    if _running or not _all:
        _sleep_in_place(seconds)
        return
    until = time.monotonic() + seconds
    while True:
        for loop in list(_all):
            loop.go_on(lambda: False, min(0.001, max(0.0, until - time.monotonic())))
        if time.monotonic() >= until:
            return
        _say_alive()


def catch_up_all() -> None:
    """Let every app do what it can do without waiting, as it would have done meanwhile in its own process."""
    for loop in list(_all):
        loop.catch_up()


def is_an_app_running() -> bool:
    """Return whether it's an app's code that asks, and not a test's."""
    return bool(_running)


def _say_alive() -> None:
    global _last_alive
    if (now := time.monotonic()) - _last_alive > EVERY:
        _last_alive = now
        _tell("alive")


def say_starting() -> None:
    """Say that an app is imported now, which takes its time, and none of it can be seen meanwhile."""
    _tell("starting")


@contextmanager
def tests_may_wait(tell: Callable[[str], object], *, end: bool) -> Iterator[None]:
    """Let `time.sleep` be one in which apps go on; `tell` hears about once a second that a test still waits.

    With `end`, what was served ends with it.
    """
    global _tell, _sleep_in_place
    _sleep_in_place, _tell = time.sleep, tell
    time.sleep = sleep  # type: ignore[assignment]
    before = _pause()
    try:
        yield
    finally:
        for loop in list(_all) if end else ():
            loop.end()
        _resume(before)
        time.sleep = _sleep_in_place
