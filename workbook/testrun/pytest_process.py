"""The process that runs a step's tests: pytest in a fresh interpreter, or in a fork of a warm one.

Either way the run has a line to its owner, and ends when the owner is gone.
"""

import contextlib
import gc
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import pytest

    from workbook.serving.warm import ChildLine

# What a learner's check does not use is left out; every test runs with all of pytest in CI.
LEFT_OUT = ("cacheprovider", "doctest", "junitxml", "pastebin", "stepwise", "threadexception", "unraisableexception")
OPTIONS = (*(f"-pno:{name}" for name in LEFT_OUT), "-q", "--color=no", "-otmp_path_retention_policy=none")

RUN_MODULES = (
    "pytest",
    "_pytest._argcomplete",
    "_pytest.assertion.rewrite",
    "_pytest.cacheprovider",
    "_pytest.debugging",
    "_pytest.doctest",
    "_pytest.faulthandler",
    "_pytest.fixtures",
    "_pytest.helpconfig",
    "_pytest.junitxml",
    "_pytest.logging",
    "_pytest.monkeypatch",
    "_pytest.pastebin",
    "_pytest.python",
    "_pytest.recwarn",
    "_pytest.setuponly",
    "_pytest.setupplan",
    "_pytest.skipping",
    "_pytest.stepwise",
    "_pytest.subtests",
    "_pytest.terminal",
    "_pytest.threadexception",
    "_pytest.tmpdir",
    "_pytest.unittest",
    "_pytest.unraisableexception",
    "_pytest.warnings",
    "PIL.Image",
    "PIL.ImageChops",
    "PIL.MpoImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.WebPImagePlugin",
    "aiosmtpd.controller",
    "encodings.idna",
    "encodings.unicode_escape",
    "faulthandler",
    "httpx",
    "httpcore._backends.sync",
    "packaging.version",
    "pdb",
    "readline",
    "sqlite3",
    "tomllib",
    "workbook.testrun.pytest_process",
    "workbook.serving.fork",
    "workbook.plugin",
    "-",  # the first run does not wait for the following
    "workbook.course.model",  # a failure card names the course's files
    "playwright.sync_api",
)


def run_pytest(arguments: Sequence[str], *more_plugins: object) -> int:
    """Run pytest with our plugin only, and return its exit status."""
    import pytest

    import workbook.plugin

    # Ours, and no plugin that other packages bring along: finding those costs more than the tests.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    return int(pytest.main([*OPTIONS, *arguments], plugins=[workbook.plugin, *more_plugins]))


def reach_browser(env: dict[str, str]) -> None:
    """Do ahead what every run needs and no save changes: connect to the browser that's kept."""
    from workbook.plugin.browser import connect_ahead

    os.environ.update(env)
    connect_ahead()


def serve_run(line: "ChildLine") -> NoReturn:
    """Run what the owner asks for, in a fork of the warm process.

    The file descriptors that come with the request become standard output and error. A fork that is made ahead of its
    run gets a request to prepare first; if that has arguments, they're those of the run, which then only has to begin.
    """
    request, fds = line.receive()
    if is_ahead := "prepare" in request:
        reach_browser(request["prepare"])
    began, known = time.time_ns(), set(sys.modules)
    if is_ahead and not fds:
        request, fds = line.receive()
        is_ahead = False
    for target, fd in enumerate(fds, 1):
        os.dup2(fd, target)
        os.close(fd)
    sys.stdout = os.fdopen(1, "w", 1, encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", closefd=False)
    if not is_ahead:
        _end_with(line.lines, last_word=lambda: _tell_memory(line))
    gc.disable()  # a run of a second needs none, and collecting touches every page that it shares with the helper
    # Without it pytest compiles the test files in every run. It is kept aside, and only while the helper lives.
    sys.pycache_prefix, sys.dont_write_bytecode = request["bytecode"], False
    os.environ.update(request["env"])
    tempfile.tempdir = None  # the helper may have asked for it, and the run has its own
    os.chdir(request["cwd"])
    status = run_pytest(request["arguments"], *([Rehearsal(line, began, known)] if is_ahead else []))
    sys.stdout.flush()
    sys.stderr.flush()
    _tell_memory(line)
    os._exit(status)


class Rehearsal:
    """A plugin that collects the tests before the save, says which files it has read, and begins when it's told to."""

    def __init__(self, line: "ChildLine", began: int, known: set[str]) -> None:
        self._line, self._began, self._known = line, began, known

    def pytest_runtestloop(self, session: "pytest.Session") -> None:
        """Wait for the owner, who begins the run if it's the one that was rehearsed, and leaves otherwise."""
        loaded = [module for name, module in list(sys.modules.items()) if name not in self._known]
        files = {file for module in loaded if (file := getattr(module, "__file__", None))}
        files |= {str(item.path) for item in session.items} | {str(session.config.inipath)}
        read = {file: stamp_of(file) for file in files}
        self._line.answers.write(json.dumps({"began": self._began, "read": read}).encode() + b"\n")
        request, _ = self._line.receive()
        os.environ.update(request["env"])
        _end_with(self._line.lines, last_word=lambda: _tell_memory(self._line))


def stamp_of(file: str) -> list[int]:
    """Return what changes when a file is written; nothing if it's gone."""
    try:
        status = Path(file).stat()
    except OSError:
        return []
    return [status.st_mtime_ns, status.st_size, status.st_ino]


def _tell_memory(line: "ChildLine") -> None:
    """Send the owner how much memory this process had; who waits for it sees that of its largest app, too."""
    if sys.platform != "win32":
        import resource

        own = json.dumps({"own_memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}).encode()
        with contextlib.suppress(OSError):
            line.answers.write(own + b"\n")


def main() -> NoReturn:
    """Run pytest with the command line's arguments in a fresh interpreter, and exit when standard input closes."""
    _end_with(os.fdopen(os.dup(0), "rb", 0))
    sys.dont_write_bytecode = True
    sys.exit(run_pytest(sys.argv[1:]))


def _end_with(line: IO[bytes], last_word: Callable[[], None] = lambda: None) -> None:
    def wait() -> None:
        with contextlib.suppress(OSError):  # a connection may end by a reset
            line.read(1)
        last_word()
        os._exit(130)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    main()
