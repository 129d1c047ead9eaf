"""A real browser, where one is installed, and pages on a separate origin."""

import contextlib
import functools
import http.server
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "microsoft-edge-stable",
)
CHANNELS = ("chrome", "msedge")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NOT_PROVEN = "not proven here: no Chromium, Chrome or Edge was found (workbook doctor says how to get one)"


def find_browser() -> str | None:
    """Return the path of an installed browser; `WORKBOOK_BROWSER` names one explicitly, and `none` hides all."""
    if named := os.environ.get("WORKBOOK_BROWSER"):
        return None if named == "none" else named
    return next((path for command in COMMANDS if (path := shutil.which(command))), None)


PAGES_AHEAD = 2  # no step needs more; each costs about 30 MiB

_ahead: "Browser | None" = None
_pages: "list[Page]" = []


def connect_ahead() -> None:
    """Connect this process to the browser named by `WORKBOOK_WARM_BROWSER`, and open empty pages for the tests."""
    global _ahead
    if kept := os.environ.get("WORKBOOK_WARM_BROWSER"):
        from playwright.sync_api import Error, sync_playwright

        with contextlib.suppress(Error):
            _ahead = sync_playwright().start().chromium.connect_over_cdp(kept)
            _pages.extend(_ahead.new_context().new_page() for _ in range(PAGES_AHEAD))


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Yield the installed browser, headless; skip the test if there's none."""
    if _ahead and _ahead.is_connected():
        yield _ahead
        return
    path = find_browser()
    if path is None and (sys.platform == "linux" or os.environ.get("WORKBOOK_BROWSER") == "none"):
        pytest.skip(NOT_PROVEN)
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        if kept := os.environ.get("WORKBOOK_WARM_BROWSER"):
            yield playwright.chromium.connect_over_cdp(kept)
            return
        options: dict[str, Any] = {"args": list(ARGUMENTS)}
        if path is not None:
            yield playwright.chromium.launch(executable_path=path, **options)
            return
        for channel in CHANNELS:  # macOS and Windows: playwright knows where they are
            with contextlib.suppress(Error):
                yield playwright.chromium.launch(channel=channel, **options)
                return
        pytest.skip(NOT_PROVEN)


@pytest.fixture(scope="session")
def new_page(browser: "Browser") -> Callable[[], "Page"]:
    """Return a function that opens an empty page with its own cookies and storage; it goes with the browser."""
    return lambda: _pages.pop() if _pages and browser is _ahead else browser.new_context().new_page()


@pytest.fixture
def page(browser: "Browser", new_page: Callable[[], "Page"]) -> Iterator["Page"]:
    """Yield an empty page with its own cookies and storage."""
    opened = new_page()
    yield opened
    if browser is not _ahead:  # a kept browser closes it when this process ends, and no one has to wait for that
        opened.context.close()


@pytest.fixture(scope="module")
def site() -> Iterator[Callable[[Path], str]]:
    """Serve a folder of pages on a separate port and return its origin: `site(folder)` is `http://127.0.0.1:…`."""
    with contextlib.ExitStack() as stack:
        yield lambda folder: stack.enter_context(serve_pages(folder))


@contextlib.contextmanager
def serve_pages(folder: Path, port: int = 0) -> Iterator[str]:
    """Serve the files below `folder` on 127.0.0.1; yields their origin."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()
