"""The site, built once for all processes of a test run."""

import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbook.playground import vendor
from workbook.playground.vendor import CannotFetch
from workbook.site.host import serve_site

from .pages import ROOT


def build(root: Path, target: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Build the site of the course at `root`, strictly and with every link checked; -q would hide that it failed."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(root / "mkdocs.yml"), "-d", str(target)]
    env = os.environ | {"NO_MKDOCS_2_WARNING": "1", "CHECK_LINKS": "true"}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    target, said = shared / "site", shared / "site.txt"
    with (shared / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            with contextlib.suppress(CannotFetch):  # then the site has no playground, and its tests skip
                vendor.build()
            ended = build(ROOT, target, cwd=shared)  # from elsewhere: the course is found by mkdocs.yml alone
            said.write_text(f"{ended.returncode}\n{ended.stdout}{ended.stderr}", encoding="utf-8")
    status, _, text = said.read_text(encoding="utf-8").partition("\n")
    if status != "0":
        pytest.fail(f"the site was not built:\n{text}", pytrace=False)
    return target


@pytest.fixture(scope="session")
def origin(built: Path) -> Iterator[str]:
    """The site, served: `http://127.0.0.1:…`."""
    with contextlib.ExitStack() as stack:
        yield stack.enter_context(serve_site(built))
