"""Run a step's tests and read their results: once in a fresh pytest, or again and again in a warm one."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from workbook.errors import UserError
from workbook.folders import make_folder, remove_folder
from workbook.serving.fork import start_app_helper
from workbook.serving.warm import WarmHelper

from .pytest_process import RUN_MODULES
from .result import Check, read_check

MERCY = 1.0  # seconds that a run gets to end when it's called off
MOST_OF_OUTPUT = 64 * 1024
LITTLE = 2**20  # bytes free on the disk: too few for what a run writes


class Runner(Protocol):
    """Runs tests; `env` is added to the environment of the runs that begin after it was set.

    `before` is called when a run begins: what it needs may take a while to be there.
    """

    env: dict[str, str]
    before: Callable[[], None]

    def start(self, root: Path, paths: Sequence[Path], options: Sequence[str] = ()) -> "Run": ...

    def close(self) -> None: ...


class Run(Protocol):
    """A run that's under way. Always call `result` once, because it also cleans up."""

    def cancel(self) -> None:
        """End it now, from any thread; its apps end with it, and `result` returns."""

    def so_far(self) -> Check:
        """Return what is known before its end; the outcome of what is still to come is `unknown`."""

    def result(self) -> Check:
        """Wait for its end and read its results."""


def run_tests(runner: Runner, root: Path, paths: Sequence[Path], options: Sequence[str] = ()) -> Check:
    """Run the tests in `paths` with the settings in `root`/pyproject.toml; `options` are more of pytest's."""
    run = runner.start(root, paths, options)
    try:
        return run.result()
    except BaseException:
        run.cancel()
        run.result()
        raise


class ColdRunner:
    """A fresh pytest for every run. Works on every platform."""

    def __init__(self, launcher: str = "auto") -> None:
        self._launcher = launcher
        self.env: dict[str, str] = {}
        self.before: Callable[[], None] = _nothing

    def start(self, root: Path, paths: Sequence[Path], options: Sequence[str] = ()) -> "_ColdRun":
        self.before()
        return _ColdRun(root, paths, ["--launcher", self._launcher, *options], self.env)

    def close(self) -> None:
        pass


def _nothing() -> None:
    """Do nothing."""


class RunFiles:
    """Where a run leaves its results and what it printed; all that it makes is below one folder, which goes with it."""

    def __init__(self) -> None:
        self._folder = make_folder("run")
        self.results = self._folder / "results.jsonl"
        self.output = self._folder / "output.txt"
        (self._folder / "tmp").mkdir()
        self.env = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self._folder / "tmp"))
        self.started = time.perf_counter()

    def arguments(self, root: Path, paths: Sequence[Path]) -> list[str]:
        if not paths:  # pytest would run everything
            raise UserError("No tests to run here.", "workbook start puts them back")
        # pytest walks from the root directory down to the files, and looks at everything on its way.
        nearest = os.path.commonpath([path.parent for path in paths])
        settings = ["-c", str(root / "pyproject.toml"), "--rootdir", nearest]
        return [*settings, "--workbook-results", str(self.results), *(str(path) for path in paths)]

    def read(self, status: int | None) -> Check:
        seconds = time.perf_counter() - self.started
        check = read_check(self.results, _end_of(self.output), seconds, status)
        if check.trouble and (free := shutil.disk_usage(self._folder).free) < LITTLE:
            check.trouble = f"The disk is full: {free:,} bytes are free in {self._folder.parent}. Make room there."
        self.close()
        return check

    def so_far(self) -> Check:
        return replace(read_check(self.results, "", time.perf_counter() - self.started), trouble="")

    def close(self) -> None:
        remove_folder(self._folder)


def _end_of(output: Path) -> str:
    """Return the last of what a run printed."""
    try:
        with output.open("rb") as file:
            file.seek(max(0, output.stat().st_size - MOST_OF_OUTPUT))
            return file.read(MOST_OF_OUTPUT).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


