"""The real `workbook` command in a separate course: run to its end, left running, or on a terminal."""

import atexit
import contextlib
import functools
import os
import queue
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import pyte
import pytest

from workbook.course.model import Course
from workbook.journal import Entry, Journal
from workbook.learner import workspace
from workbook.serving import warm

from .golden import transcript
from .nursery import Forked, ForkedHelper, Nursery, can_fork

PATIENCE = 90.0  # seconds: a deadline for a loaded machine, never waited for where all is well
COMMAND = [sys.executable, "-m", "workbook"]
TAKE_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
# What would make the command another one than the learner's; without bytecode it also starts twice as slowly.
NOT_PASSED_ON = (
    "PYTHONDONTWRITEBYTECODE",
    "WORKBOOK_",
    "PYTEST_",
    "NO_COLOR",
    "COLUMNS",
    "LINES",
    "TERM",
    "FORCE_COLOR",
    "PYTHONIOENCODING",
)


def wait_until(condition: Callable[[], Any], what: Callable[[], object], seconds: float = PATIENCE) -> Any:
    """Return what `condition` returns as soon as it's true; after `seconds`, fail with `what`."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain: {what()}"
        time.sleep(0.02)
    return found


def files_below(folder: Path) -> dict[str, bytes]:
    """Return every file below `folder` with its content, by its path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@dataclass(frozen=True)
class Ended:
    """A command that has ended: its exit status and its output."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


class Workbook:
    """The command in the course at `root`. Every process that it starts can be found, and ends with `close`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.mark = uuid.uuid4().hex
        self.temporary = Path(tempfile.mkdtemp(prefix="wbtest-"))  # short: sockets lie in it
        kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_PASSED_ON)}
        self.env = kept | {"WORKBOOK_TEST": self.mark, "TMPDIR": str(self.temporary), "WORKBOOK_BROWSER": "none"}
        self._open: list[Running | Screen] = []

    @property
    def work(self) -> Path:
        return self.root / "work"

    def put_into_work(self, name: str) -> Path:
        """Put a step into work/ as `workbook start` does, but without starting a process; return its copy."""
        course = Course(self.root)
        workspace.put_into_work(course, course.step(name))
        self.note("started", name)
        return course.copy(course.step(name))

    def note(self, kind: str, step: str, **data: object) -> None:
        """Record progress in the same way as the command."""
        Journal(self.work / "journal.sqlite").record(kind, step, **data)

    def notes(self, kind: str) -> list[Entry]:
        """Return what has been recorded of that kind."""
        return [entry for entry in Journal(self.work / "journal.sqlite").entries() if entry.kind == kind]

    def __call__(
        self,
        *words: str,
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
        before: Sequence[str] = (),
        **options: Any,
    ) -> Ended:
        """Run it to its end, without a terminal; `before` runs it, `options` are those of `subprocess.run`."""
        given = options.get("input") or ""
        if not (before or options.keys() - {"input", "stdin"} or len(given) > 4000) and can_fork(env or {}):
            return self._forked(words, cwd or self.root, self.env | (env or {}), given)
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        ended = subprocess.run(
            [*before, *COMMAND, *words],
            cwd=cwd or self.root,
            env=self.env | (env or {}),
            timeout=PATIENCE,
            check=False,
            encoding="utf-8",
            **options,
        )
        return Ended(ended.returncode, ended.stdout or "", ended.stderr or "")

    def refusals(self, *lines: str, status: int = 2) -> str:
        """Run commands that have to be refused: only standard error, exit `status`; return them as one screen."""
        runs = []
        for line in lines:
            ended = self(*shlex.split(line))
            assert (ended.status, ended.out) == (status, ""), line
            runs.append((f"$ workbook {line}".rstrip(), ended.err))
        return transcript(runs)

    def _forked(self, words: Sequence[str], cwd: Path, env: dict[str, str], given: str) -> Ended:
        """Run it to its end in a fork."""
        return forked(["workbook", *words], cwd, env, given)

    def start(self, *words: str, env: dict[str, str] | None = None) -> "Running":
        """Start it without a terminal and leave it running."""
        running = Running([*COMMAND, *words], self.root, self.env | (env or {}), fork=can_fork(env or {}))
        self._open.append(running)
        return running

    def screen(self, *words: str, columns: int = 80, lines: int = 50, env: dict[str, str] | None = None) -> "Screen":
        """Start it on a terminal of this size."""
        env = self.env | {"TERM": "xterm-256color"} | (env or {})
        self._open.append(screen := Screen([*COMMAND, *words], self.root, env, columns, lines))
        return screen

    def shell(self, columns: int = 80, lines: int = 50, before: Sequence[str] = ()) -> "Screen":
        """Start a shell on a terminal, in which the command can be stopped and go on again; `before` starts it."""
        env = self.env | {"TERM": "xterm-256color", "PS1": "$ "}
        shell = [*before, shutil.which("bash") or "bash", "--norc", "-i"]
        self._open.append(screen := Screen(shell, self.root, env, columns, lines))
        screen.wait_for("$")
        return screen

    def processes(self) -> list[int]:
        """Return every living process that the command has started, in whatever way."""
        marks = self.mark.encode(), os.fsencode(self.temporary)  # a browser's processes hide their environment
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                state = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
                known = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
                if state != "Z" and any(mark in known for mark in marks):
                    found.append(int(folder.name))
        return found

    def wait_until_gone(self, seconds: float = 20) -> None:
        """Wait until none of its processes is left."""
        wait_until(lambda: not self.processes(), lambda: f"still there: {self._named()}", seconds)

    def _named(self) -> list[str]:
        names = []
        for pid in self.processes():
            with contextlib.suppress(OSError):
                names.append(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()[:120])
        return names

    def close(self) -> None:
        """End what's running; a process that's still there afterwards was left behind."""
        for running in self._open:
            running.close()
        try:
            self.wait_until_gone()
        finally:
            for pid in self.processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            shutil.rmtree(self.temporary, ignore_errors=True)


