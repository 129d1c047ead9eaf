"""A warm process that forks what would otherwise be a new interpreter: a command then costs what it does. Linux only.

A command that's forked has its own standard streams, environment, folder, session and exit status, as if it had been
started. It forks its own helpers in the same way. What only a real start shows is started for real: see `can_fork`.
"""

import atexit
import contextlib
import ctypes
import fcntl
import gc
import importlib
import json
import logging
import os
import runpy
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MARK = "WORKBOOK_TEST"  # the variable by which every process of a test is found
UNMARKED = "0" * 32
READ_AT_START = ("PYTHON", "LC_", "LANG", "TERMINAL_WIDTH", "FORCE_COLOR", "PY_COLORS")
# What the command starts with this interpreter again and again. Everything else, an app that is spawned too, is real.
FORKED = ("workbook.serving.warm", "workbook.testrun.pytest_process")
COMMAND_MODULES = (
    "workbook.__main__",
    "workbook.cli.app",
    "workbook.cli.break_",
    "workbook.cli.predicting",
    "workbook.cli.check",
    "workbook.cli.doctor",
    "workbook.cli.run",
    "workbook.cli.session",
    "workbook.cli.tour",
    "workbook.cli.verify",
    "workbook.testrun.kept_warm",
    "workbook.cli.keyboard",
    "workbook.learner.watch_loop",
    "workbook.cli.screens",
    "workbook.learner.file_watcher",
    "rich.live",
    "rich.markdown",
    "rich.progress",
    "rich.syntax",
    "rich.traceback",
)

_FORK_EXEC: Any = getattr(subprocess, "_fork_exec", None)


def can_fork(env: Mapping[str, str]) -> bool:
    """Return whether a command with these variables can be forked: none of them is read before the first import."""
    asked = (name for name in env if name.startswith(READ_AT_START))
    return sys.platform == "linux" and all(env[name] == os.environ.get(name) for name in asked)


class Forked:
    """A command in a fork, with what `subprocess.Popen` offers for one."""

    def __init__(self, nursery: "Nursery", request: dict[str, Any], fds: Sequence[int]) -> None:
        self.returncode: int | None = None
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(nursery.address)
        socket.send_fds(self._line, [json.dumps(request).encode() + b"\n"], list(fds))
        self._answers = self._line.makefile("rb")
        self.pid = int(json.loads(self._answers.readline())["pid"])

    def poll(self) -> int | None:
        """Return the exit status, minus the number of the signal that ended it, or None while it runs."""
        with contextlib.suppress(TimeoutError):
            self._wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit status."""
        try:
            return self._wait(timeout)
        except TimeoutError as error:
            raise subprocess.TimeoutExpired(f"the command {self.pid}", timeout or 0) from error

    def _wait(self, timeout: float | None) -> int:
        if self.returncode is None:
            if not _can_be_read(self._line, timeout):
                raise TimeoutError
            self.returncode = int(json.loads(self._answers.readline())["ended"])
            self._answers.close()
            self._line.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _can_be_read(line: socket.socket, timeout: float | None) -> bool:
    """Return whether there will be something to read within `timeout` seconds."""
    with selectors.DefaultSelector() as selector:
        selector.register(line, selectors.EVENT_READ)
        return bool(selector.select(timeout))


class Nursery:
    """The owner's side: it starts the warm process at the first command, and ends it with the tests."""

    def __init__(self) -> None:
        from workbook.serving.warm import place_for_sockets  # late: the warm process needs none of it

        self._folder = Path(tempfile.mkdtemp(prefix="wbnursery-", dir=place_for_sockets()))
        self.address = str(self._folder / "socket")
        left_out = ("WORKBOOK_", "PYTEST_", "PYTHONDONTWRITEBYTECODE", "NO_COLOR", "FORCE_COLOR")
        env = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__, self.address],
            env=env | {MARK: UNMARKED},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdout
        assert self._process.stdout.readline() == b"ready\n", "the nursery did not start"

    def fork(
        self, words: Sequence[str], cwd: Path, env: Mapping[str, str], fds: Sequence[int], *, terminal: bool = False
    ) -> Forked:
        """Run `python -m WORDS` in a fork; the three `fds` become its standard streams."""
        request = {"words": list(words), "cwd": str(cwd), "env": dict(env), "terminal": terminal}
        return Forked(self, request, fds)

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(30)
        shutil.rmtree(self._folder, ignore_errors=True)


class ForkedHelper(Forked):
    """A helper whose standard input and output are pipes of ours."""

    def __init__(self, nursery: Nursery, words: Sequence[str], log: int) -> None:
        given, to_stdin = os.pipe()
        from_stdout, said = os.pipe()
        try:
            request = {"words": list(words), "cwd": str(Path.cwd()), "env": dict(os.environ), "terminal": False}
            super().__init__(nursery, request, (given, said, log))
        finally:
            os.close(given)
            os.close(said)
        self.stdin, self.stdout = os.fdopen(to_stdin, "wb"), os.fdopen(from_stdout, "rb")


def main() -> None:
    """Import what commands import, and fork one for every connection. Only a fork returns from here, to end."""
    import workbook.serving.fork
    import workbook.testrun.pytest_process

    modules = (*COMMAND_MODULES, *workbook.testrun.pytest_process.RUN_MODULES, *workbook.serving.fork.APP_MODULES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in modules:
            if name != "-":
                importlib.import_module(name)
    gc.collect()
    gc.freeze()  # forks then copy fewer pages
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[1])
        listener.listen(64)
        os.write(1, b"ready\n")
        request = _answer(listener)
    _become(request)