class _ColdRun:
    def __init__(self, root: Path, paths: Sequence[Path], options: Sequence[str], env: Mapping[str, str]) -> None:
        self._files = RunFiles()
        with self._files.output.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "workbook.testrun.pytest_process",
                    *self._files.arguments(root, paths),
                    *options,
                ],
                cwd=root,
                env=os.environ | dict(env) | self._files.env,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def cancel(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        killing = threading.Timer(MERCY, self._process.kill)
        killing.daemon = True
        killing.start()

    def so_far(self) -> Check:
        return self._files.so_far()

    def result(self) -> Check:
        status = self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()
        return self._files.read(status)


class WarmRunner:
    """Forks each run off a process that has pytest imported, and its apps off one that has FastAPI. Linux only.

    The fork for the next run is made when a run has ended, and reaches the kept browser while the learner reads.
    """

    def __init__(self, *, apps: bool = True) -> None:
        """Start the helpers; without `apps` none for apps, because the runs' options name another launcher."""
        self._apps = start_app_helper() if apps else None
        self._runs = WarmHelper(RUN_MODULES, "workbook.testrun.pytest_process:serve_run", MERCY)
        self._ahead: socket.socket | None = None
        self._taking = threading.Lock()
        self.env: dict[str, str] = {}
        self.before: Callable[[], None] = _nothing

    def start(self, root: Path, paths: Sequence[Path], options: Sequence[str] = ()) -> "WarmRun":
        self.before()
        if self._apps:
            self._apps.wait_until_ready()
        self._runs.wait_until_ready()
        return self._begin(root, paths, options)

    def _begin(self, root: Path, paths: Sequence[Path], options: Sequence[str]) -> "WarmRun":
        files = RunFiles()
        try:
            fork = self._asked(self._request(files, root, paths, options), files.output)
            return WarmRun(fork, files, self._ended)
        except BaseException:
            files.close()
            raise

    def _request(self, files: RunFiles, root: Path, paths: Sequence[Path], options: Sequence[str]) -> dict[str, object]:
        env = {"WORKBOOK_WARM_APPS": self._apps.address} if self._apps else {}
        launcher = ["--launcher", "fork"] if self._apps else []
        return {
            "cwd": str(root),
            "env": {**env, **self.env, **files.env},
            "arguments": [*files.arguments(root, paths), *launcher, *options],
            "bytecode": str(self._runs.folder / "bytecode"),
        }

    def _asked(self, request: Mapping[str, object], output: Path) -> socket.socket:
        """Return a fork that has been sent the request."""
        with self._taking:
            fork, self._ahead = self._ahead or self._fork(), None
        try:
            send(fork, request, output)
        except OSError:  # it was made ahead, and has died since
            fork.close()
            fork = self._fork()
            send(fork, request, output)
        return fork

    def _ended(self, found: Check) -> None:
        """Prepare the next run: one has ended."""
        self.prepare()

    def prepare(self) -> None:
        """Make the fork for the next run, unless there is one."""
        with self._taking, contextlib.suppress(OSError):
            if self._ahead is None:
                fork = self._fork()
                fork.sendall(json.dumps({"prepare": self.env}).encode() + b"\n")
                self._ahead = fork

    def _fork(self) -> socket.socket:
        if sys.platform == "win32":
            raise OSError("no process can be forked here")
        fork = socket.socket(socket.AF_UNIX)
        try:
            fork.connect(self._runs.address)
        except OSError:
            fork.close()
            raise
        return fork

    def close(self) -> None:
        if self._ahead:
            self._ahead.close()
        self._runs.close()
        if self._apps:
            self._apps.close()


def send(fork: socket.socket, request: Mapping[str, object], output: Path) -> None:
    """Send a request with the file that becomes its standard output and error."""
    with output.open("wb") as file:
        if sys.platform != "win32":
            socket.send_fds(fork, [json.dumps(request).encode() + b"\n"], [file.fileno(), file.fileno()])


class WarmRun:
    def __init__(self, fork: socket.socket, files: RunFiles, on_end: Callable[[Check], None]) -> None:
        self._fork, self._files, self._on_end = fork, files, on_end

    def cancel(self) -> None:
        with contextlib.suppress(OSError):
            self._fork.shutdown(socket.SHUT_WR)  # the helper kills it if it doesn't hear that

    def so_far(self) -> Check:
        return self._files.so_far()

    def result(self) -> Check:
        said = b""
        with contextlib.suppress(OSError):
            while part := self._fork.recv(4096):
                said = (said + part)[-4096:]
        self._fork.close()
        ended = _last_words(said)
        found = self._files.read(ended.get("ended"))
        found.memory = ended.get("own_memory", ended.get("memory", 0))
        self._on_end(found)
        return found


def _last_words(said: bytes) -> dict[str, int]:
    """Return what a fork and its helper say of its end; nothing if both have died."""
    words: dict[str, int] = {}
    with contextlib.suppress(ValueError):
        for line in said.splitlines():
            words |= json.loads(line)
    return words


def warm_runner(*, apps: bool = True) -> Runner:
    """Return the fastest runner for many runs that works here; without `apps`, the runs' options name a launcher."""
    return WarmRunner(apps=apps) if sys.platform == "linux" else ColdRunner()
