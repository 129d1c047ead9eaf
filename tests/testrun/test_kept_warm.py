"""Tests of the browser that outlives single runs."""

import contextlib
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workbook.testrun.kept_warm import KeptBrowser

LATE = """#!/bin/sh
sleep 0.2
echo "DevTools listening on ws://127.0.0.1:9/devtools" >&2
exec sleep 60
"""


def program(folder: Path, text: str) -> str:
    file = folder / "browser"
    file.write_text(text, encoding="utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return str(file)


def test_many_may_ask_for_the_address_at_once(tmp_path: Path) -> None:
    """Threads that ask before the browser listens all hear where it does, in the end."""
    with contextlib.closing(KeptBrowser(program(tmp_path, LATE))) as kept, ThreadPoolExecutor(4) as threads:
        heard = [threads.submit(getattr, kept, "address") for _ in range(4)]

        assert {one.result(timeout=20) for one in heard} == {"ws://127.0.0.1:9/devtools"}


@pytest.mark.parametrize("text", ["#!/bin/sh\nexit 1\n", "#!/bin/sh\necho no display >&2\n", ""])
def test_a_browser_that_does_not_start_has_no_address(tmp_path: Path, text: str) -> None:
    """One that ends at once, or isn't a program, doesn't have an address, and no one waits for it."""
    with contextlib.closing(KeptBrowser(program(tmp_path, text))) as kept, ThreadPoolExecutor(1) as thread:
        assert thread.submit(getattr, kept, "address").result(timeout=20) == ""
