"""The site, built once for all processes of a test run: ahead of the tests that read it, or by the first of them."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from workbook.folders import turn_in
from workbook.playground import vendor
from workbook.playground.vendor import CannotFetch

from .pages import ROOT

SAID = "site.txt"


def build(root: Path, target: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Build the site of the course at `root`, strictly and with every link checked; -q would hide a failure."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(root / "mkdocs.yml"), "-d", str(target)]
    env = os.environ | {"NO_MKDOCS_2_WARNING": "1", "CHECK_LINKS": "true"}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300)


def build_once(folder: Path) -> tuple[Path, str]:
    """Build the site in `folder` if no process has, and return where it is and what went wrong."""
    target, said = folder / "site", folder / SAID
    with turn_in(folder / "site-turn"):
        if not said.exists():
            with contextlib.suppress(CannotFetch):  # then it is built without a playground, and its tests skip
                vendor.build()
            ended = build(ROOT, target, cwd=folder)  # from elsewhere: the course is found by mkdocs.yml alone
            said.write_text(f"{ended.returncode}\n{ended.stdout}{ended.stderr}", encoding="utf-8")
    status, _, text = said.read_text(encoding="utf-8").partition("\n")
    return target, "" if status == "0" else text


def build_ahead(folder: Path) -> subprocess.Popen[bytes]:
    """Begin to build the site in another process."""
    return subprocess.Popen([sys.executable, "-m", __name__, str(folder)], cwd=ROOT, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    build_once(Path(sys.argv[1]))
