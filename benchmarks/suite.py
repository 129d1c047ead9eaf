"""How long the README's test command takes, how much processor time, and which 25 tests are the most expensive.

It runs as a new user would: in a fresh clone of what is committed, with an empty home, and with the packages that uv
has already downloaded. The processor time includes every process that the tests leave to others to wait for. Run it
on a machine that does nothing else; without peers to compare with, quote both figures and the number of cores.

    uv run --all-groups python benchmarks/suite.py [--json] [--here] [-- PYTEST-OPTION …]
"""

import argparse
import contextlib
import ctypes
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).parent.parent
COMMAND = ("run", "--all-groups", "pytest")
MOST_EXPENSIVE = 25
WIDTH = 110  # columns; an id may hold a whole body
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
OURS = ("WORKBOOK_", "PYTEST_", "VIRTUAL_ENV", "UV_RUN")


@contextlib.contextmanager
def fresh_clone() -> Iterator[tuple[Path, dict[str, str]]]:
    """Yield a clone of what is committed, its packages installed, and an environment with an empty home."""
    with tempfile.TemporaryDirectory(prefix="suite-", ignore_cleanup_errors=True) as folder:
        clone, home = Path(folder, "workbook"), Path(folder, "home")
        home.mkdir()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        cache = subprocess.run([find_uv(), "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        env = kept | {"HOME": str(home), "UV_CACHE_DIR": cache}
        subprocess.run([find_uv(), "sync", "--quiet", "--all-groups"], cwd=clone, env=env, check=True)
        yield clone, env


def find_uv() -> str:
    """Return the path of uv."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        sys.exit("uv isn't installed. Next: pip install uv")
    return uv


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends first, so that its time is counted here."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def wait_for_orphans(seconds: float) -> None:
    """Wait for what was adopted to end, at most so long."""
    deadline = time.monotonic() + seconds
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < deadline:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.05)


def time_suite(clone: Path, env: dict[str, str], options: list[str]) -> dict[str, Any]:
    """Run the README's test command; return its figures."""
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        adopt_orphans()
        started = time.monotonic()
        ended = subprocess.Popen(
            [find_uv(), *COMMAND, "--junitxml", report.name, *options], cwd=clone, env=env, stdout=sys.stderr
        )
        status = ended.wait()
        seconds = time.monotonic() - started
        wait_for_orphans(10)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        if not Path(report.name).stat().st_size:
            sys.exit(f"pytest did not run the tests; it ended with {status}.")
        suite = ElementTree.parse(report.name).getroot().find("testsuite")
    assert suite is not None
    counted = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
    cases = [(float(case.get("time", 0)), f"{case.get('classname')}::{case.get('name')}") for case in suite]
    return {
        "seconds": seconds,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "cores": os.cpu_count(),
        "status": status,
        **counted,
        "most_expensive": [
            {"test": test, "seconds": taken} for taken, test in sorted(cases)[: -MOST_EXPENSIVE - 1 : -1]
        ],
    }


def main() -> None:
    """Read the arguments, run the suite, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("options", nargs="*", metavar="PYTEST-OPTION")
    parser.add_argument("--here", action="store_true", help="run in this checkout, with this home")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with contextlib.nullcontext((ROOT, dict(os.environ))) if options.here else fresh_clone() as (clone, env):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        found = time_suite(clone, env, options.options)
        found["cpu_seconds"] -= before.ru_utime + before.ru_stime
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        for one in found["most_expensive"]:
            print(f"{one['seconds']:8.1f}  {one['test'][:WIDTH]}")
        print(
            f"{found['seconds']:.0f} seconds, {found['cpu_seconds']:.0f} of processor time, on {found['cores']} cores: "
            f"{found['tests']} tests, {found['failures'] + found['errors']} failed, {found['skipped']} skipped"
        )
    sys.exit(found["status"])


if __name__ == "__main__":
    main()