class Running:
    """The command as a process without a terminal, whose output is read as it comes."""

    def __init__(self, command: Sequence[str], cwd: Path, env: dict[str, str], *, fork: bool = False) -> None:
        """Start it; with `fork`, which is for `COMMAND` with its words, as a fork of a warm process."""
        out, to_out = os.pipe()
        with Path(os.devnull).open("rb") as null:
            fds = null.fileno(), to_out, to_out
            self.process = started(command, cwd, env, fds, fork=fork)
        os.close(to_out)
        self._output = os.fdopen(out, encoding="utf-8", errors="replace")
        self._lines: queue.Queue[str] = queue.Queue()
        self._seen: list[str] = []
        self._reading = True
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with self._output as lines:
            while self._reading and (line := lines.readline()):
                self._lines.put(line)

    @property
    def text(self) -> str:
        """Everything it has written so far."""
        while not self._lines.empty():
            self._seen.append(self._lines.get())
        return "".join(self._seen)

    def wait_for(self, *words: str, after: int = 0) -> int:
        """Wait until it has written one of `words` after the place `after`; return the place behind it."""

        def found() -> int:
            places = [self.text.find(word, after) for word in words]
            return min((place for place in places if place >= 0), default=-1) + 1

        return int(wait_until(found, lambda: f"none of {words} in:\n{self.text[after:]}"))

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGINT) -> Ended:
        """Send a signal, wait for the end, and return everything it has written."""
        if self.process.poll() is None:
            self.send(number)
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return Ended(status, self.text, "")

    def stop_reading(self) -> None:
        """Close our end of its output at the next line that it writes."""
        self._reading = False

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(PATIENCE)