def _answer(listener: socket.socket) -> dict[str, Any]:
    """Answer connections until the owner is gone. In a fork, return what the fork should become.

    The loop in `workbook/serving/warm.py` looks like this one, and they stay two. Its forks hold their connection as a
    line to their owner, are killed if they don't hear its end, and share idle time with imports. A fork of this one has
    to look started: no line, its own session, and none of our frames below it, so it returns from here. And commands
    that run on a separate loop can show that the tool's is broken.
    """
    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ)
    selector.register(listener, selectors.EVENT_READ)
    children: dict[int, tuple[int, socket.socket]] = {}
    while True:
        for key, _ in selector.select():
            if key.fd == 0:
                os._exit(0)
            elif key.fileobj is listener:
                connection, _ = listener.accept()
                request, fds = _receive(connection)
                pid = os.fork()
                if pid == 0:
                    selector.close()
                    os.setsid()
                    for number, fd in enumerate(fds):
                        os.dup2(fd, number)
                    return request
                for fd in fds:
                    os.close(fd)
                with contextlib.suppress(OSError):
                    connection.sendall(json.dumps({"pid": pid}).encode() + b"\n")
                pidfd = os.pidfd_open(pid)
                children[pidfd] = pid, connection
                selector.register(pidfd, selectors.EVENT_READ)
            else:
                selector.unregister(key.fd)
                pid, connection = children.pop(key.fd)
                os.close(key.fd)
                status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                with contextlib.suppress(OSError):
                    connection.sendall(json.dumps({"ended": status}).encode() + b"\n")
                connection.close()


def _receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    data, fds, _, _ = socket.recv_fds(connection, 65536, 3)
    while not data.endswith(b"\n"):
        data += connection.recv(65536)
    return json.loads(data), list(fds)


def _become(request: dict[str, Any]) -> None:
    """Become the command; called in a fork."""
    if request["terminal"]:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    _mark(request["env"].get(MARK, UNMARKED))
    subprocess._fork_exec = _fork_exec  # type: ignore[attr-defined]
    _run(request["words"], request["cwd"], request["env"], on_path=request["words"][0] not in FORKED)


def _run(words: Sequence[str], cwd: str | None, env: Mapping[str, str], *, on_path: bool = False) -> None:
    """Run the module `words[0]` as `python -m` does, in a process that already has its streams."""
    gc.freeze()  # what is garbage here may own a file: collected later, it would close another one of that number
    os.closerange(3, 4096)
    if cwd:
        os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGWINCH):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    sys.stdin = os.fdopen(0, "r", encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", 1 if os.isatty(1) else -1, encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]
    tempfile.tempdir = None  # TMPDIR is another one now
    sys.argv = list(words)
    if on_path:
        sys.path.insert(0, str(Path.cwd()))

    _forget(words[0])
    try:
        runpy._run_module_as_main(words[0])  # type: ignore[attr-defined]
        status: Any = 0
    except SystemExit as end:
        status = end.code or 0
        if not isinstance(status, int):
            raise  # with everything else, Python itself says what happened
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status & 0xFF)


def _forget(module: str) -> None:
    """Undo what the process that forked this one, which may run pytest, has set for itself.

    `module` is imported again, and so are plugins that pytest is to import itself.
    """
    again = {module, f"{module}.__main__"} - {"workbook", "pytest"}
    if module == "pytest":
        again |= {name for name in sys.modules if name.startswith("workbook.plugin")}
    for name in again:
        sys.modules.pop(name, None)
    atexit._clear()
    warnings.resetwarnings()
    for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
        warnings.simplefilter("ignore", kind)
    logging.root.handlers.clear()
    logging.root.setLevel(logging.WARNING)
    sys.meta_path[:] = [finder for finder in sys.meta_path if not type(finder).__module__.startswith("_pytest")]


def _mark(mark: str) -> None:
    """Write the mark to where the kernel reads this process's first environment, so that its forks are found too."""
    start = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[47])
    place = Path("/proc/self/environ").read_bytes().index(f"{MARK}={UNMARKED}".encode()) + len(MARK) + 1
    ctypes.memmove(start + place, mark.encode(), len(UNMARKED))


def _fork_exec(args: Sequence[bytes | str], *rest: Any) -> int:
    """Fork the modules of `FORKED` off this process, which has imported all that they need; start everything else."""
    words = [os.fsdecode(word) for word in args]
    if words[:3] != [sys.executable, "-P", "-m"] or words[3] not in FORKED:
        return int(_FORK_EXEC(args, *rest))
    _, _, _, cwd, env, stdin, _, _, stdout, _, stderr, _, _, _, new_session = rest[:15]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of forks beside threads
        pid = os.fork()
    if pid == 0:
        if new_session:
            os.setsid()
        for number, fd in enumerate((stdin, stdout, stderr)):
            if fd != -1:
                os.dup2(fd, number)
        pairs = os.environ.items() if env is None else (os.fsdecode(pair).split("=", 1) for pair in env)
        try:
            _run(words[3:], cwd and os.fsdecode(cwd), dict(pairs))
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
    return pid


if __name__ == "__main__":
    main()
