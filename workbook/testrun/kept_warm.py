"""A runner and a browser that outlive single runs, so that a save doesn't have to wait for them to start."""

import contextlib
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import NoReturn

from workbook.folders import temporary_folder
from workbook.plugin.browser import ARGUMENTS, find_browser

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
