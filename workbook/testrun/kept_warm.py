"""A runner and a browser that outlive single runs, so that a save doesn't have to wait for them to start."""

import contextlib
import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from workbook.folders import temporary_folder
from workbook.plugin.browser import ARGUMENTS, find_browser

from .pytest_process import stamp_of
from .result import Check, Wanted
from .runner import RunFiles, Runner, WarmRun, WarmRunner, send, warm_runner

OF_A_CLOCK = 50_000_000  # nanoseconds that a file's time may be behind the clock


@contextlib.contextmanager
def kept_warm(*, browser: bool = True, rehearses: bool = False) -> Iterator[Runner]:
    """Yield the fastest runner that works here; with `browser`, its runs share one if one is installed.

    One that `rehearses` expects each run to be of the same tests as the last.
    """
    with contextlib.ExitStack() as stack:
        warm = RehearsingRunner() if rehearses and sys.platform == "linux" else warm_runner()
        runner: Runner = stack.enter_context(contextlib.closing(warm))
        if browser and (path := find_browser()):
            kept = stack.enter_context(contextlib.closing(KeptBrowser(path)))
            runner.before = lambda: runner.env.update(WORKBOOK_WARM_BROWSER=kept.address)
        yield runner


class RehearsingRunner(WarmRunner):
    """A warm runner for the same tests again and again: what doesn't depend on the app is done before the save.

    The fork for the next run has collected the tests already. And the run knows which apps the tests will ask for,
    so that it can start them while others are tried.
    """

    def __init__(self) -> None:
        super().__init__()
        self._rehearsed: _Rehearsed | None = None
        self._last: tuple[Path, Sequence[Path], Sequence[str]] | None = None
        self._served: list[list[Wanted]] = [[], []]  # of the last two runs: only what both asked for is started ahead

    def _begin(self, root: Path, paths: Sequence[Path], options: Sequence[str]) -> WarmRun:
        before, last = self._served
        ahead = json.dumps([wanted for wanted in last if wanted in before])
        self._last = root, list(paths), list(options)
        with self._taking:
            rehearsed, self._rehearsed = self._rehearsed, None
        if rehearsed:
            is_same = rehearsed.key == self._key(*self._last)
            if is_same and rehearsed.go({"WORKBOOK_APPS_AHEAD": ahead}):
                return WarmRun(rehearsed.fork, rehearsed.files, self._ended)
            rehearsed.close()
        self.env["WORKBOOK_APPS_AHEAD"] = ahead
        return super()._begin(root, paths, options)

    def _key(self, root: Path, paths: Sequence[Path], options: Sequence[str]) -> object:
        """Return all that the tests that will be collected depend on, but for what's in the files."""
        folders = {parent for path in paths for parent in path.parents if parent.is_relative_to(root)}
        env = {name: value for name, value in self.env.items() if name != "WORKBOOK_APPS_AHEAD"}
        return root, list(paths), list(options), env, {one for one in folders if (one / "conftest.py").exists()}

    def _ended(self, found: Check) -> None:
        if not found.trouble:
            self._served = [self._served[1], found.served]
        self.prepare()

    def prepare(self) -> None:
        """Let a fork rehearse the last run."""
        with self._taking, contextlib.suppress(OSError):
            if self._last and self._rehearsed is None:
                files = RunFiles()
                key, request = self._key(*self._last), self._request(files, *self._last)
                fork = self._fork()
                self._rehearsed = _Rehearsed(fork, files, key)
                send(fork, {"prepare": self.env, **request}, files.output)

    def close(self) -> None:
        with self._taking:
            self._last = None  # a run that ends from now on doesn't begin another rehearsal
            if self._rehearsed:
                self._rehearsed.close()
        super().close()


@dataclass
class _Rehearsed:
    """A fork that has collected the tests, or is about to."""

    fork: socket.socket
    files: RunFiles
    key: object

    def go(self, env: dict[str, str]) -> bool:
        """Begin the run; return False if it can't be, because a test file has changed or can't be collected."""
        said = b""
        try:
            while not said.endswith(b"\n"):
                if not (part := self.fork.recv(65536)):
                    return False
                said += part
            report = json.loads(said)
            if any(stamp_of(file) != stamp for file, stamp in report["read"].items()):
                return False
            if any(stamp[0] > report["began"] - OF_A_CLOCK for stamp in report["read"].values() if stamp):
                return False  # written while it was read
            self.files.started = time.perf_counter()
            self.fork.sendall(json.dumps({"env": env}).encode() + b"\n")
        except (OSError, ValueError, KeyError):
            return False
        return True

    def close(self) -> None:
        self.fork.close()
        self.files.close()


class KeptBrowser:
    """The owner's side: a headless browser at `address`, for playwright's `connect_over_cdp`; ends with its owner."""

    def __init__(self, path: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "workbook.testrun.kept_warm", path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )
        self._address: str | None = None
        self._asked = threading.Lock()

    @property
    def address(self) -> str:
        """Where it listens, once it does; "" if it didn't start. Threads may ask at once."""
        with self._asked:  # it says so in one line: a second reader would wait for another
            if self._address is None:
                assert self._process.stdout is not None
                self._address = self._process.stdout.readline().strip()
            return self._address

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait(10)


def main() -> NoReturn:
    """Start the browser, print its address, end it when standard input ends."""
    with temporary_folder("browser") as profile:
        command = [sys.argv[1], "--headless", "--remote-debugging-port=0", f"--user-data-dir={profile}", *ARGUMENTS]
        browser = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        threading.Thread(target=_tell_address, args=(browser,), daemon=True).start()
        sys.stdin.read()
        browser.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            browser.wait(5)
        browser.kill()
        browser.wait()
    sys.exit(0)


def _tell_address(browser: subprocess.Popen[str]) -> None:
    assert browser.stderr is not None
    for line in browser.stderr:  # read to the end: a full pipe would stop the browser
        if found := re.search(r"DevTools listening on (ws://\S+)", line):
            print(found[1], flush=True)
    print(flush=True)  # it ended; who still waits for the address hears that there's none


if __name__ == "__main__":
    main()