class Screen:
    """The command on a terminal, and what a person sees on it."""

    def __init__(self, command: Sequence[str], cwd: Path, env: dict[str, str], columns: int, lines: int) -> None:
        self._terminal, theirs = os.openpty()
        try:
            termios.tcsetwinsize(self._terminal, (lines, columns))
            self.mode_before = self.mode  # before the command may change it
            is_ours = list(command[: len(COMMAND)]) == COMMAND
            fork = is_ours and can_fork({name: value for name, value in env.items() if name != "TERM"})
            self._process = started(command, cwd, env, (theirs, theirs, theirs), fork=fork, terminal=True)
        finally:
            os.close(theirs)
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""  # all that was ever written

    @property
    def mode(self) -> list[Any]:
        """How the terminal is set, as `stty` shows it."""
        return termios.tcgetattr(self._terminal)

    @property
    def text(self) -> str:
        """What the screen shows now."""
        self._read()
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    @property
    def written(self) -> str:
        """Everything that was ever written, control sequences included."""
        self._read()
        return self.raw.decode("utf-8", "replace")

    @property
    def lines_written(self) -> list[str]:
        """Every line that was ever on the screen, without control sequences; one that was drawn again is another."""
        lines = re.split(r"\n|\r\x1b\[2?K|\x1b\[2J|\r(?=[^\n])", self.written)
        return [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\r", "", line) for line in lines]

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the terminal's other end is closed
            while select.select([self._terminal], [], [], 0)[0] and (data := os.read(self._terminal, 65536)):
                self.raw += data
                self._stream.feed(data)

    def wait_for(self, *words: str) -> str:
        """Wait until the screen shows all of `words`, on one line or wrapped, and return what it shows.

        Where a sentence with a path in it is wrapped depends on the machine.
        """

        def shown() -> str:
            text = self.text
            unwrapped = " ".join(text.split())
            return text if all(word in text or word in unwrapped for word in words) else ""

        return str(wait_until(shown, lambda: f"not all of {words} on the screen:\n{self.text}"))

    def press(self, keys: str) -> None:
        """Type `keys`."""
        os.write(self._terminal, keys.encode())

    def press_until(self, key: str, words: str) -> None:
        """Press a key again and again, as an impatient person does, until the screen shows `words`."""
        deadline = time.monotonic() + PATIENCE
        while words not in self.text:
            assert time.monotonic() < deadline, f"{key} in vain:\n{self.text}"
            self.press(key)
            with contextlib.suppress(AssertionError):
                wait_until(lambda: words in self.text, lambda: "", 2)

    def resize(self, columns: int, lines: int) -> None:
        self._screen.resize(lines, columns)
        termios.tcsetwinsize(self._terminal, (lines, columns))  # the kernel informs the command

    def wait_for_end(self) -> int:
        """Wait until the command has ended; return its exit status, or minus the signal that ended it."""

        def ended() -> bool:
            self._read()  # otherwise it may wait for us
            return self._process.poll() is not None

        wait_until(ended, lambda: f"it runs on:\n{self.text}")
        self._read()
        return int(self._process.wait())

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        self._process.send_signal(number)

    def hang_up(self) -> None:
        """Close the terminal, as if its window had been closed."""
        os.close(self._terminal)
        self._terminal = -1

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._terminal >= 0:
            self.hang_up()


@functools.cache
def nursery() -> Nursery:
    """Return this process's warm process, which ends together with it."""
    made = Nursery()
    atexit.register(made.close)
    return made


def started(
    command: Sequence[str],
    cwd: Path,
    env: dict[str, str],
    fds: tuple[int, int, int],
    *,
    fork: bool,
    terminal: bool = False,
) -> Forked | subprocess.Popen[bytes]:
    """Start a command in a separate session with these standard streams; `terminal` makes them its terminal."""
    if fork:
        return nursery().fork(command[len(COMMAND) - 1 :], cwd, env, fds, terminal=terminal)
    if terminal:
        command = [sys.executable, "-c", TAKE_TERMINAL, *command]
    return subprocess.Popen(
        command, cwd=cwd, env=env, stdin=fds[0], stdout=fds[1], stderr=fds[2], start_new_session=True
    )


def forked(words: Sequence[str], cwd: Path, env: dict[str, str], given: str = "", seconds: float = PATIENCE) -> Ended:
    """Run `python -m WORDS` to its end in a fork of a warm process."""
    stdin, keyboard = os.pipe()
    out, to_out = os.pipe()
    err, to_err = os.pipe()
    os.write(keyboard, given.encode())
    os.close(keyboard)
    process = nursery().fork(words, cwd, env, (stdin, to_out, to_err))
    for fd in (stdin, to_out, to_err):
        os.close(fd)
    try:
        written = read_all((out, err), seconds)
        return Ended(process.wait(seconds), *written)
    finally:
        process.kill()


@contextlib.contextmanager
def helpers_forked() -> Iterator[None]:
    """Let the warm helpers that this process starts be forks of a warmer one, which saves each of them its imports."""

    def popen(command: Sequence[str], *, stderr: IO[bytes], **_: Any) -> ForkedHelper:
        return ForkedHelper(nursery(), command[3:], stderr.fileno())

    if not can_fork({}):
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warm, "subprocess", SimpleNamespace(Popen=popen, PIPE=subprocess.PIPE))
        yield


def run_pytest(*words: str, cwd: Path, env: dict[str, str]) -> Ended:
    """Run pytest without any plugins but ours and xdist, because the others take four seconds to import."""
    command = ["pytest", "-q", "-p", "workbook.plugin", "-p", "xdist", "-p", "no:cacheprovider", "--color=no", *words]
    env = env | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    if can_fork({}):
        return forked(command, cwd, env, seconds=300)
    ended = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def read_all(pipes: Sequence[int], seconds: float) -> list[str]:
    """Read pipes to their ends, and close them."""
    deadline = time.monotonic() + seconds
    found = dict.fromkeys(pipes, b"")
    with contextlib.ExitStack() as stack:
        for pipe in pipes:
            stack.callback(os.close, pipe)
        open_ = set(pipes)
        while open_:
            ready = select.select(open_, [], [], max(0, deadline - time.monotonic()))[0]
            assert ready, f"its output had not ended after {seconds:g} s: {found}"
            for pipe in ready:
                data = os.read(pipe, 65536)
                found[pipe] += data
                if not data:
                    open_.remove(pipe)
    return [data.decode("utf-8").replace("\r\n", "\n") for data in found.values()]


@contextlib.contextmanager
def sole_use_of(port: int) -> Iterator[int]:
    """Hold a port that the command uses by default, for one test at a time, and only if it's free."""
    with socket.socket(socket.AF_UNIX) as lock:

        def locked() -> bool:
            with contextlib.suppress(OSError):
                lock.bind(f"\0workbook-tests-{port}")
                return True
            return False

        wait_until(locked, lambda: f"another test uses port {port}", 300)
        wait_until(lambda: is_free(port), lambda: f"something else listens on port {port}", 300)
        yield port


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def replace_in(file: Path, old: str, new: str) -> None:
    """Save `file` with `old`, which occurs once, replaced by `new`."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {file.name}"
    file.write_text(text.replace(old, new), encoding="utf-8")
